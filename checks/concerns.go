package checks

import (
	"slices"

	"github.com/rlsguard/rlsguard/checks/terms/drugs"
)

// Concerns lists all drug classes a check reads: its own, their partners, and those that change
// what it says. None means every class.
func (c Check) Concerns() []drugs.Class {
	switch {
	case c.ID == checkAntagonist:
		return slices.Concat(c.Classes, antagonistClasses)
	case c.ID == checkPair:
		classes := slices.Clone(c.Classes)
		for class := range depressants {
			classes = append(classes, class)
		}
		slices.Sort(classes)
		return classes
	case c.ID == checkIronLow || c.ID == checkIronMissing || c.ID == checkIronStale || c.ID == checkIronUnusable ||
		c.ID == checkIronUnchecked || slices.Equal(c.Classes, agonistClasses):
		return slices.Concat([]drugs.Class{drugs.Alpha2Delta, drugs.IronOral, drugs.IronIV}, agonistClasses)
	}
	return c.Classes
}
