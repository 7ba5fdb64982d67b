package checks

import (
	"cmp"
	"slices"
	"time"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/checks/record"
	"github.com/rlsguard/rlsguard/checks/silence"
	"github.com/rlsguard/rlsguard/checks/words"
)

// orderStatusCodes are FHIR's, indexed by the constants of package facts.
var orderStatusCodes = [...]string{
	"unknown", "active", "draft", "on-hold", "stopped", "cancelled", "completed", "in-progress", "not-taken",
}

func (ev *evaluation) recordOrders() []record.Order {
	all := make([]record.Order, 0, len(ev.orders))
	for i := range ev.orders {
		all = append(all, ev.recordOrder(&ev.orders[i]))
	}
	slices.SortStableFunc(all, func(a, b record.Order) int {
		return cmp.Or(a.From.At.Compare(b.From.At), cmp.Compare(a.Ref, b.Ref))
	})
	return all
}

func (ev *evaluation) recordOrder(o *orderView) record.Order {
	from, until := ev.recordSpan(o)
	r := record.Order{
		Ref:     o.ref,
		Kind:    [...]string{record.KindOrder, record.KindDispense, record.KindStatement}[o.Kind],
		Product: cmp.Or(ev.productWords(o), string(o.MedicationRef)),
		Dose:    ev.recordDose(o, from, until),
		Steps:   ev.recordSteps(o),
		Status:  orderStatusCodes[o.Status],
		Draft:   o.draft || o.Status == facts.StatusDraft,
		From:    ev.recordDate(from), Until: ev.recordDate(until),
		Counts: o.counts, Notes: o.notes,
	}
	r.AsNeeded = len(o.Dosages) > 0 && !slices.ContainsFunc(o.Dosages, func(d facts.Dosage) bool { return !d.AsNeeded })
	for _, found := range o.drug.match.Found {
		r.Ingredients = append(r.Ingredients, found.Name)
		if !slices.Contains(r.Classes, string(found.Class)) {
			r.Classes = append(r.Classes, string(found.Class))
		}
	}
	if !o.counts && o.silence != "" {
		r.Why = o.silence.Words()
		if o.detail != "" {
			r.Why += " (" + o.detail + ")"
		}
	}
	return r
}

// recordDose is the dose in words: as of the record for a current order, else the largest since it
// began.
func (ev *evaluation) recordDose(o *orderView, from, until moment.Time) string {
	then := *ev
	if !until.IsZero() && !until.End(ev.zone).After(ev.asOf) && !from.IsZero() {
		then.asOf = from.Start(ev.zone)
	}
	return then.doseWords(o)
}

func (ev *evaluation) recordSteps(o *orderView) []record.Step {
	found := o.drug.match.Found
	var begins []moment.Time
	for i := range o.Dosages {
		if b := o.Dosages[i].Bounds.Start; !b.IsZero() && !slices.Contains(begins, b) {
			begins = append(begins, b)
		}
	}
	if len(found) != 1 || len(begins) < 2 {
		return nil
	}
	slices.SortFunc(begins, func(a, b moment.Time) int { return a.Start(ev.zone).Compare(b.Start(ev.zone)) })
	x := exposure{orderView: o, Found: found[0]}
	order := doseOrderOf(&x)
	var steps []record.Step
	for _, at := range begins {
		s := record.Step{From: ev.recordDate(at)}
		if d, any := order.at(ev.zone, at.Start(ev.zone)); any && d.complete && d.mg.Sign() > 0 {
			s.Dose = words.Say("order.a-day", "mg", d.mg.Cut(3))
		}
		if n := len(steps); n == 0 || steps[n-1].Dose != s.Dose {
			steps = append(steps, s)
		}
	}
	if len(steps) < 2 {
		return nil
	}
	return steps
}

// recordSpan is when an order began, and when it ended or will end; zero if unknown.
func (ev *evaluation) recordSpan(o *orderView) (from, until moment.Time) {
	from = o.Authored
	first, last, bounded := moment.Time{}, moment.Time{}, len(o.Dosages) > 0
	for i := range o.Dosages {
		b := &o.Dosages[i].Bounds
		if !b.Start.IsZero() && (first.IsZero() || b.Start.Start(ev.zone).Before(first.Start(ev.zone))) {
			first = b.Start
		}
		if bounded = bounded && !b.End.IsZero(); bounded &&
			(last.IsZero() || b.End.End(ev.zone).After(last.End(ev.zone))) {
			last = b.End
		}
	}
	if from.IsZero() || !first.IsZero() && first.Start(ev.zone).After(from.Start(ev.zone)) {
		from = first
	}
	if from.IsZero() {
		from = o.Effective.Start
	}
	if bounded {
		until = last
	}
	if o.Kind == facts.Statement && !o.Effective.End.IsZero() {
		until = o.Effective.End
	}
	return from, ev.recordEnd(o, from, until)
}

// recordEnd is the end of an order whose dosages end at until; zero if they do not end.
func (ev *evaluation) recordEnd(o *orderView, from, until moment.Time) moment.Time {
	switch o.Status {
	case facts.StatusStopped:
		return ev.stopped(o)
	case facts.StatusCancelled, facts.StatusNotTaken:
		return cmp.Or(until, from)
	}
	if !until.IsZero() || o.Status != facts.StatusCompleted && o.Kind != facts.Dispense {
		return until
	}
	if end, ok := ev.supplyEnd(o); ok {
		// To the day, like the supply itself.
		w := end.In(ev.zone)
		day := time.Date(w.Year(), w.Month(), w.Day(), 0, 0, 0, 0, time.UTC)
		return moment.Time{Nanos: day.UnixNano(), Precision: moment.ToDay}
	}
	if o.Status == facts.StatusCompleted && o.silence == silence.SupplyUnknown {
		return from
	}
	return until
}
