package checks

import (
	"strconv"
	"time"

	"github.com/rlsguard/rlsguard/checks/ahead"
	"github.com/rlsguard/rlsguard/checks/decimal"
	"github.com/rlsguard/rlsguard/checks/silence"
	"github.com/rlsguard/rlsguard/checks/unread"
	"github.com/rlsguard/rlsguard/checks/words"
)

// weighSupply ends an order with its supply plus the days of grace. Without a known supply it
// counts only while open. If a supply is stated but unreadable, the order counts for
// UnreadSupplyDays, with a cap.
func (ev *evaluation) weighSupply(o *orderView, open bool) {
	if o.unread&unread.Supply != 0 && o.SupplyDays == "" && o.Validity.End.IsZero() {
		ev.weighUnreadSupply(o)
		return
	}
	end, ok := ev.supplyEnd(o)
	switch {
	case !ok && open:
	case !ok:
		o.mute(silence.SupplyUnknown, "")
	case !ev.later(end.AddDate(0, 0, ev.set.Orders.SupplyGraceDays), ahead.SupplyEnds, o.ref):
		o.mute(silence.SupplyEnded, end.In(ev.zone).Format(time.DateOnly))
	}
}

func (ev *evaluation) weighUnreadSupply(o *orderView) {
	days := ev.set.Orders.UnreadSupplyDays
	if start := ev.supplyStart(o); !start.IsZero() {
		if end := start.In(ev.zone).AddDate(0, 0, days); !ev.later(end, ahead.SupplyEnds, o.ref) {
			o.mute(silence.SupplyEnded, end.Format(time.DateOnly))
			return
		}
	}
	o.ceiling = min(o.ceiling, Moderate)
	o.notes = append(o.notes, words.Say("unread.supply", "days", strconv.Itoa(days)))
}

// supplyStart is when a supply was handed out, or was to be; zero if unknown.
func (ev *evaluation) supplyStart(o *orderView) time.Time {
	switch {
	case !o.start.IsZero():
		return o.start
	case !o.Validity.Start.IsZero():
		return o.Validity.Start.Start(ev.zone)
	case o.version.Updated != 0:
		return time.Unix(0, o.version.Updated)
	}
	return time.Time{}
}

// supplyEnd is when the medicine is used up: the supply's duration times the first fill and the
// repeats, from its start; else the end of its validity; else what the quantity comes to.
func (ev *evaluation) supplyEnd(o *orderView) (time.Time, bool) {
	start := ev.supplyStart(o)
	days, err := number(o.SupplyDays)
	if err == nil && days > 0 && !start.IsZero() {
		return ev.usedUp(o, start, days), true
	}
	if !o.Validity.End.IsZero() {
		return o.Validity.End.End(ev.zone), true
	}
	if days, ok := ev.quantityDays(o); ok && !start.IsZero() {
		return ev.usedUp(o, start, days), true
	}
	return time.Time{}, false
}

func (ev *evaluation) usedUp(o *orderView, start time.Time, days float64) time.Time {
	total := min(days*float64(o.Repeats+1), 36_500)
	whole := int(total)
	return start.In(ev.zone).AddDate(0, 0, whole).Add(time.Duration((total - float64(whole)) * float64(24*time.Hour)))
}

// quantityDays is how many days a quantity lasts at the structured daily dose; unknown for
// as-needed doses and for steps of different doses.
func (ev *evaluation) quantityDays(o *orderView) (float64, bool) {
	q := o.SupplyAmount
	if q.Value == "" || len(o.Dosages) == 0 {
		return 0, false
	}
	if anyUnit(&q) == "" {
		q.Unit = "1" // so many pieces
	}
	measure := ev.supplyMeasure(o, doseUnitOf(&q))
	amount, known := measure.milligrams(&q)
	var daily decimal.Decimal
	for i := range o.Dosages {
		d := &o.Dosages[i]
		perDay, ok := measure.perDay(d)
		if d.AsNeeded || d.Sequence > 1 || !ok {
			return 0, false
		}
		daily = daily.Plus(perDay)
	}
	if !known || daily.Sign() <= 0 || amount.Sign() <= 0 {
		return 0, false
	}
	days, err := number(amount.Over(daily).Cut(6))
	return days, err == nil
}

// supplyMeasure says how to count a quantity of that unit and the doses of an order: in pieces or
// millilitres if both are, else in milligrams by the strength of the product.
func (ev *evaluation) supplyMeasure(o *orderView, unit doseUnit) *doseOrder {
	same := true
	for i := range o.Dosages {
		dose := doseUnitOf(&o.Dosages[i].Dose)
		same = same && dose.piece == unit.piece && dose.volume == unit.volume
	}
	if same {
		return &doseOrder{Order: o.Order, Strength: "1", PerML: unit.volume}
	}
	ev.classify(o)
	if found := o.drug.match.Found; len(found) == 1 {
		return &doseOrder{Order: o.Order, Strength: found[0].Strength, PerML: found[0].PerML}
	}
	return &doseOrder{Order: o.Order}
}
