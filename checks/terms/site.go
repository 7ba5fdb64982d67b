package terms

import (
	"github.com/rlsguard/rlsguard/checks/terms/site"
)

// Options say what a site adds to the embedded tables and takes from them.
type Options struct {
	// Region (ISO 3166 code as in names.tsv: US, UK, DE, FR, ...) makes a brand that means another
	// drug elsewhere certain.
	Region string
	// WithoutATC drops the ATC codes, whose terms of use not every site can accept.
	WithoutATC bool
	// Site are the site's own codes (NDC, PZN, dm+d, AMT, SNOMED CT, local); they come after
	// SiteTables.
	Site []site.Row
	// SiteTables are such codes in files. A code that several tables hold is taken from the first
	// of them.
	SiteTables []*site.Table
}
