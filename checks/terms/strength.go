package terms

import (
	"strings"

	"github.com/rlsguard/rlsguard/checks/terms/drugs"
	"github.com/rlsguard/rlsguard/checks/terms/phrase"
	"github.com/rlsguard/rlsguard/checks/terms/strength"
)

// addStrengths fills in the strengths in a product name if it states one for each ingredient:
// "pregabalin 150 MG Oral Capsule", "gabapentin 50 MG/ML Oral Solution". Packs contain several
// products and state none.
func (p product) addStrengths(found []Found) {
	if len(found) == 0 || p.kind == "GPCK" || p.kind == "BPCK" || strings.HasPrefix(p.name, "{") {
		return
	}
	name := p.name
	if i := strings.LastIndex(name, " ["); i > 0 {
		name = name[:i]
	}
	if !strings.Contains(name, " / ") {
		if len(found) == 1 {
			found[0].Strength, found[0].PerML = strength.Component(name)
			if released := strength.Release(name); found[0].Strength == "" && released != "" {
				found[0].Released, found[0].Hours = released, "1"
			}
		}
		return
	}
	for part := range strings.SplitSeq(name, " / ") {
		milligrams, perML := strength.Component(part)
		if milligrams == "" {
			continue
		}
		if drug := componentDrug(part); drug != nil {
			for i := range found {
				if found[i].Ingredient == drug {
					found[i].Strength, found[i].PerML = milligrams, perML
				}
			}
		}
	}
}

func componentDrug(part string) *drugs.Ingredient {
	for _, m := range mentions(phrase.Of(part)) {
		if held := m.entry.Drugs(); len(held) == 1 {
			return held[0]
		}
	}
	return nil
}

// strengthOf reads the strength a text states for one of its names: the only amount of mass between
// this name and the next, or, for a single name, in the whole text. Differing amounts leave it
// unknown.
func strengthOf(p *phrase.Phrase, all []mention, i int) (milligrams string, perML bool) {
	from, to := all[i].end, len(p.Tokens)
	if i+1 < len(all) {
		to = all[i+1].first
	}
	found := strength.Amounts(p, from, to)
	if len(found) == 0 && len(all) == 1 {
		found = strength.Amounts(p, 0, all[0].first)
	}
	if len(found) == 0 {
		return "", false
	}
	first := found[0]
	for _, other := range found[1:] {
		if other != first && !other.Bracketed {
			return "", false
		}
	}
	return first.Milligrams, first.PerML
}
