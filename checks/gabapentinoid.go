package checks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rlsguard/rlsguard/checks/terms"
)

func pairCheck() Check {
	return Check{
		ID: "gabapentinoid-respiratory-depression", Title: "Gabapentinoid beside a drug that depresses breathing",
		Severity:   "high with an opioid, moderate with a benzodiazepine, z-hypnotic, barbiturate, muscle relaxant or other depressant",
		Trigger:    "alpha2delta together with it; the worst partner decides; independent of the RLS evidence",
		Citations:  []Citation{{Source: "FDA Drug Safety Communication 2019-12-19", Strength: "safety communication", Review: Pending}},
		Rule:       pending(1),
		Classes:    []terms.Class{terms.Alpha2Delta},
		WithoutRLS: true,
		run:        (*evaluation).pairs,
	}
}

// depressants are the classes that depress breathing together with a gabapentinoid, with the severity of the pair. A sedating
// antihistamine is none of them: its own flag names the added sedation (rules.md R6).
var depressants = map[terms.Class]Severity{
	terms.Opioid: High, terms.Benzodiazepine: Moderate, terms.ZHypnotic: Moderate, terms.Barbiturate: Moderate,
	terms.MuscleRelaxant: Moderate, terms.CNSDepressantOther: Moderate,
}

// pairs flags each gabapentinoid that is taken beside a depressant: one flag with the highest severity of its combinations.
func (ev *evaluation) pairs(c Check) {
	for _, group := range ev.byIngredient(func(x *exposure) bool { return x.Class == terms.Alpha2Delta }) {
		best, partners, refs := ev.worstPair(c, group)
		switch {
		case best > None:
			f := Finding{Ingredient: group[0].Name, Implicated: refs, Evidence: ev.breathingRisks()}
			f.Summary = ev.pairSummary(group, partners)
			f.Action = "Use the lowest doses, raise them slowly, watch sedation and breathing, and tell the patient and the family what to look for" +
				naloxone(partners) + ". Opioids and gabapentinoids are both used on purpose in refractory RLS, and an abrupt end of either is harmful: agree any change with the prescriber." + reviewNote(c)
			ev.flag(c, best, f)
		case len(refs) > 0:
			ev.quiet(group[0].orderView, c.ID, group[0].Name, SilentOnlyDrafts, "")
		default:
			ev.quiet(group[0].orderView, c.ID, group[0].Name, SilentNoPartner, "")
		}
	}
}

// worstPair goes through all combinations of the gabapentinoid's orders with depressants. Refs are set and best is None when
// every combination is of two drafts.
func (ev *evaluation) worstPair(c Check, group []*exposure) (best Severity, partners []string, refs []Ref) {
	for _, g := range group {
		for i := range ev.exposures {
			p := &ev.exposures[i]
			severity, depresses := depressants[p.Class]
			if !depresses {
				continue
			}
			refs = append(refs, g.ref, p.ref)
			if g.draft && p.draft {
				continue
			}
			best = max(best, pairSeverity(ev.base(c, severity), g, p))
			if !slices.Contains(partners, p.Name) {
				partners = append(partners, p.Name)
			}
		}
	}
	slices.Sort(partners)
	return best, partners, refs
}

// pairSeverity caps the severity of a pair by status, intent and certainty of both halves, and by age only when both are old. As needed
// and short courses do not lower it: one dose is enough.
func pairSeverity(s Severity, a, b *exposure) Severity {
	s = min(s, a.ceiling, b.ceiling)
	if a.old && b.old {
		return min(s, Low)
	}
	return s
}

func (ev *evaluation) pairSummary(group []*exposure, partners []string) string {
	risks := ev.riskWords()
	if risks != "" {
		risks = " Further risk: " + risks + "."
	}
	return fmt.Sprintf("%s together with %s: breathing may become shallow and the patient drowsy.%s%s",
		capital(group[0].Name), strings.Join(partners, ", "), notes(group), risks)
}

// naloxone is offered where an opioid is among the partners.
func naloxone(partners []string) string {
	for _, p := range partners {
		if i, ok := terms.Embedded().Ingredient(p); ok && i.Class == terms.Opioid {
			return "; consider naloxone at home"
		}
	}
	return ""
}

// breathingRisks are conditions on record that the FDA names as risk factors.
func (ev *evaluation) breathingRisks() []Ref {
	if f, ok := ev.hasContext("context_respiratory"); ok {
		return []Ref{f.Ref}
	}
	return nil
}

func (ev *evaluation) riskWords() string {
	var words []string
	if _, ok := ev.hasContext("context_respiratory"); ok {
		words = append(words, "lung disease or sleep apnoea on record")
	}
	if age, ok := ev.ageAtLeast(65); ok && age {
		words = append(words, "aged 65 or over")
	}
	return strings.Join(words, ", ")
}
