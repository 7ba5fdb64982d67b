package terms

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"sync"
)

// Terms are the tables, with what a site adds to them and takes from them. The zero value is the embedded tables alone. It is
// safe for concurrent use.
type Terms struct {
	region     string
	withoutATC bool
	site       map[codeKey][]*Ingredient
	siteRows   []SiteRow // sorted: the order of a file changes no answer

	fingerprint struct {
		once  sync.Once
		value string
	}
}

var embedded Terms

// Embedded are the project's own tables, loaded when they are first asked for.
func Embedded() *Terms { return &embedded }

// New gives the tables with the site's options. It fails when a site row names an ingredient that the tables do not hold.
func New(o Options) (*Terms, error) {
	site, err := siteCodes(o.Site)
	if err != nil {
		return nil, fmt.Errorf("terms: %w", err)
	}
	rows := slices.SortedFunc(slices.Values(o.Site), func(a, b SiteRow) int {
		return cmp.Or(cmp.Compare(a.System, b.System), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Ingredient, b.Ingredient))
	})
	return &Terms{region: o.Region, withoutATC: o.WithoutATC, site: site, siteRows: rows}, nil
}

// Fingerprint is a hash over all tables and options: the same fingerprint means the same answers.
func (t *Terms) Fingerprint() string {
	t.fingerprint.once.Do(func() {
		h := sha256.New()
		for _, table := range [...]string{
			ingredientsTSV, atcTSV, productsTSV, namesTSV, lookalikesTSV, labsTSV, conditionsTSV, routesTSV, formsTSV, placeholdersTSV,
		} {
			fmt.Fprintf(h, "%d\n", len(table))
			io.WriteString(h, table)
		}
		fmt.Fprintf(h, "%q %t\n", t.region, t.withoutATC)
		for _, row := range t.siteRows {
			fmt.Fprintf(h, "%q %q %q\n", row.System, row.Code, row.Ingredient)
		}
		t.fingerprint.value = hex.EncodeToString(h.Sum(nil)[:16])
	})
	return t.fingerprint.value
}
