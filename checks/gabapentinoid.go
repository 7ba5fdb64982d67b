package checks

import (
	"slices"
	"strconv"
	"strings"

	"github.com/rlsguard/rlsguard/checks/silence"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
	"github.com/rlsguard/rlsguard/checks/words"
)

func pairCheck() Check {
	return Check{
		ID: checkPair, Title: "Gabapentinoid beside a drug that depresses breathing",
		Severity: "high with an opioid or oxybate, moderate with a benzodiazepine, z-hypnotic, barbiturate, muscle " +
			"relaxant or other depressant",
		Trigger: "alpha2delta together with it; the worst partner decides; independent of the RLS evidence",
		Citations: []Citation{
			{
				Source:   "FDA 2019-12-19 (Drug Safety Communication)",
				Strength: "safety communication",
				Review:   rulePending,
			},
		},
		Rule:       pending(2),
		Classes:    []drugs.Class{drugs.Alpha2Delta},
		Thresholds: pairThresholds,
		WithoutRLS: true,
		run:        (*evaluation).pairs,
	}
}

// depressants are the classes that depress breathing together with a gabapentinoid, with the
// severity of the pair. Sedating antihistamines are excluded: their own flag names the added
// sedation (rules.md R6).
var depressants = map[drugs.Class]Severity{
	drugs.Opioid: High, drugs.Benzodiazepine: Moderate, drugs.ZHypnotic: Moderate, drugs.Barbiturate: Moderate,
	drugs.MuscleRelaxant: Moderate, drugs.CNSDepressantOther: Moderate,
}

// pairs flags each gabapentinoid taken together with depressants: one flag with the highest
// severity of its combinations.
func (ev *evaluation) pairs(c Check) {
	for _, group := range ev.byIngredient(func(x *exposure) bool { return x.Class == drugs.Alpha2Delta }) {
		first := group[0]
		p := ev.pair(group, func(x *exposure) Severity { return ev.base(c, depression(x)) })
		switch {
		case p.severity > None:
			f := Finding{Ingredient: first.Name, Implicated: p.refs, Evidence: ev.contexts(contextRespiratory)}
			summary := words.Say(
				"pair.summary",
				"drug",
				first.Name,
				"partners",
				words.And(p.partners),
				"risks",
				ev.riskWords(),
			)
			f.Summary = joinSentences(summary, notes(group, p.notes...))
			f.Action = words.Say("pair.action")
			plain := leaflet{About: "pair", Do: []string{"pair.ask", "pair.do"}, Partners: p.partners}
			if slices.ContainsFunc(p.partners, ev.isOpioid) {
				f.Action = words.Say("pair.action.opioid")
				plain.Do[0] = "pair.ask.opioid"
			}
			ev.flag(c, p.severity, f, plain)
		case p.onlyDraft:
			ev.quiet(first.orderView, c.ID, first.Name, silence.OnlyDrafts, "")
		default:
			ev.quiet(first.orderView, c.ID, first.Name, silence.NoPartner, "")
		}
	}
}

// depression is the severity of a pair with a gabapentinoid; None if x does not depress breathing.
func depression(x *exposure) Severity {
	if x.Name == "oxybate" { // boxed warning: respiratory depression
		return High
	}
	return depressants[x.Class]
}

func (ev *evaluation) isOpioid(name string) bool {
	i, ok := drugs.Find(name)
	return ok && i.Class == drugs.Opioid
}

// contextRespiratory are conditions the FDA names as risk factors, and similar ones.
const contextRespiratory = "context_respiratory"

// riskWords name what makes respiratory depression likelier in this patient.
func (ev *evaluation) riskWords() string {
	var risks []string
	if _, ok := ev.hasContext(contextRespiratory); ok {
		risks = append(risks, words.Say("pair.risk.lungs"))
	}
	if age, ok := ev.ageAtLeast(ev.set.Orders.OlderYears); ok && age {
		risks = append(risks, words.Say("pair.risk.age", "years", strconv.Itoa(ev.set.Orders.OlderYears)))
	}
	if len(risks) == 0 {
		return ""
	}
	return words.Say("pair.risks", "risks", strings.Join(risks, "; "))
}
