package checks

import (
	"slices"
	"time"

	"github.com/rlsguard/rlsguard/checks/ahead"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/silence"
	"github.com/rlsguard/rlsguard/checks/terms"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
	"github.com/rlsguard/rlsguard/checks/terms/forms"
	"github.com/rlsguard/rlsguard/checks/words"
)

// drugView is what is known about the drug of an order.
type drugView struct {
	names      []string // as sent
	match      terms.Match
	pending    bool // its Medication has not arrived
	identified bool
}

// exposure is systemic exposure to one ingredient of one order that counts.
type exposure struct {
	*orderView
	terms.Found
	ceiling Severity // from the order, the name and the route, but not age
	old     bool     // active for long with nothing newer
	skin    bool     // on the skin, only partly absorbed
	notes   []string
}

// severity applies the order to a check's own severity: one step lower if as needed or a short
// course, never above the ceiling, at most low for an old order.
func (x *exposure) severity(base Severity) Severity {
	if x.stepped {
		base = base.stepDown()
	}
	return min(base, x.ceiling, x.ageCeiling())
}

func (x *exposure) ageCeiling() Severity {
	if x.old {
		return Low
	}
	return High
}

func (s Severity) stepDown() Severity {
	if s > Low {
		return s - 1
	}
	return s
}

// classify identifies the drug of an order, from its own codes and names or from the Medication it
// refers to.
func (ev *evaluation) classify(o *orderView) {
	if o.NoMedication {
		return
	}
	drug := &o.Drug
	if o.MedicationRef != "" {
		f := ev.st.Find(o.MedicationRef)
		if f == nil || f.Kind != facts.KindMedication {
			o.drug.pending = true
			o.drug.match = ev.terms.Classify(nil, drug.Names)
			o.drug.identified = len(o.drug.match.Found) > 0
			return
		}
		drug = f.Medication
	}
	if drug.Modified {
		o.modified()
	}
	o.drug.names = drug.Names
	o.drug.match = ev.matchOf(drug)
	o.drug.identified = o.drug.match.Identified
}

// readExposures turns every order that counts into exposures to its ingredients, and says why the
// others are none.
func (ev *evaluation) readExposures() {
	for i := range ev.orders {
		o := &ev.orders[i]
		ev.classify(o)
		if !o.counts {
			continue
		}
		before := len(ev.exposures)
		for _, found := range o.drug.match.Found {
			x := exposure{orderView: o, Found: found, ceiling: o.ceiling, notes: slices.Clip(o.notes)}
			if o.silence == silence.Tail && !ev.tail(&x) {
				continue
			}
			if ev.systemic(&x) {
				ev.exposures = append(ev.exposures, x)
			}
		}
		switch {
		case len(ev.exposures) > before:
		case o.silence == silence.Tail:
			o.mute(silence.Stopped, o.end.Date(ev.zone))
		case len(o.drug.match.Found) > 0 || ev.onlyLocal(o.Order):
			o.mute(silence.NotSystemic, "")
		}
	}
	for i := range ev.exposures {
		x := &ev.exposures[i]
		if x.Doubt != "" {
			x.ceiling = min(x.ceiling, Low)
			x.notes = append(x.notes, words.Say("order.doubt", "doubt", x.Doubt))
		}
		if x.Unsure != "" {
			x.notes = append(x.notes, words.Say("order.unsure", "why", x.Unsure))
		}
		if ev.isOld(x) {
			x.old = true
			x.notes = append(x.notes, words.Say("order.old", "date", x.Authored.Date(ev.zone)))
		}
	}
}

// systemic reports whether the drug is absorbed systemically (rules.md R16): by a specific product
// code, then the route of the dosages, then anything else known about the product. Unknown counts
// as systemic, and the text says so.
func (ev *evaluation) systemic(x *exposure) bool {
	product := x.drug.match.Systemic
	route, name := ev.route(x.Order)
	if name == "topical" && x.Name == "doxepin" {
		route = drugs.SystemicLowAbsorbed
	}
	how := product
	if !x.drug.match.Specific && route != drugs.SystemicUnknown {
		how = route
	} else if product == drugs.SystemicUnknown {
		how = route
	}
	if how == drugs.SystemicDepends {
		how = x.Nasal()
	}
	switch how {
	case drugs.SystemicNo:
		return false
	case drugs.SystemicLowAbsorbed:
		x.ceiling, x.skin = min(x.ceiling, Low), true
		x.notes = append(x.notes, words.Say("order.skin"))
	case drugs.SystemicUnknown:
		x.notes = append(x.notes, words.Say("order.route-unknown"))
	}
	if x.drug.match.Specific && route != drugs.SystemicUnknown && route != drugs.SystemicDepends && route != product {
		x.notes = append(x.notes, words.Say("order.contradiction"))
	}
	return true
}

// route is the route of an order; one systemic dosage makes it systemic.
func (ev *evaluation) route(o *facts.Order) (drugs.Systemic, string) {
	how, name := drugs.SystemicUnknown, ""
	for i := range o.Dosages {
		s, n := forms.Route(o.Dosages[i].Route.Codings, o.Dosages[i].Route.Texts)
		if s == drugs.SystemicYes {
			return s, n
		}
		if s != drugs.SystemicUnknown {
			how, name = s, n
		}
	}
	return how, name
}

// onlyLocal reports whether the route alone rules out systemic absorption, for an unknown drug.
func (ev *evaluation) onlyLocal(o *facts.Order) bool {
	how, _ := ev.route(o)
	return how == drugs.SystemicNo
}

// isOld reports whether an order has been active for more than OldAfterDays with no newer order of
// the same drug.
func (ev *evaluation) isOld(x *exposure) bool {
	if x.start.IsZero() || x.Status != facts.StatusActive || !ev.older(x.start, x.ref) {
		return false
	}
	newest := ev.newestOf(x.Name)
	return !newest.After(x.start) || ev.older(newest, x.ref)
}

// newestOf is when the newest order of an ingredient was written, among those that may renew an
// older one; zero if none has a date.
func (ev *evaluation) newestOf(ingredient string) time.Time {
	if ev.newest == nil {
		ev.newest = map[string]time.Time{}
		for i := range ev.orders {
			o := &ev.orders[i]
			if o.DoNotPerform || o.Intent == facts.IntentOption || o.Status == facts.StatusCancelled ||
				o.silence == silence.NotYet {
				continue
			}
			for _, f := range o.drug.match.Found {
				if o.start.After(ev.newest[f.Name]) {
					ev.newest[f.Name] = o.start
				}
			}
		}
	}
	return ev.newest[ingredient]
}

// older reports whether a date is more than OldAfterDays calendar days ago.
func (ev *evaluation) older(t time.Time, order facts.Ref) bool {
	d := t.In(ev.zone)
	last := time.Date(d.Year(), d.Month(), d.Day()+ev.set.Orders.OldAfterDays+1, 0, 0, 0, 0, ev.zone)
	return !ev.later(last, ahead.OrderOld, order)
}

func (o *orderView) holds(ingredient string) bool {
	for _, f := range o.drug.match.Found {
		if f.Name == ingredient {
			return true
		}
	}
	return false
}
