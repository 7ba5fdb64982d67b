package checks

import (
	"maps"
	"slices"

	"github.com/rlsguard/rlsguard/checks/decimal"
)

// dopamineSettings are the limits beyond which the augmentation check raises more than a low flag.
type dopamineSettings struct {
	// NewDays: treatment counts as new for this many days after its first order (convention).
	NewDays int `yaml:"new_days"`
	// Maxima by ingredient are the highest doses for RLS, in mg a day. A site's entry replaces the
	// whole row.
	Maxima map[string]doseMaximum `yaml:"maxima"`
	// PramipexoleBase is the maximum of pramipexole in mg a day for products that state the base,
	// not the salt.
	PramipexoleBase decimal.Decimal `yaml:"pramipexole_base"`
}

// doseMaximum is the highest total a day, in mg, and its source.
type doseMaximum struct {
	Most   decimal.Decimal `yaml:"mg_a_day"`
	Source string          `yaml:"source"`
}

func defaultDopamineSettings() dopamineSettings {
	row := func(most, source string) doseMaximum { return doseMaximum{Most: decimal.Of(most), Source: source} }
	return dopamineSettings{
		NewDays: 90,
		Maxima: map[string]doseMaximum{
			"ropinirole":  row("4", "label for RLS (US, EU), secondary copy"),
			"pramipexole": row("0.75", "label for RLS (EU; the US label says 0.5), as the salt, secondary copy"),
			"rotigotine":  row("3", "label for RLS (US, EU), released in 24 h, secondary copy"),
			"levodopa":    row("200", "expert advice on augmentation, from training"),
		},
		PramipexoleBase: decimal.Of("0.54"),
	}
}

// Validate reports invalid settings by key.
func (s *dopamineSettings) Validate() error {
	errs := settingErrors{prefix: "dopamine."}
	errs.count("new_days", s.NewDays, 3650)
	errs.decimal("pramipexole_base", s.PramipexoleBase, "100")
	for _, name := range slices.Sorted(maps.Keys(s.Maxima)) {
		m := s.Maxima[name]
		errs.decimal("maxima."+name, m.Most, "10000")
		errs.check(m.Source != "", "maxima.%s has no source", name)
	}
	return errs.join()
}
