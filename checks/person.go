package checks

import (
	"github.com/rlsguard/rlsguard/checks/ahead"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/checks/terms/labs"
)

// died reports whether the patient has died by the as-of time. A death without a date has happened.
func (ev *evaluation) died() bool {
	p := &ev.person
	return p.Deceased && (p.Died.IsZero() || !ev.later(p.Died.Start(ev.zone), ahead.Death, ev.st.Patient))
}

// ageAtLeast reports whether the patient has had that birthday; ok is false if the birth date
// leaves it open.
func (ev *evaluation) ageAtLeast(years int) (yes, ok bool) {
	b := ev.person.Birth
	if b.IsZero() {
		return false, false
	}
	if !ev.later(b.Start(ev.zone).AddDate(years, 0, 0), ahead.Birthday, ev.st.Patient) {
		// The earliest possible birthday has passed; with a partial date the latest one decides
		// whether that is certain.
		if b.Precision < moment.ToDay && ev.later(b.End(ev.zone).AddDate(years, 0, -1), ahead.Birthday, ev.st.Patient) {
			return false, false
		}
		return true, true
	}
	return false, true
}

// pregnant reports whether a pregnancy is on record and recent enough (rules.md R8), by Condition
// or by result. In a man, or anybody over 55, it is taken as an error in the data.
func (ev *evaluation) pregnant() bool {
	if ev.person.Sex == facts.Male {
		return false
	}
	if over, ok := ev.ageAtLeast(56); ok && over {
		return false
	}
	for i := range ev.st.Facts {
		f := &ev.st.Facts[i]
		if f.Kind == facts.KindCondition && ev.pregnancyCondition(f.Condition) ||
			f.Kind == facts.KindLab && ev.pregnancyResult(f.Lab) {
			return true
		}
	}
	return false
}

func (ev *evaluation) pregnancyCondition(c *facts.Condition) bool {
	if !ev.contextCounts(c, "context_pregnancy") && !ev.contextCounts(c, "rls_pregnancy") {
		return false
	}
	when := c.Recorded
	if when.IsZero() {
		when = c.Onset
	}
	return ev.pregnancyLasts(when)
}

// pregnancyLasts reports whether a sign of pregnancy of that time still counts; an undated one
// does.
func (ev *evaluation) pregnancyLasts(when moment.Time) bool {
	return when.IsZero() ||
		!ev.later(when.Start(ev.zone), ahead.PregnancyCounts, "") &&
			ev.later(when.End(ev.zone).AddDate(0, 0, ev.set.Orders.PregnancyDays), ahead.PregnancyEnds, "")
}

func (ev *evaluation) pregnancyResult(l *facts.LabResult) bool {
	for i := range l.Results {
		if ev.pregnancyResult(&l.Results[i]) {
			return true
		}
	}
	if l.Status != facts.LabFinal || !ev.pregnancyLasts(l.Effective.Start) || l.Effective.Start.IsZero() {
		return false
	}
	for _, code := range l.Loincs {
		row, ok := labs.Find(code)
		if ok && (row.Analyte == labs.PregnancyStatus || row.Analyte == labs.PregnancyTest) &&
			saysPregnant(&l.Value) {
			return true
		}
	}
	return false
}

// pregnantCodes are coded values that mean pregnant: SNOMED CT pregnant, positive, detected.
var pregnantCodes = map[string]bool{"77386006": true, "10828004": true, "260373001": true}

func saysPregnant(v *facts.Value) bool {
	for _, c := range v.Concept.Codings {
		if c.System == codes.SNOMED && pregnantCodes[c.Code] {
			return true
		}
	}
	return false
}
