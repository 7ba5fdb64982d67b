package checks

import (
	"slices"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/terms/conditions"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
	"github.com/rlsguard/rlsguard/checks/words"
)

// usual lists the uses of drugs whose main use differs from that of their check's other drugs.
var usual = map[string][]conditions.Use{
	"duloxetine": {
		conditions.UseDepression,
		conditions.UsePain,
	}, "amitriptyline": {conditions.UsePain, conditions.UseDepression, conditions.UseInsomnia},
	"nortriptyline": {conditions.UsePain, conditions.UseDepression},
	"mirtazapine":   {conditions.UseDepression, conditions.UseInsomnia}, "lithium": {conditions.UseBipolar},
	"meclizine": {
		conditions.UseVertigo,
		conditions.UseNausea,
	}, "cyclizine": {conditions.UseNausea, conditions.UseVertigo}, "buclizine": {conditions.UseNausea,
		conditions.UseVertigo},
	"dimenhydrinate": {
		conditions.UseNausea,
		conditions.UseVertigo,
	}, "cinnarizine": {conditions.UseVertigo}, "flunarizine": {conditions.UseMigraine, conditions.UseVertigo},
	"promethazine": {
		conditions.UseNausea,
		conditions.UseAllergy,
		conditions.UseInsomnia,
	}, "hydroxyzine": {conditions.UseItch, conditions.UseAnxiety}, "cyproheptadine": {conditions.UseAllergy},
	"diphenhydramine": {
		conditions.UseInsomnia,
		conditions.UseAllergy,
	}, "doxylamine": {conditions.UseInsomnia, conditions.UseNausea}, "pizotifen": {conditions.UseMigraine},
	"propiomazine": {
		conditions.UseInsomnia,
	}, "niaprazine": {conditions.UseInsomnia}, "alimemazine": {conditions.UseItch, conditions.UseInsomnia},
	"prochlorperazine": {
		conditions.UseNausea,
		conditions.UseVertigo,
		conditions.UsePsychosis,
	}, "perphenazine": {conditions.UsePsychosis, conditions.UseNausea}, "droperidol": {conditions.UseNausea},
	"tetrabenazine": {conditions.UseChorea}, "deutetrabenazine": {conditions.UseChorea},
	"valbenazine": {conditions.UseChorea},
}

func usuallyFor(x *exposure, u conditions.Use) bool {
	list := usual[x.Name]
	return len(list) > 0 && list[0] == u
}

// alternatives fit the coded or written reason of the orders. Without one, they follow the drug's
// usual uses, each headed by the use (rules.md R1).
func (ev *evaluation) alternatives(group []*exposure, common conditions.Use, little bool) []string {
	var uses []conditions.Use
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
			uses = []conditions.Use{conditions.UseInsomnia}
		}
		if len(uses) == 0 && common != "" {
			uses = []conditions.Use{common}
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

// mostUses limits the uses for which alternatives are named.
const mostUses = 2

// uses are the uses an order's reasons name.
func (ev *evaluation) uses(o *facts.Order) []conditions.Use {
	var all []conditions.Use
	for i := range o.Reasons {
		for _, u := range conditions.Uses(o.Reasons[i].Codings, o.Reasons[i].Texts) {
			if !slices.Contains(all, u) {
				all = append(all, u)
			}
		}
	}
	return all
}

// instead names alternatives to a drug for a use, never one of the flagged kind.
func (ev *evaluation) instead(x *exposure, u conditions.Use) string {
	key := "instead." + string(u)
	switch {
	case u == conditions.UsePain && len(ev.takersOfGabapentinoids()) > 0:
		key += ".taken"
	case u == conditions.UseNausea && isDopamineAntagonist(x.Class) && x.Central == drugs.CentralLow:
		key += ".central-low"
	case (u == conditions.UseItch || u == conditions.UseAllergy) && x.Class == drugs.AntihistamineNonsedating:
		key += ".nonsedating"
	}
	return words.Say(key)
}

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

// antagonistAlternatives are alternatives to the drugs that oppose a dopamine agonist.
func (ev *evaluation) antagonistAlternatives(partners []string) []string {
	var all []string
	for _, name := range partners {
		drug, ok := drugs.Find(name)
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
