package checks

import (
	"slices"
	"strings"

	"github.com/rlsguard/rlsguard/checks/terms/conditions"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
	"github.com/rlsguard/rlsguard/checks/words"
)

// Audiences of the texts.
const (
	forProfessionals = "professional"
	ForPatients      = "patient"
)

// leaflet selects the plain words for a finding: its topic, what to do, and the other drugs
// involved, of which some may be taken for nausea. Each check makes its own.
type leaflet struct {
	About    string
	Do       []string
	Partners []string
	Nausea   []string
}

// forPatients replaces the texts of a finding with the plain words of a leaflet. The sources stay,
// for whoever hands it out.
func (ev *evaluation) forPatients(f *Finding, c Check, l leaflet) {
	others := slices.DeleteFunc(slices.Clone(l.Partners), func(p string) bool { return slices.Contains(l.Nausea, p) })
	pairs := []string{
		"drug", f.Ingredient, "partners", words.And(l.Partners), "drugs", words.And(l.Partners), "nausea",
		words.And(l.Nausea),
		"others", words.And(others), "all", words.And(append([]string{f.Ingredient}, l.Partners...)),
	}
	f.Audience = ForPatients
	f.Summary = words.Say("leaflet."+l.About, pairs...)
	var do []string
	for _, key := range l.Do {
		do = append(do, words.Say("leaflet."+key, pairs...))
	}
	f.Action, f.Alternatives, f.Counsel = strings.Join(do, " "), nil, nil
	if !c.WithoutRLS && ev.rls.status > RLSNone {
		f.Counsel = []string{words.Say("leaflet.counsel.habits"), words.Say("leaflet.counsel.sleep")}
	}
}

// sold are the sedating antihistamines also sold in remedies for allergy, colds or sleep.
var sold = []string{
	"diphenhydramine", "doxylamine", "chlorpheniramine", "dexchlorpheniramine", "brompheniramine", "dexbrompheniramine",
	"triprolidine",
	"pheniramine", "pyrilamine", "promethazine", "clemastine",
}

// offendingLeaflet selects the plain words about a drug that may worsen RLS.
func offendingLeaflet(x *exposure, little bool) leaflet {
	var l leaflet
	for _, kind := range []func(*exposure) (leaflet, bool){nauseaLeaflet, psychiatricLeaflet, antihistamineLeaflet} {
		if found, ok := kind(x); ok {
			return found
		}
	}
	l = leaflet{About: "ssri", Do: []string{"ask", "keep"}}
	switch {
	case little:
		l.About = "rarely"
	case x.Name == "mirtazapine":
		l.About = "mirtazapine"
	case x.Class == drugs.Tricyclic:
		l.About = "few"
	case x.Class == drugs.DopamineAntagonistOther:
		l = leaflet{About: "legs", Do: []string{"ask", "keep-mild"}}
		if usuallyFor(x, conditions.UseVertigo) {
			l.Do = append(l.Do, "dizzy")
		}
	case x.Class == drugs.DopamineDepleter:
		l.About = "can"
	}
	return l
}

// nauseaLeaflet never tells people to carry on with a drug that has just made them restless: it is
// taken as needed, and there are others.
func nauseaLeaflet(x *exposure) (leaflet, bool) {
	switch {
	case isDopamineAntagonist(x.Class) && x.Central == drugs.CentralLow:
		return leaflet{About: "rarely", Do: []string{"nausea"}}, true
	case x.Class == drugs.DopamineAntagonistAntiemet, isAntipsychotic(x.Class) && usuallyFor(x, conditions.UseNausea):
		return leaflet{About: "legs", Do: []string{"nausea"}}, true
	}
	return leaflet{}, false
}

func psychiatricLeaflet(x *exposure) (leaflet, bool) {
	switch {
	case x.Class == drugs.Lithium:
		return leaflet{About: "few", Do: []string{"ask", "keep"}}, true
	case slices.Contains(partialAgonists, x.Name):
		return leaflet{About: "both-ways", Do: []string{"ask", "keep", "still"}}, true
	case x.Class == drugs.AntipsychoticNondopaminerg:
		return leaflet{About: "unknown", Do: []string{"ask", "keep"}}, true
	case isAntipsychotic(x.Class):
		return leaflet{About: "can", Do: []string{"ask", "keep", "still"}}, true
	}
	return leaflet{}, false
}

func antihistamineLeaflet(x *exposure) (leaflet, bool) {
	switch {
	case x.Class == drugs.AntihistamineNonsedating:
		return leaflet{About: "less", Do: []string{"fine"}}, true
	case x.Class != drugs.AntihistamineSedating:
		return leaflet{}, false
	}
	l := leaflet{About: "can", Do: []string{"ask", "bought", "sleepy"}}
	if slices.Contains(sold, x.Name) {
		l.Do = append([]string{"shelf"}, l.Do...)
	}
	if len(usual[x.Name]) == 0 || slices.Contains(usual[x.Name], conditions.UseAllergy) {
		l.Do = append(l.Do, "hay-fever")
	}
	return l, true
}

// leaflet of the open iron check.
func (c *ironCase) leaflet(check string) leaflet {
	switch check {
	case checkIronMissing, checkIronUnchecked:
		return leaflet{About: "iron.missing", Do: []string{"iron.test"}}
	case checkIronStale:
		return leaflet{About: "iron.stale", Do: []string{"iron.test"}}
	case checkIronUnusable:
		return leaflet{About: "iron.unusable", Do: []string{"iron.test"}}
	}
	switch {
	case len(c.IronCaution) > 0:
		return leaflet{About: "iron.overload", Do: []string{"iron.overload.do"}}
	case c.replaced:
		return leaflet{About: c.lowLeaflet(), Do: []string{"iron.replaced"}}
	}
	return leaflet{About: c.lowLeaflet(), Do: []string{"iron.do"}}
}

// lowLeaflet says that stores are low only if ferritin is.
func (c *ironCase) lowLeaflet() string {
	if c.panel.ferritin.low {
		return "iron.ferritin"
	}
	return "iron.tsat"
}
