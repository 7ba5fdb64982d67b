package terms

// DrugTables are the tables that Match.Table names, except a site's.
func (t *Terms) DrugTables() []string {
	return []string{"ingredients.tsv", "products.tsv", "rxnorm.tsv", "ndc.tsv", "dmd.tsv", "atc.tsv", "names.tsv"}
}
