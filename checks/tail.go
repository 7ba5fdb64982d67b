package checks

import (
	"slices"
	"strings"

	"github.com/rlsguard/rlsguard/checks/ahead"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
	"github.com/rlsguard/rlsguard/checks/terms/forms"
	"github.com/rlsguard/rlsguard/checks/words"
)

// tail reports whether a drug still acts after its order was stopped: long half-lives by the
// settings, depot antipsychotics for a number of dosing intervals (rules.md R14). A depot without a
// stated interval has no tail, not even the tablets'.
func (ev *evaluation) tail(x *exposure) bool {
	if x.end.IsZero() {
		return false
	}
	days, ok := ev.tailDays(x)
	if !ok || !ev.later(x.end.End(ev.zone).AddDate(0, 0, days), ahead.TailEnds, x.ref) {
		return false
	}
	x.notes = append(x.notes, words.Say("order.tail", "date", x.end.Date(ev.zone)))
	return true
}

// tailDays is how long a drug acts after its order ends.
func (ev *evaluation) tailDays(x *exposure) (days int, ok bool) {
	if isAntipsychotic(x.Class) && ev.injected(x) {
		interval, ok := depotInterval(x.Order)
		return interval * ev.set.Orders.DepotIntervals, ok
	}
	days, ok = ev.set.Orders.TailDays[x.Name]
	return days, ok
}

// depotInterval is the days between two injections, if stated and at least a week.
func depotInterval(o *facts.Order) (int, bool) {
	for i := range o.Dosages {
		t := &o.Dosages[i].Timing
		if period, ok := periodLength(t); ok && period/float64(max(t.Frequency, 1)) >= 7 {
			return int(period / float64(max(t.Frequency, 1))), true
		}
	}
	return 0, false
}

// injected reports whether a drug is injected: by the product, the route, or the name of a depot.
func (ev *evaluation) injected(x *exposure) bool {
	if x.drug.match.RouteGroup == "injectable" {
		return true
	}
	for i := range x.Dosages {
		_, route := forms.Route(x.Dosages[i].Route.Codings, x.Dosages[i].Route.Texts)
		if route == "intramuscular" || route == "subcutaneous" {
			return true
		}
	}
	return slices.ContainsFunc(append(slices.Clone(x.drug.names), x.drug.match.Matched, x.Name), namesDepot)
}

// depotWords are parts of names that only depot antipsychotics have: esters and brands.
var depotWords = []string{
	"decanoat", "enanthat", "palmitat", "pamoat", "embonat", "lauroxil", "undecylenat", "depot", "long-acting",
	"long acting",
	"maintena", "asimtufii", "aristada", "xeplion", "trevicta", "byannli", "sustenna", "trinza", "hafyera", "consta",
	"perseris",
	"uzedy", "rykindo", "zypadhera", "relprevv", "okedi",
}

func namesDepot(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc(depotWords, func(w string) bool { return strings.Contains(name, w) })
}

func isAntipsychotic(c drugs.Class) bool {
	return c == drugs.AntipsychoticTypical || c == drugs.AntipsychoticAtypical || c == drugs.AntipsychoticNondopaminerg
}
