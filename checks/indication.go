package checks

import (
	"slices"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/terms"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
	"github.com/rlsguard/rlsguard/checks/words"
)

// use is what a drug is given for; it decides which alternatives fit. Its name is that of a text.
type use = terms.Use

// Uses of the drugs that are flagged.
const (
	useDepression = terms.UseDepression
	usePsychosis  = terms.UsePsychosis
	useInsomnia   = terms.UseInsomnia
	usePain       = terms.UsePain
	useNausea     = terms.UseNausea
	useVertigo    = terms.UseVertigo
	useItch       = terms.UseItch
	useAllergy    = terms.UseAllergy
	useAnxiety    = terms.UseAnxiety
	useMigraine   = terms.UseMigraine
	useBipolar    = terms.UseBipolar
	useChorea     = terms.UseChorea
)

// usual are the uses of drugs that are mostly given for something else than others of their check.
var usual = map[string][]use{
	"duloxetine": {useDepression, usePain}, "amitriptyline": {usePain, useDepression, useInsomnia}, "nortriptyline": {usePain, useDepression},
	"mirtazapine": {useDepression, useInsomnia}, "lithium": {useBipolar},
	"meclizine": {useVertigo, useNausea}, "cyclizine": {useNausea, useVertigo}, "buclizine": {useNausea, useVertigo},
	"dimenhydrinate": {useNausea, useVertigo}, "cinnarizine": {useVertigo}, "flunarizine": {useMigraine, useVertigo},
	"promethazine": {useNausea, useAllergy, useInsomnia}, "hydroxyzine": {useItch, useAnxiety}, "cyproheptadine": {useAllergy},
	"diphenhydramine": {useInsomnia, useAllergy}, "doxylamine": {useInsomnia, useNausea}, "pizotifen": {useMigraine},
	"propiomazine": {useInsomnia}, "niaprazine": {useInsomnia}, "alimemazine": {useItch, useInsomnia},
	"prochlorperazine": {useNausea, useVertigo, usePsychosis}, "perphenazine": {usePsychosis, useNausea}, "droperidol": {useNausea},
	"tetrabenazine": {useChorea}, "deutetrabenazine": {useChorea}, "valbenazine": {useChorea},
}

// usuallyFor tells whether a drug is mostly given for a use.
func usuallyFor(x *exposure, u use) bool {
	list := usual[x.Name]
	return len(list) > 0 && list[0] == u
}

// alternatives fit the coded or written reason of the orders. Where none tells, they are those of
// the drug's usual uses, each headed by its use (rules.md R1).
func (ev *evaluation) alternatives(group []*exposure, common use, little bool) []string {
	var uses []use
	for _, x := range group {
		for _, u := range ev.uses(x.Order) {
			if !slices.Contains(uses, u) {
				uses = append(uses, u)
			}
		}
	}
	known := len(uses) > 0
	if !known {
		uses = usual[group[0].Name]
		if little {
			uses = []use{useInsomnia}
		}
		if len(uses) == 0 && common != "" {
			uses = []use{common}
		}
	}
	var all []string
	for _, u := range uses[:min(len(uses), mostUses)] {
		what := ev.instead(group[0], u)
		if what == "" {
			continue
		}
		if !known {
			what = words.Say("list.if", "use", words.Say("use."+string(u)), "what", what)
		}
		if !slices.Contains(all, what) {
			all = append(all, what)
		}
	}
	return all
}

// mostUses is how many uses alternatives are named for.
const mostUses = 2

// uses are what an order is for, as far as its reasons tell.
func (ev *evaluation) uses(o *facts.Order) []use {
	var all []use
	for i := range o.Reasons {
		for _, u := range ev.terms.UsesOf(o.Reasons[i].Codings, o.Reasons[i].Texts) {
			if !slices.Contains(all, u) {
				all = append(all, u)
			}
		}
	}
	return all
}

// instead is what there is for a use instead of a drug: never the like of what is flagged.
func (ev *evaluation) instead(x *exposure, u use) string {
	key := "instead." + string(u)
	switch {
	case u == usePain && len(ev.takersOfGabapentinoids()) > 0:
		key += ".taken"
	case u == useNausea && isDopamineAntagonist(x.Class) && x.Central == drugs.CentralLow:
		key += ".central-low"
	case (u == useItch || u == useAllergy) && x.Class == drugs.AntihistamineNonsedating:
		key += ".nonsedating"
	}
	return words.Say(key)
}

// takersOfGabapentinoids are the exposures to alpha-2-delta ligands.
func (ev *evaluation) takersOfGabapentinoids() []*exposure {
	_, takers := ev.decideIron()
	return takers
}

func (ev *evaluation) agonistAlternatives() []string {
	if len(ev.takersOfGabapentinoids()) > 0 {
		return []string{words.Say("augmentation.alternative.taken")}
	}
	return []string{words.Say("augmentation.alternative")}
}

// antagonistAlternatives are for what works against a dopamine agonist.
func (ev *evaluation) antagonistAlternatives(partners []string) []string {
	var all []string
	for _, name := range partners {
		drug, ok := ev.terms.Ingredient(name)
		key := ""
		switch {
		case !ok:
		case ev.isAntiemetic(name):
			key = "antagonist.nausea"
		case isAntipsychotic(drug.Class):
			key = "antagonist.psychosis"
		}
		if key != "" && !slices.Contains(all, words.Say(key)) {
			all = append(all, words.Say(key))
		}
	}
	return all
}
