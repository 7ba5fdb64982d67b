package data

// Tables in which a name or a code may be found, as named in Match.Table.
const (
	IngredientsFile = "ingredients.tsv"
	ProductsFile    = "products.tsv"
	NamesFile       = "names.tsv"
	ATCFile         = "atc.tsv"
	RxNormFile      = "rxnorm.tsv"
	NDCFile         = "ndc.tsv"
	DMDFile         = "dmd.tsv"
	SiteFile        = "site"
)
