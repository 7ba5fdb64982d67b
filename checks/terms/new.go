package terms

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"sync"
)

// Terms are the tables, with what a site adds to them and takes from them. The zero value is the
// embedded tables alone. It is safe for concurrent use.
type Terms struct {
	region     string
	withoutATC bool
	site       []*SiteTable

	fingerprint struct {
		once  sync.Once
		value string
	}
}

var embedded Terms

// Embedded are the project's own tables, loaded when they are first asked for.
func Embedded() *Terms { return &embedded }

// New gives the tables with the site's options. It fails when a site row names an ingredient that
// the tables do not hold.
func New(o Options) (*Terms, error) {
	site := slices.Clone(o.SiteTables)
	if len(o.Site) > 0 {
		table, err := siteTableOf(o.Site)
		if err != nil {
			return nil, fmt.Errorf("terms: %w", err)
		}
		site = append(site, table)
	}
	return &Terms{region: o.Region, withoutATC: o.WithoutATC, site: site}, nil
}

// Region is the country that the site has set, "" when none.
func (t *Terms) Region() string { return t.region }

// siteTableOf makes a table of rows that come from no file.
func siteTableOf(rows []SiteRow) (*SiteTable, error) {
	var text bytes.Buffer
	for i, row := range rows {
		if err := row.check(); err != nil {
			return nil, fmt.Errorf("site row %d (code %s): %w", i+1, row.Code, err)
		}
		text.WriteString(row.String() + "\n")
	}
	return newSiteTable("", text.Bytes())
}

// Fingerprint is a hash over all tables and options: the same fingerprint means the same answers.
func (t *Terms) Fingerprint() string {
	t.fingerprint.once.Do(func() {
		h := sha256.New()
		for _, table := range [...]string{
			ingredientsTSV, atcTSV, productsTSV, rxnormTSV, namesTSV, brandsTSV, lookalikesTSV, labsTSV, conditionsTSV, routesTSV, formsTSV,
			placeholdersTSV, indicationsTSV, dmdMeanings, packed(ndcBin).sum(), packed(dmdBin).sum(), packed(releaseBin).sum(),
		} {
			fmt.Fprintf(h, "%d\n", len(table))
			io.WriteString(h, table)
		}
		fmt.Fprintf(h, "%q %t\n", t.region, t.withoutATC)
		for _, table := range t.site {
			h.Write(table.sum[:])
		}
		t.fingerprint.value = hex.EncodeToString(h.Sum(nil)[:16])
	})
	return t.fingerprint.value
}
