package checks

import (
	"slices"
	"time"

	"github.com/rlsguard/rlsguard/checks/decimal"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/measure"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/checks/terms/labs"
	"github.com/rlsguard/rlsguard/checks/words"
)

// personKnown reports whether sex, and age on the day of a creatinine, are known; the formulas need
// both.
func (in *renalInput) personKnown(r *labReading) bool {
	years, known := in.ageAt(r)
	return known && years < 120 && (in.Sex == facts.Female || in.Sex == facts.Male)
}

// adult reports whether a creatinine can go into a formula.
func (in *renalInput) adult(r *labReading) bool {
	years, _ := in.ageAt(r)
	return r.reason == measure.Usable && in.personKnown(r) && years >= 18 && r.measure.Value.Sign() > 0
}

// ageAt is the age on the day of a result, so that an estimate does not drift with time.
func (in *renalInput) ageAt(r *labReading) (years int, known bool) {
	if in.Birth.IsZero() || !r.dated || r.unplaced {
		return 0, false
	}
	return ageOn(in.Birth, civilDayOf(r.effective, in.Labs.zone), in.Labs.zone), true
}

// cockcroftGault estimates clearance in mL/min: (140 - age) x kg / (72 x creatinine in mg/dL), x
// 0.85 in women; for adults whose weight is known.
func (in *renalInput) cockcroftGault(creatinine *labReading) kidneyFunction {
	if !in.adult(creatinine) {
		return kidneyFunction{}
	}
	weight := in.weightNear(creatinine)
	if weight == nil {
		return kidneyFunction{}
	}
	age, _ := in.ageAt(creatinine)
	above := decimal.Int(140 - age).Times(weight.measure.Value)
	if in.Sex == facts.Female {
		above = above.Times(decimal.Of("0.85"))
	}
	value := above.Over(decimal.Int(72).Times(creatinine.measure.Value))
	return in.estimated(creatinine, value, "mL/min", slices.Concat(creatinine.refs, weight.refs),
		func(clearance string) string {
			return words.Say(
				"kidney.cockcroft-gault",
				"clearance",
				clearance,
				"creatinine",
				creatinine.measure.Text()+provisional(creatinine),
				"date",
				creatinine.date(in.Labs.zone),
				"weight",
				weight.measure.Text(),
				"weighed",
				weight.date(in.Labs.zone),
			)
		})
}

// ckdEPI estimates an adult's eGFR in mL/min/1.73 m² by CKD-EPI 2021 (Inker et al., doi
// 10.1056/NEJMoa2102953): 142 x min(Scr/k, 1)^a x max(Scr/k, 1)^-1.200 x 0.9938^age, x 1.012 in
// women; k is 0.7 and a -0.241 in women, 0.9 and -0.302 in men; Scr in mg/dL.
func (in *renalInput) ckdEPI(creatinine *labReading) kidneyFunction {
	if !in.adult(creatinine) {
		return kidneyFunction{}
	}
	age, _ := in.ageAt(creatinine)
	k, a, factor := decimal.Of("0.9"), decimal.Of("-0.302"), decimal.Int(142)
	if in.Sex == facts.Female {
		k, a, factor = decimal.Of("0.7"), decimal.Of("-0.241"), decimal.Of("142").Times(decimal.Of("1.012"))
	}
	ratio := creatinine.measure.Value.Over(k)
	if ratio.Cmp(decimal.Int(1)) > 0 {
		a = decimal.Of("-1.2")
	}
	value := factor.Times(ratio.Power(a)).Times(decimal.Of("0.9938").Power(decimal.Int(age)))
	return in.estimated(creatinine, value, "mL/min/{1.73_m2}", creatinine.refs,
		func(clearance string) string {
			return words.Say(
				"kidney.ckd-epi",
				"clearance",
				clearance,
				"creatinine",
				creatinine.measure.Text()+provisional(creatinine),
				"date",
				creatinine.date(in.Labs.zone),
			) + reservation()
		})
}

// estimated inverts the comparator, because clearance falls as creatinine rises.
func (in *renalInput) estimated(
	creatinine *labReading,
	value decimal.Decimal,
	unit string,
	refs []facts.Ref,
	tell func(clearance string) string,
) kidneyFunction {
	comparator, _ := ratioComparator("", creatinine.measure.Comparator)
	m := measure.Measure{Value: value, Comparator: comparator, Unit: unit}
	band, reason := in.readable(creatinine, &m)
	if reason != measure.Usable {
		return kidneyFunction{}
	}
	shown := value.Cut(1)
	if comparator != "" {
		shown = comparator + " " + shown
	}
	return kidneyFunction{band: band, clearance: m, refs: refs, at: creatinine, words: tell(shown)}
}

// weightNear is the newest weight close enough in time to a creatinine; an undated one serves if no
// other does.
func (in *renalInput) weightNear(creatinine *labReading) *labReading {
	day := civilDayOf(creatinine.effective, in.Labs.zone)
	return in.Labs.newestUsable(labs.Weight, func(r *labReading) bool {
		if !r.dated || r.afloat || r.measure.Comparator != "" {
			return r.measure.Comparator == ""
		}
		gap := civilDayOf(r.effective, in.Labs.zone) - day
		return max(gap, -gap) <= int64(in.Settings.WeightDays)
	})
}

// ageOn is the age in whole years on a day. A partial birth date gives the highest possible age,
// the more cautious one.
func ageOn(birth moment.Time, day int64, zone *time.Location) int {
	now := time.Unix(day*86_400, 0).UTC()
	age := now.Year() - time.Unix(0, birth.Nanos).UTC().Year()
	if first, _ := birthdays(birth, age, zone); civilDay(first, zone) > day {
		age--
	}
	return age
}
