package terms

// Options say what a site adds to the embedded tables and takes from them.
type Options struct {
	// Region (ISO 3166 code as in names.tsv: US, UK, DE, FR, ...) makes a brand that means another drug elsewhere certain.
	Region string
	// WithoutATC drops the ATC codes, whose terms of use not every site can accept.
	WithoutATC bool
	// Site are the site's own codes (NDC, PZN, dm+d, AMT, SNOMED CT, local).
	Site []SiteRow
}

// SiteRow says which ingredient a site's code holds; a combination has one row for each ingredient.
type SiteRow struct{ System, Code, Ingredient string }
