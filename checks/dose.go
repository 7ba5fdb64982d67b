package checks

import (
	"strings"
	"time"

	"github.com/rlsguard/rlsguard/checks/decimal"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
)

// doseOrder is one order of a drug whose dose matters. Strength is mg of Ingredient in one unit of
// the product, or in one millilitre (PerML); "" if the product does not state it. A patch has
// Released in Hours instead.
type doseOrder struct {
	Ref        facts.Ref
	Order      *facts.Order
	Strength   string
	PerML      bool
	Released   string
	Hours      string
	Ingredient string
	// Scale converts this order's milligrams to those of the limit (base to salt); zero means 1.
	Scale decimal.Decimal
}

// doseSlack absorbs rounding in division: three times two thirds should be 2.
var doseSlack = decimal.Of("1e-30")

// dailyDose is mg a day. If it is incomplete, some part could not be read and mg is the known
// minimum.
type dailyDose struct {
	mg       decimal.Decimal
	complete bool
	next     time.Time // when a dosage begins or ends; zero if none does
}

// totalDose adds up the orders of one drug: requests with requests, statements with statements; of
// successive dispenses the largest counts. A request, its dispense and what the patient says
// describe one therapy, so the largest of these sums is the dose.
func totalDose(orders []doseOrder, zone *time.Location, asOf time.Time) dailyDose {
	var sums [facts.Statement + 1]dailyDose
	var seen [facts.Statement + 1]bool
	var next time.Time
	for i := range orders {
		kind := orders[i].Order.Kind
		d := orders[i].daily(zone, asOf)
		next = earlier(next, d.next)
		switch {
		case !seen[kind]:
			sums[kind] = d
		case kind == facts.Dispense:
			sums[kind] = largerDose(sums[kind], d)
		default:
			sums[kind] = dailyDose{mg: sums[kind].mg.Plus(d.mg), complete: sums[kind].complete && d.complete}
		}
		seen[kind] = true
	}
	var total dailyDose
	for kind, s := range sums {
		if seen[kind] {
			total = largerDose(total, s)
		}
	}
	total.next = next
	return total
}

// largerDose is the larger of two views of one dose; one complete view is enough.
func largerDose(a, b dailyDose) dailyDose {
	out := dailyDose{mg: a.mg, complete: a.complete || b.complete}
	if b.mg.Cmp(a.mg) > 0 {
		out.mg = b.mg
	}
	return out
}

// daily is the highest dose a day of one order, now and at every later step known.
func (o *doseOrder) daily(zone *time.Location, asOf time.Time) dailyDose {
	var next time.Time
	steps := []time.Time{asOf}
	for i := range o.Order.Dosages {
		b := o.Order.Dosages[i].Bounds
		for _, t := range []moment.Time{b.Start, b.End} {
			if t.IsZero() {
				continue
			}
			at := t.End(zone)
			if t == b.Start {
				at = t.Start(zone)
				if at.After(asOf) {
					steps = append(steps, at)
				}
			}
			if at.After(asOf) {
				next = earlier(next, at)
			}
		}
	}
	var best dailyDose
	for _, at := range steps {
		if d, any := o.at(zone, at); any {
			best = largerStep(best, d)
		}
	}
	best.next = next
	return best
}

// largerStep is the larger of two steps of a course. An unreadable step does not hide a readable
// one that is already too much.
func largerStep(a, b dailyDose) dailyDose {
	if a.mg.Sign() == 0 && !a.complete {
		return b
	}
	out := dailyDose{mg: a.mg, complete: a.complete && b.complete}
	if b.mg.Cmp(a.mg) > 0 {
		out.mg = b.mg
	}
	return out
}

// at adds up the dosages in force at an instant: those without a sequence number, plus the highest
// of the numbered steps.
func (o *doseOrder) at(zone *time.Location, at time.Time) (sum dailyDose, any bool) {
	steps := map[int]dailyDose{}
	for i := range o.Order.Dosages {
		d := &o.Order.Dosages[i]
		if !inForce(d.Bounds, zone, at) {
			continue
		}
		any = true
		mg, ok := o.perDay(d)
		step, begun := steps[d.Sequence]
		steps[d.Sequence] = dailyDose{mg: step.mg.Plus(mg), complete: ok && (step.complete || !begun)}
	}
	sum, base := steps[0]
	delete(steps, 0)
	if !base {
		sum.complete = any
	}
	var highest decimal.Decimal
	for _, step := range steps {
		sum.complete = sum.complete && step.complete
		if step.mg.Cmp(highest) > 0 {
			highest = step.mg
		}
	}
	sum.mg = sum.mg.Plus(highest)
	return sum, any
}

func inForce(p facts.Period, zone *time.Location, at time.Time) bool {
	return (p.Start.IsZero() || !p.Start.Start(zone).After(at)) && (p.End.IsZero() || p.End.End(zone).After(at))
}

// perDay is mg a day of one dosage: dose times frequency, capped at its stated maximum; the maximum
// alone if the rest is not known.
func (o *doseOrder) perDay(d *facts.Dosage) (decimal.Decimal, bool) {
	most, limited := o.maxPerDay(&d.MaxPerDay)
	day, ok := o.released(&d.Dose)
	if !ok {
		mg, known := o.milligrams(&d.Dose)
		rate, timed := rateOf(&d.Timing)
		if !known || !timed {
			return most, limited
		}
		day = mg.Times(rate.times).Over(rate.days)
	}
	if limited && most.Cmp(day) < 0 {
		return most, true
	}
	return day, true
}

// released is what patches release in a day, whatever the interval between changes: from a dose in
// milligrams per hour or day, or from their number.
func (o *doseOrder) released(q *facts.Quantity) (decimal.Decimal, bool) {
	v, err := decimal.Parse(q.Value)
	if err != nil || v.Sign() < 0 {
		return decimal.Decimal{}, false
	}
	for _, unit := range []string{q.Code, q.Unit} {
		mass, span, ok := strings.Cut(strings.ToLower(strings.ReplaceAll(unit, " ", "")), "/")
		if per, known := releaseSpans[span]; ok && known && doseUnits[mass].mg != "" {
			return o.scaled(v.Times(decimal.Of(doseUnits[mass].mg)).Times(decimal.Of("24")).Over(decimal.Of(per))), true
		}
	}
	released, err := decimal.Parse(o.Released)
	hours, bad := decimal.Parse(o.Hours)
	if err != nil || bad != nil || hours.Sign() <= 0 || !doseUnitOf(q).piece {
		return decimal.Decimal{}, false
	}
	return o.scaled(v.Times(released).Times(decimal.Of("24")).Over(hours)), true
}

// releaseSpans are the denominators of release rates, in hours.
var releaseSpans = map[string]string{
	"h":      "1",
	"hr":     "1",
	"hour":   "1",
	"24h":    "24",
	"24hr":   "24",
	"(24.h)": "24",
	"d":      "24",
	"day":    "24",
}

func (o *doseOrder) scaled(mg decimal.Decimal) decimal.Decimal {
	if o.Scale.Sign() > 0 {
		return mg.Times(o.Scale)
	}
	return mg
}

func (o *doseOrder) maxPerDay(r *facts.Ratio) (decimal.Decimal, bool) {
	mg, ok := o.milligrams(&r.Numerator)
	unit, known := periodDays[timeUnitOf(&r.Denominator)]
	length, err := decimal.Parse(r.Denominator.Value)
	if !ok || !known || err != nil || length.Sign() <= 0 {
		return decimal.Decimal{}, false
	}
	return mg.Times(unit.days).Over(length.Times(unit.times)), true
}

// milligrams converts a dose: a mass directly, tablets and capsules by the product's strength,
// millilitres by its strength per millilitre.
func (o *doseOrder) milligrams(q *facts.Quantity) (decimal.Decimal, bool) {
	v, err := decimal.Parse(q.Value)
	if err != nil || v.Sign() < 0 {
		return decimal.Decimal{}, false
	}
	strength, err := decimal.Parse(o.Strength)
	known := err == nil && strength.Sign() > 0
	switch unit := doseUnitOf(q); {
	case unit.mg != "":
		return o.scaled(v.Times(decimal.Of(unit.mg))), true
	case unit.piece && known && !o.PerML, unit.volume && known && o.PerML:
		return o.scaled(v.Times(strength)), true
	}
	return decimal.Decimal{}, false
}

// doseUnit is the meaning of a dose unit: a mass in mg, a piece of the product, or a millilitre.
type doseUnit struct {
	mg            string
	piece, volume bool
}

var doseUnits = func() map[string]doseUnit {
	units := map[string]doseUnit{}
	for mg, names := range map[string][]string{
		"1":     {"mg", "milligram", "milligrams", "milligramm", "milligramme"},
		"1000":  {"g", "gram", "grams", "gramm", "gramme"},
		"0.001": {"ug", "mcg", "µg", "μg", "microgram", "micrograms", "mikrogramm"},
	} {
		for _, n := range names {
			units[n] = doseUnit{mg: mg}
		}
	}
	for _, n := range []string{"ml", "milliliter", "milliliters", "millilitre", "millilitres", "cc"} {
		units[n] = doseUnit{volume: true}
	}
	for _, n := range dosePieces {
		units[n] = doseUnit{piece: true}
	}
	return units
}()

// dosePieces are words and codes (v3-orderableDrugForm, SNOMED CT units of presentation, UCUM
// annotations without their braces) for one solid unit.
var dosePieces = []string{
	"1", "tab", "tabs", "tablet", "tablets", "tablet(s)", "tbl", "ertab", "tabletten", "tablette", "tablettes",
	"filmtablette", "filmtabletten", "comprimé", "comprimés",
	"comprime", "comprimes", "comprimido", "comprimidos", "compressa", "compresse", "tableta", "tabletas", "tabl",
	"cap", "caps", "capsule", "capsules", "capsule(s)", "ercap", "orcap", "cps", "kapsel", "kapseln", "hartkapsel",
	"hartkapseln", "gélule", "gélules", "gelule", "gelules", "cápsula", "cápsulas",
	"capsula", "capsulas", "pill", "pills", "piece", "pieces", "each", "ea", "stück", "stueck", "stk", "st", "stuk",
	"stuks",
	"patch", "patches", "patch(es)", "tpatch", "tpath16", "tpath24", "tpath72", "pflaster", "parche", "parches",
	"cerotto", "cerotti", "adesivo", "pleister", "plåster", "system", "transdermal system",
	"732936001", "732937005", "385055001", "385049006",
}

// doseUnitOf reads a unit's code, else its text.
func doseUnitOf(q *facts.Quantity) doseUnit {
	for _, u := range []string{q.Code, q.Unit} {
		u = strings.ToLower(strings.Trim(u, "{}[]. "))
		if unit, ok := doseUnits[u]; ok && u != "" {
			return unit
		}
	}
	return doseUnit{}
}
