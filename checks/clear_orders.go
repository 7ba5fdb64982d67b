package checks

import (
	"slices"
	"strings"

	"github.com/rlsguard/rlsguard/checks/clears"
	"github.com/rlsguard/rlsguard/checks/decimal"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
	"github.com/rlsguard/rlsguard/checks/unread"
)

// orderSet is a set of orders that change together: one, or all of a drug.
type orderSet struct {
	drug   string
	orders []*orderView
}

// orderSets returns the orders behind a flag, or in its evidence, that want accepts: each alone,
// then all orders of each drug, since a drug ordered twice does not end with one of them. If there
// are many, one alone hardly ever decides, and only whole drugs are tried.
func (w *whatIf) orderSets(f *Flag, want func(*orderView) bool) (sets []orderSet, cut bool) {
	var all []*orderView
	byDrug := map[string]*orderSet{}
	var names []string
	for i := range w.ev.orders {
		o := &w.ev.orders[i]
		_, behind := slices.BinarySearch(f.Implicated, o.ref)
		_, evidence := slices.BinarySearch(f.Evidence, o.ref)
		if !behind && !evidence || !want(o) {
			continue
		}
		all = append(all, o)
		for _, name := range o.ingredients() {
			if byDrug[name] == nil {
				byDrug[name] = &orderSet{drug: name}
				names = append(names, name)
			}
			byDrug[name].orders = append(byDrug[name].orders, o)
		}
	}
	cut = len(all) > mostAlone
	for _, o := range all {
		if !cut {
			sets = append(sets, orderSet{strings.Join(o.ingredients(), ", "), []*orderView{o}})
		}
	}
	slices.Sort(names)
	for _, name := range names {
		if s := byDrug[name]; len(s.orders) > 1 {
			sets = append(sets, *s)
		}
	}
	return sets, cut
}

// ingredients returns the sorted ingredients of an order; a single "" if its drug is not known.
func (o *orderView) ingredients() []string {
	names := make([]string, 0, 1)
	for _, f := range o.drug.match.Found {
		names = append(names, f.Name)
	}
	if len(names) == 0 {
		return []string{""}
	}
	return sortedUnique(names)
}

// trial starts a trial of a set; change rewrites each of its orders.
func (w *whatIf) trial(kind clears.Kind, s *orderSet, change func(*facts.Fact, *orderView)) trial {
	t := trial{Change: clears.Change{Kind: kind, Drug: s.drug}, at: w.ev.asOf}
	for _, o := range s.orders {
		f := *w.st.Find(o.ref)
		order := *f.Order
		f.Order = &order
		change(&f, o)
		t.facts = append(t.facts, f)
		if len(s.orders) <= clears.MostTargets {
			t.Targets = append(t.Targets, o.ref)
		}
	}
	return t
}

// ends tries orders as ended now, and drafts as not signed. If the drug outlasts its order, it is
// tried again once its effect is over.
func (w *whatIf) ends(f *Flag) (list []trial, cut bool) {
	sets, cut := w.orderSets(f, func(o *orderView) bool { return o.counts && o.Status != facts.StatusStopped })
	for i := range sets {
		s := &sets[i]
		t := w.trial(clears.OrderEnd, s, func(f *facts.Fact, o *orderView) {
			f.Unread &^= unread.Status | unread.Supply
			f.Version.Updated, f.Order.Status = w.ev.asOf.UnixNano(), facts.StatusStopped
			if o.draft {
				f.Order.Status = facts.StatusCancelled
			}
		})
		if !slices.ContainsFunc(s.orders, func(o *orderView) bool { return !o.draft }) {
			t.Value = "draft"
		} else if t.Days = w.tailOf(s); t.Days > 0 {
			t.later = append(t.later, w.ev.asOf.In(w.ev.zone).AddDate(0, 0, t.Days))
		}
		list = append(list, t)
	}
	return list, cut
}

// tailOf is how long the drugs of a set act after their orders end, in days.
func (w *whatIf) tailOf(s *orderSet) (days int) {
	for i := range w.ev.exposures {
		x := &w.ev.exposures[i]
		if slices.Contains(s.orders, x.orderView) {
			tail, _ := w.ev.tailDays(x)
			days = max(days, tail)
		}
	}
	return days
}

// localRoute is a route without systemic absorption.
const localRoute = "topical"

// routes tries orders whose route neither product nor dosage states.
func (w *whatIf) routes(f *Flag) (list []trial, cut bool) {
	sets, cut := w.orderSets(f, func(o *orderView) bool {
		how, _ := w.ev.route(o.Order)
		return o.counts && how == drugs.SystemicUnknown && o.drug.match.Systemic == drugs.SystemicUnknown
	})
	for i := range sets {
		t := w.trial(clears.Route, &sets[i], func(f *facts.Fact, _ *orderView) {
			f.Order.Dosages = slices.Clone(f.Order.Dosages)
			if len(f.Order.Dosages) == 0 {
				f.Order.Dosages = make([]facts.Dosage, 1)
			}
			for i := range f.Order.Dosages {
				f.Order.Dosages[i].Route = facts.Concept{Texts: []string{localRoute}}
			}
		})
		t.Value = localRoute
		list = append(list, t)
	}
	return list, cut
}

// reasonsOf gives, by check, the reasons that make it not apply.
var reasonsOf = map[string][]codes.Coding{
	"dopamine-agonist-augmentation": {
		{System: codes.SNOMED, Code: "49049000", Display: "Parkinson disease"},
		{System: codes.SNOMED, Code: "237662005", Display: "hyperprolactinaemia"},
	},
	checkAntagonist: {{System: codes.SNOMED, Code: "49049000", Display: "Parkinson disease"}},
	checkRenalDose:  {{System: codes.SNOMED, Code: "2177002", Display: "postherpetic neuralgia"}},
}

// reasons tries orders with one more coded reason.
func (w *whatIf) reasons(f *Flag) (list []trial, cut bool) {
	sets, cut := w.orderSets(f, func(o *orderView) bool { return o.counts && o.holds(f.Ingredient) })
	for i := range sets {
		for _, reason := range reasonsOf[f.Check] {
			t := w.trial(clears.Reason, &sets[i], func(f *facts.Fact, _ *orderView) {
				f.Order.Reasons = append(slices.Clip(f.Order.Reasons), facts.Concept{Codings: []codes.Coding{reason}})
			})
			t.Value = reason.Code
			list = append(list, t)
		}
	}
	return list, cut
}

// doses tries all orders of the drug adding up to the highest dose the kidneys allow.
func (w *whatIf) doses(f *Flag) []trial {
	k, ok := w.kidneysOf(f.Ingredient)
	if !ok || k.most.Sign() <= 0 {
		return nil
	}
	limit := clears.Limit{Comparator: "<=", Value: k.most.Cut(1), Unit: "mg/d"}
	s := orderSet{drug: f.Ingredient}
	for _, x := range k.group {
		s.orders = append(s.orders, x.orderView)
	}
	said := map[facts.OrderKind]bool{}
	t := w.trial(clears.Dose, &s, func(f *facts.Fact, o *orderView) {
		d := facts.Dosage{Timing: facts.Timing{Frequency: 1, Period: "1", PeriodUnit: "d"}}
		if len(o.Dosages) > 0 {
			d.Route, d.AsNeeded, d.Bounds = o.Dosages[0].Route, o.Dosages[0].AsNeeded, o.Dosages[0].Bounds
		}
		d.Dose = facts.Quantity{Value: limit.Value, Unit: "mg"}
		if said[o.Kind] && o.Kind != facts.Dispense {
			d.Dose.Value = "0"
		}
		said[o.Kind] = true
		f.Order.Dosages = []facts.Dosage{d}
	})
	t.Dose = &limit
	return []trial{t}
}

// otherDrug is a drug no check is about: acetaminophen in RxNorm.
var otherDrug = facts.Drug{
	Codings: []codes.Coding{{System: codes.RxNorm, Code: "161"}}, Names: []string{"acetaminophen"},
}

// medications tries drugs becoming known: a Medication that has not arrived, or an order that names
// its drug; each alone, then all together.
func (w *whatIf) medications(f *Flag) (list []trial, cut bool) {
	named := map[facts.Ref]*trial{}
	var refs []facts.Ref
	all := trial{Change: clears.Change{Kind: clears.Medication}, at: w.ev.asOf}
	for i := range w.ev.orders {
		o := &w.ev.orders[i]
		if _, behind := slices.BinarySearch(f.Implicated, o.ref); !behind {
			continue
		}
		fact := *w.st.Find(o.ref)
		if o.drug.pending {
			fact = facts.Fact{Ref: o.MedicationRef, Kind: facts.KindMedication, Medication: &otherDrug}
		} else {
			order := *fact.Order
			order.Drug, order.NoMedication, order.MedicationRef = otherDrug, false, ""
			fact.Order = &order
		}
		if named[fact.Ref] == nil {
			t := trial{Change: clears.Change{Kind: clears.Medication, Targets: []facts.Ref{fact.Ref}}, at: w.ev.asOf}
			t.facts = []facts.Fact{fact}
			named[fact.Ref] = &t
			refs = append(refs, fact.Ref)
			all.facts = append(all.facts, fact)
		}
	}
	for _, ref := range refs {
		if len(refs) <= mostAlone {
			list = append(list, *named[ref])
		}
	}
	if len(refs) > 1 {
		if len(refs) <= clears.MostTargets {
			all.Targets = refs
		}
		list = append(list, all)
	}
	return list, len(refs) > mostAlone
}

// kidneysAndDose is what the renal check decides on for one drug.
type kidneysAndDose struct {
	group  []*exposure
	in     renalInput
	row    RenalMaximum
	dose   dailyDose
	most   decimal.Decimal // the highest dose that needs no flag
	unread bool            // the newest value cannot be evaluated
}

func (w *whatIf) kidneysOf(ingredient string) (k kidneysAndDose, ok bool) {
	for i := range w.ev.exposures {
		if x := &w.ev.exposures[i]; x.Name == ingredient {
			k.group = append(k.group, x)
		}
	}
	if len(k.group) == 0 {
		return k, false
	}
	k.in = w.ev.renalInput(k.group)
	if k.row, ok = k.in.row(); !ok {
		return k, false
	}
	k.dose = totalDose(k.in.Orders, w.ev.zone, w.ev.asOf)
	kidney := readKidney(&k.in)
	if k.most, k.unread = k.row.Failure, kidney.band == renalUnknown; !k.unread {
		band := k.in.Settings.bandOf(&kidney.clearance, k.row.LowerEnds)
		k.most = k.row.maximum(band, k.in.Settings, &kidney.clearance)
	}
	return k, true
}
