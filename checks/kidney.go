package checks

import (
	"fmt"
	"slices"
	"time"

	"github.com/rlsguard/rlsguard/checks/terms"
)

// kidneyFunction is what is known of a patient's kidneys.
type kidneyFunction struct {
	band      renalBand
	clearance measure // in mL/min
	// words tell the value, where it is from and that it is an approximation, if it is.
	words string
	refs  []Ref
	at    *labReading // by which it is dated
	next  time.Time   // when it becomes too old; zero when never
	// silence says why it is not known.
	silence string
}

// readKidney takes the newest result that is not too old: a clearance, a creatinine with age, sex and weight by Cockcroft-Gault,
// or an eGFR; of one day in this order, since labels dose on clearance. On dialysis only a clearance tells anything.
func readKidney(in *renalInput) kidneyFunction {
	fresh := func(r *labReading) bool {
		age, _ := in.kidneyAge(r)
		return age
	}
	candidates := []kidneyFunction{in.direct(in.Labs.newestUsable(terms.CreatinineClearance, fresh), "creatinine clearance", "")}
	if !in.onDialysis() {
		candidates = append(candidates, in.cockcroftGault(in.Labs.newestUsable(terms.Creatinine, func(r *labReading) bool { return fresh(r) && r.measure.comparator == "" })))
		candidates = append(candidates, in.direct(in.Labs.newestUsable(terms.EGFR, fresh), "eGFR", ", an approximation, since labels dose on creatinine clearance"))
	}
	candidates = slices.DeleteFunc(candidates, func(k kidneyFunction) bool { return k.band == renalUnknown })
	if len(candidates) == 0 {
		return kidneyFunction{silence: in.noKidney()}
	}
	best := candidates[0]
	for _, k := range candidates[1:] {
		if in.newerDay(k.at, best.at) {
			best = k
		}
	}
	_, best.next = in.kidneyAge(best.at)
	return best
}

func (in *renalInput) onDialysis() bool { return in.Dialysis || len(in.Labs.dialysis) > 0 }

func (in *renalInput) noKidney() string {
	if in.onDialysis() {
		return "dialysis is on record and no clearance was found in the data received"
	}
	return "no usable and recent creatinine clearance, creatinine with age, sex and weight, or eGFR was found in the data received"
}

// kidneyAge tells whether a result is recent enough, and when it will not be any more. One without a time is taken as ageing: good enough, but not in
// chronic kidney disease.
func (in *renalInput) kidneyAge(r *labReading) (fresh bool, next time.Time) {
	limit := in.Settings.CreatinineDays
	if in.CKD {
		limit = in.Settings.CKDDays
	}
	if !r.dated {
		return !in.CKD, time.Time{}
	}
	day := civilDayOf(r.effective, in.Labs.zone)
	if civilDay(in.Labs.asOf, in.Labs.zone)-day > int64(limit) {
		return false, time.Time{}
	}
	return true, civilStart(day+int64(limit)+1, in.Labs.zone)
}

// newerDay tells whether a was taken on a later day than b.
func (in *renalInput) newerDay(a, b *labReading) bool {
	if !a.dated || !b.dated {
		return a.dated && !b.dated
	}
	return civilDayOf(a.effective, in.Labs.zone) > civilDayOf(b.effective, in.Labs.zone)
}

func (in *renalInput) direct(r *labReading, name, reservation string) kidneyFunction {
	if r == nil {
		return kidneyFunction{}
	}
	return kidneyFunction{
		band: in.Settings.band(&r.measure), clearance: r.measure, refs: r.refs, at: r,
		words: name + " " + r.measure.text() + ", " + r.date(in.Labs.zone) + reservation,
	}
}

// cockcroftGault estimates clearance: (140 - age) x kg / (72 x creatinine in mg/dL), x 0.85 in women; for adults, with the age on the
// day of the creatinine, so that the estimate does not change by itself.
func (in *renalInput) cockcroftGault(creatinine *labReading) kidneyFunction {
	if creatinine == nil || !creatinine.dated || in.Sex != Female && in.Sex != Male || in.Birth.IsZero() || creatinine.measure.value.Sign() == 0 {
		return kidneyFunction{}
	}
	weight := in.weightNear(creatinine)
	age := ageOn(in.Birth, civilDayOf(creatinine.effective, in.Labs.zone), in.Labs.zone)
	if weight == nil || age < 18 || age >= 120 {
		return kidneyFunction{}
	}
	above := decimalInt(140 - age).times(weight.measure.value)
	if in.Sex == Female {
		above = above.times(decimal("0.85"))
	}
	m := measure{value: above.over(decimalInt(72).times(creatinine.measure.value)), unit: "mL/min"}
	return kidneyFunction{
		band: in.Settings.band(&m), clearance: m, refs: slices.Concat(creatinine.refs, weight.refs), at: creatinine,
		words: fmt.Sprintf("creatinine clearance %s mL/min by Cockcroft-Gault (creatinine %s, %s; weight %s, %s)", m.value.cut(1),
			creatinine.measure.text(), creatinine.date(in.Labs.zone), weight.measure.text(), weight.date(in.Labs.zone)),
	}
}

// weightNear is the newest weight that is not too far in time from a creatinine; one without a time serves where none has one.
func (in *renalInput) weightNear(creatinine *labReading) *labReading {
	day := civilDayOf(creatinine.effective, in.Labs.zone)
	return in.Labs.newestUsable(terms.Weight, func(r *labReading) bool {
		if !r.dated || r.measure.comparator != "" {
			return r.measure.comparator == ""
		}
		gap := civilDayOf(r.effective, in.Labs.zone) - day
		return max(gap, -gap) <= int64(in.Settings.WeightDays)
	})
}

// ageOn is the age in whole years on a day; with a partial birth date the higher of the possible ones, which is the more careful.
func ageOn(birth Time, day int64, zone *time.Location) int {
	now := time.Unix(day*86_400, 0).UTC()
	age := now.Year() - time.Unix(0, birth.Nanos).UTC().Year()
	if first, _ := birthdays(birth, age, zone); civilDay(first, zone) > day {
		age--
	}
	return age
}
