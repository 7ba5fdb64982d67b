package checks

import (
	"slices"
	"strings"

	"github.com/rlsguard/rlsguard/checks/silence"
	"github.com/rlsguard/rlsguard/checks/terms"
	"github.com/rlsguard/rlsguard/checks/terms/conditions"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
	"github.com/rlsguard/rlsguard/checks/words"
)

func antagonistCheck() Check {
	return Check{
		ID: checkAntagonist, Title: "Dopamine agonist beside a dopamine antagonist",
		Severity: "moderate; low for aripiprazole, brexpiprazole, cariprazine and antiemetics that hardly enter the " +
			"brain",
		Trigger: "dopamine_agonist or dopamine_precursor together with antipsychotic_typical, " +
			"antipsychotic_atypical, " +
			"dopamine_antagonist_* or dopamine_depleter, and no parkinsonism on record; whatever the agonist is " +
			"ordered for",
		Citations: []Citation{
			{Source: "Labels (dopamine agonists and antagonists)", Strength: "label", Review: rulePending},
		},
		Rule: pending(1), Classes: agonistClasses,
		run: (*evaluation).antagonists,
	}
}

var (
	agonistClasses    = []drugs.Class{drugs.DopamineAgonist, drugs.DopaminePrecursor}
	antagonistClasses = []drugs.Class{
		drugs.AntipsychoticTypical, drugs.AntipsychoticAtypical,
		drugs.DopamineAntagonistAntiemet, drugs.DopamineAntagonistOther, drugs.DopamineDepleter,
	}
)

// isAgonist excludes carbidopa and benserazide, which merely accompany levodopa.
func isAgonist(f *terms.Found) bool {
	return slices.Contains(agonistClasses, f.Class) && f.Central != drugs.CentralNo
}

// antagonists flags each dopamine agonist taken together with a drug that opposes it.
func (ev *evaluation) antagonists(c Check) {
	parkinson, known := ev.parkinson()
	for _, group := range ev.byIngredient(func(x *exposure) bool { return isAgonist(&x.Found) }) {
		first := group[0]
		if known {
			ev.quiet(first.orderView, c.ID, first.Name, silence.Parkinson, string(parkinson))
			continue
		}
		p := ev.pair(group, func(x *exposure) Severity {
			if !slices.Contains(antagonistClasses, x.Class) {
				return None
			}
			return ev.base(c, ev.ownSeverity(x))
		})
		switch {
		case p.severity > None:
			f := Finding{Ingredient: first.Name, Implicated: p.refs, Basis: "with=" + strings.Join(p.partners, ",")}
			summary := words.Say("antagonist.summary", "drug", first.Name, "partners", words.And(p.partners))
			f.Summary = joinSentences(summary, notes(group, p.notes...), ev.rlsWords())
			f.Action = words.Say("antagonist.action")
			f.Alternatives = ev.antagonistAlternatives(p.partners)
			ev.flag(c, p.severity, f, ev.antagonistLeaflet(p.partners))
		case p.onlyDraft:
			ev.quiet(first.orderView, c.ID, first.Name, silence.OnlyDrafts, "")
		default:
			ev.quiet(first.orderView, c.ID, first.Name, silence.NoAntagonist, "")
		}
	}
}

// antagonistLeaflet names the partners. It never tells people to carry on with an antiemetic that
// has just made them restless.
func (ev *evaluation) antagonistLeaflet(partners []string) leaflet {
	l := leaflet{About: "antagonist", Do: []string{"antagonist.do"}, Partners: partners}
	for _, name := range partners {
		if ev.isAntiemetic(name) {
			l.Nausea = append(l.Nausea, name)
		}
	}
	if len(l.Nausea) > 0 {
		l.Do = append(l.Do, "antagonist.nausea")
	}
	if len(l.Nausea) < len(partners) {
		l.Do = append(l.Do, "antagonist.other")
	}
	return l
}

// isAntiemetic reports whether a drug is mostly given for nausea.
func (ev *evaluation) isAntiemetic(name string) bool {
	drug, ok := drugs.Find(name)
	return ok && drug.Class == drugs.DopamineAntagonistAntiemet ||
		len(usual[name]) > 0 && usual[name][0] == conditions.UseNausea
}
