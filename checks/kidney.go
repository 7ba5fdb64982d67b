package checks

import (
	"slices"
	"time"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/measure"
	"github.com/rlsguard/rlsguard/checks/terms/labs"
	"github.com/rlsguard/rlsguard/checks/words"
)

// kidneyFunction is what is known about a patient's kidneys.
type kidneyFunction struct {
	band      renalBand
	clearance measure.Measure // in mL/min
	// words give the value, its source and whether it is an approximation; if it cannot be
	// evaluated, why.
	words string
	refs  []facts.Ref
	at    *labReading // the result that dates it
	next  time.Time   // when it becomes too old; zero if never
	// opens: the newest value cannot be evaluated, and that must be said.
	opens bool
	// silence says why it is unknown.
	silence string
}

// readKidney uses the values of the newest day: a clearance, then Cockcroft-Gault, then a reported
// eGFR, since labels dose by clearance, then an eGFR by CKD-EPI. If none of that day can be
// evaluated, older values do not count. On dialysis only a clearance means anything.
func readKidney(in *renalInput) kidneyFunction {
	clearance, creatinine, egfr := in.kidneyDay()
	if len(clearance)+len(creatinine)+len(egfr) == 0 {
		return kidneyFunction{silence: in.noKidney()}
	}
	var k kidneyFunction
	for _, source := range []struct {
		readings []*labReading
		read     func(*labReading) kidneyFunction
	}{
		{clearance, func(r *labReading) kidneyFunction { return in.direct(r, words.Say("kidney.clearance"), "") }},
		{creatinine, in.cockcroftGault},
		{egfr, func(r *labReading) kidneyFunction { return in.direct(r, words.Say("kidney.egfr"), reservation()) }},
		{creatinine, in.ckdEPI},
	} {
		for _, r := range source.readings {
			if k = source.read(r); k.band != renalUnknown {
				return in.recent(k)
			}
		}
	}
	return in.unreadKidney(slices.Concat(clearance, egfr), creatinine)
}

func reservation() string { return words.Say("kidney.approximation") }

// kidneyDay returns, by analyte and newest first, the results of the newest day that has a value
// and is not too old.
func (in *renalInput) kidneyDay() (clearance, creatinine, egfr []*labReading) {
	analytes := []labs.Analyte{labs.CreatinineClearance, labs.Creatinine, labs.EGFR}
	if in.onDialysis() {
		analytes = analytes[:1]
	}
	var newest *labReading
	each := func(f func(a labs.Analyte, r *labReading)) {
		for _, a := range analytes {
			rs := in.Labs.of(a)
			for i := range rs {
				if old, _ := in.tooOld(&rs[i], in.Settings.CreatinineDays); rs[i].reason != measure.Pending && !old {
					f(a, &rs[i])
				}
			}
		}
	}
	each(func(_ labs.Analyte, r *labReading) {
		if newest == nil || in.newerDay(r, newest) {
			newest = r
		}
	})
	lists := map[labs.Analyte]*[]*labReading{
		labs.CreatinineClearance: &clearance, labs.Creatinine: &creatinine, labs.EGFR: &egfr,
	}
	each(func(a labs.Analyte, r *labReading) {
		if !in.newerDay(newest, r) {
			*lists[a] = append(*lists[a], r)
		}
	})
	return clearance, creatinine, egfr
}

func (in *renalInput) onDialysis() bool { return in.Dialysis || len(in.Labs.dialysis) > 0 }

func (in *renalInput) noKidney() string {
	if in.onDialysis() {
		return words.Say("kidney.none.dialysis")
	}
	return words.Say("kidney.none")
}

// recent is k unless it is too old for this patient. An undated value counts as ageing: good
// enough, but not in chronic kidney disease.
func (in *renalInput) recent(k kidneyFunction) kidneyFunction {
	limit := in.Settings.CreatinineDays
	if in.CKD {
		limit = in.Settings.CKDDays
	}
	old, next := in.tooOld(k.at, limit)
	if old || in.CKD && !k.at.dated {
		return kidneyFunction{silence: in.noKidney()}
	}
	k.next = next
	return k
}

// tooOld reports whether a result is older than days, and when it will be; never for an undated
// one.
func (in *renalInput) tooOld(r *labReading, days int) (old bool, next time.Time) {
	if !r.dated || r.unplaced {
		return false, time.Time{}
	}
	day := civilDayOf(r.effective, in.Labs.zone)
	if civilDay(in.Labs.asOf, in.Labs.zone)-day > int64(days) {
		return true, time.Time{}
	}
	return false, civilStart(day+int64(days)+1, in.Labs.zone)
}

func (in *renalInput) newerDay(a, b *labReading) bool {
	if !a.dated || !b.dated {
		return a.dated && !b.dated
	}
	return civilDayOf(a.effective, in.Labs.zone) > civilDayOf(b.effective, in.Labs.zone)
}

// readable says why a value cannot be evaluated. A value that would clear has to be final, with a
// known time; a bad one always counts.
func (in *renalInput) readable(r *labReading, m *measure.Measure) (renalBand, measure.Reason) {
	if r.reason != measure.Usable {
		return renalUnknown, r.reason
	}
	band := in.Settings.band(m)
	above := m.Comparator == ">" || m.Comparator == ">="
	switch {
	case above && m.Value.Cmp(in.Settings.Normal) < 0:
		return renalUnknown, measure.Straddles
	case band != renalNormal:
		return band, measure.Usable
	case r.status != facts.LabFinal:
		return renalUnknown, statusReason(r.status)
	case r.unplaced:
		return renalUnknown, measure.TimeUnread
	}
	return band, measure.Usable
}

// direct is a clearance or eGFR reported by a laboratory.
func (in *renalInput) direct(r *labReading, name, reservation string) kidneyFunction {
	band, reason := in.readable(r, &r.measure)
	if reason != measure.Usable {
		return kidneyFunction{}
	}
	return kidneyFunction{
		band: band, clearance: r.measure, refs: r.refs, at: r,
		words: name + " " + r.measure.Text() + provisional(r) + ", " + r.date(in.Labs.zone) + reservation,
	}
}

func provisional(r *labReading) string {
	if r.status == facts.LabFinal {
		return ""
	}
	return ", " + statusWords(r.status)
}

// unreadKidney says why nothing of the newest day can be evaluated. Without age and sex a
// creatinine means nothing, unless it is high in anybody. Nothing is opened for children.
func (in *renalInput) unreadKidney(reported, creatinine []*labReading) kidneyFunction {
	all := slices.Concat(reported, creatinine)
	k := kidneyFunction{at: all[0]}
	_, k.next = in.tooOld(k.at, in.Settings.CreatinineDays)
	if years, known := in.ageAt(k.at); known && years < 18 {
		k.silence = words.Say("kidney.child")
		return k
	}
	for _, r := range all {
		k.refs = append(k.refs, r.refs...)
		why := in.whyUnread(r)
		if k.words == "" {
			k.words = words.Say(kidneyWords[r.lab.Analyte]) + " " + r.date(in.Labs.zone) + ": " + why
		}
		k.opens = k.opens || !in.withoutPerson(r) || in.highInAnybody(r)
	}
	k.silence = words.Say("kidney.unread", "why", k.words)
	return k
}

var kidneyWords = map[labs.Analyte]string{
	labs.CreatinineClearance: "kidney.clearance", labs.Creatinine: "kidney.creatinine", labs.EGFR: "kidney.egfr",
}

// withoutPerson reports whether a creatinine lacks only age or sex.
func (in *renalInput) withoutPerson(r *labReading) bool {
	return r.lab.Analyte == labs.Creatinine && r.reason == measure.Usable && !in.personKnown(r)
}

func (in *renalInput) highInAnybody(r *labReading) bool {
	return r.reason == measure.Usable && r.measure.Value.Cmp(in.Settings.CreatinineAlone) > 0 &&
		r.measure.Comparator != "<" &&
		r.measure.Comparator != "<="
}

func (in *renalInput) whyUnread(r *labReading) string {
	if in.withoutPerson(r) {
		return words.Say("kidney.alone", "value", r.measure.Text())
	}
	reason := r.reason
	if reason == measure.Usable {
		reason = statusReason(r.status)
	}
	switch {
	case reason != measure.Usable:
	case r.unplaced:
		return words.Say("kidney.time")
	default:
		reason = measure.Straddles
	}
	return reason.Words()
}

// newest is the result that dates k; "" if there is none.
func (k *kidneyFunction) newest() facts.Ref {
	if k.at == nil || len(k.at.refs) == 0 {
		return ""
	}
	return k.at.refs[0]
}
