package terms

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/rlsguard/rlsguard/checks/terms/data"
	"github.com/rlsguard/rlsguard/checks/terms/site"
)

// Terms are the tables with a site's additions and removals. The zero value is the embedded tables.
// It is safe for concurrent use.
type Terms struct {
	region     string
	withoutATC bool
	site       []*site.Table

	fingerprint struct {
		once  sync.Once
		value string
	}
}

var embedded Terms

// Embedded are the project's own tables, loaded on first use.
func Embedded() *Terms { return &embedded }

// New returns the tables with the site's options. It fails if a site row names an ingredient that
// is not in the tables.
func New(o Options) (*Terms, error) {
	own := slices.Clone(o.SiteTables)
	if len(o.Site) > 0 {
		table, err := site.Of(o.Site)
		if err != nil {
			return nil, fmt.Errorf("terms: %w", err)
		}
		own = append(own, table)
	}
	return &Terms{region: o.Region, withoutATC: o.WithoutATC, site: own}, nil
}

// Region is the country the site has set, "" if none.
func (t *Terms) Region() string { return t.region }

// Site is a hash of the site's additions and removals.
func (t *Terms) Site() string {
	h := sha256.New()
	fmt.Fprintf(h, "%t\n", t.withoutATC)
	for _, table := range t.site {
		h.Write(table.Sum[:])
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// Fingerprint is a hash of all tables and options: the same fingerprint means the same answers.
func (t *Terms) Fingerprint() string {
	t.fingerprint.once.Do(func() {
		h := sha256.New()
		for _, table := range [...]string{
			data.Ingredients, data.ATC, data.Products, data.RxNorm, data.Names, data.Brands, data.Lookalikes, data.Labs,
			data.Conditions, data.Routes, data.Forms,
			data.Placeholders, data.Indications, data.DMDMeanings, data.Packed(data.NDC).Sum(),
			data.Packed(data.DMD).Sum(), data.Packed(data.RxNormRelease).Sum(),
		} {
			fmt.Fprintf(h, "%d\n", len(table))
			io.WriteString(h, table)
		}
		fmt.Fprintf(h, "%q %t\n", t.region, t.withoutATC)
		for _, table := range t.site {
			h.Write(table.Sum[:])
		}
		t.fingerprint.value = hex.EncodeToString(h.Sum(nil)[:16])
	})
	return t.fingerprint.value
}
