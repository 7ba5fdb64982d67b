package terms

import (
	"github.com/rlsguard/rlsguard/checks/terms/site"
)

// Options are a site's additions to the embedded tables and removals from them.
type Options struct {
	// Region (ISO 3166 code as in names.tsv: US, UK, DE, FR, ...) makes a brand certain that means
	// another drug elsewhere.
	Region string
	// WithoutATC drops the ATC codes, whose terms of use not every site can accept.
	WithoutATC bool
	// Site holds the site's own codes (NDC, PZN, dm+d, AMT, SNOMED CT, local); they come after
	// SiteTables.
	Site []site.Row
	// SiteTables are such codes in files. The first table that has a code decides.
	SiteTables []*site.Table
}
