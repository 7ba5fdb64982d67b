package checks

import (
	"slices"
	"time"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/measure"
	"github.com/rlsguard/rlsguard/checks/terms/labs"
	"github.com/rlsguard/rlsguard/checks/words"
)

// kidneyFunction is what is known of a patient's kidneys.
type kidneyFunction struct {
	band      renalBand
	clearance measure.Measure // in mL/min
	// words tell the value, where it is from and that it is an approximation, if it is; of one that
	// cannot be evaluated, why.
	words string
	refs  []facts.Ref
	at    *labReading // by which it is dated
	next  time.Time   // when it becomes too old; zero when never
	// opens: the newest value cannot be evaluated, and that has to be said.
	opens bool
	// silence says why it is not known.
	silence string
}

// readKidney takes the values of the newest day. Of these a clearance decides first, then
// Cockcroft-Gault, then an eGFR, since labels dose on clearance, then an eGFR by CKD-EPI. Where
// none of that day can be evaluated nothing older speaks. On dialysis only a clearance tells
// anything.
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

// kidneyDay are the results of the newest day on which there is one with a value, and which is not
// too old, by analyte; the newest first.
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

// recent is k, unless it is too old for this patient. One without a time is taken as ageing: good
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

// tooOld tells whether a result is older than a number of days, and when it will be; never where it
// has no time.
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

// newerDay tells whether a was taken on a later day than b.
func (in *renalInput) newerDay(a, b *labReading) bool {
	if !a.dated || !b.dated {
		return a.dated && !b.dated
	}
	return civilDayOf(a.effective, in.Labs.zone) > civilDayOf(b.effective, in.Labs.zone)
}

// readable says why a value cannot be evaluated. One that would clear has to be final, and of a
// known time; one that is bad counts whatever it is.
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

// direct is a clearance or an eGFR that a laboratory reports.
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

// unreadKidney says why nothing of the newest day can be evaluated. A creatinine says nothing
// without age and sex unless it is high in anybody, and nothing is opened for children.
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

// withoutPerson tells of a creatinine that only age or sex is missing.
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

// newest is the result that k is dated by; "" where nothing is known.
func (k *kidneyFunction) newest() facts.Ref {
	if k.at == nil || len(k.at.refs) == 0 {
		return ""
	}
	return k.at.refs[0]
}
