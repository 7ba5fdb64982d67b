package checks

import (
	"fmt"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/rlsguard/rlsguard/checks/exercise"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/checks/unread"
)

// drawing writes scenario lines with dates around the as-of time.
type drawing struct {
	*rapid.T
	asOf  time.Time
	lines []string
}

func (d *drawing) one(words ...string) string { return rapid.SampledFrom(words).Draw(d.T, "one") }

// day is a date, a month or an instant, from so many to so many days off the as-of time.
func (d *drawing) day(from, to int) string {
	at := d.asOf.AddDate(0, 0, rapid.IntRange(from, to).Draw(d.T, "days"))
	switch rapid.IntRange(0, 6).Draw(d.T, "precision") {
	case 0:
		return at.Format("2006-01")
	case 1:
		return at.Add(time.Duration(rapid.IntRange(0, 100_000).Draw(d.T, "seconds")) * time.Second).Format(time.RFC3339)
	}
	return at.Format(time.DateOnly)
}

func (d *drawing) add(words ...string) {
	d.lines = append(d.lines, strings.Join(strings.Fields(strings.Join(words, " ")), " "))
}

func (d *drawing) some(most int, add func()) {
	for range rapid.IntRange(0, most).Draw(d.T, "some") {
		add()
	}
}

func (d *drawing) person() {
	d.add("person", d.one("female", "male"), d.one("1961-11-20", "1974", "2008-12", "1970-11-23", "1962-01-02"),
		d.one("", "", "", "", "died "+d.day(-10, 800)))
}

func (d *drawing) rls() {
	d.add(d.one("rls confirmed", "rls confirmed", "rls remission", "rls provisional"),
		d.one("", "recorded "+d.day(-400, 100)), d.one("", "", "", "abated "+d.day(-20, 500)))
}

func (d *drawing) condition() {
	d.add("condition http://hl7.org/fhir/sid/icd-10-cm", d.one("G20", "N18.6", "E83.110", "Z33.1"),
		d.one("", "recorded "+d.day(-400, 200)), d.one("", "", "abated "+d.day(-5, 300)))
}

func (d *drawing) order() {
	d.add(d.one("request", "request", "request", "dispense", "statement"),
		d.one("active", "active", "active", "completed", "stopped", "draft", "unknown", "in-progress"),
		d.one("rx:312938", "gabapentin", "gabapentin", "pregabalin", "oxycodone", "fluoxetine", "pramipexole",
			"haloperidol", `"Ferrous sulfate"`, "doxepin", "lorazepam"),
		d.day(-800, 60), d.one("", "", "supply:30", "supply:90 repeats:2", "supply:2"),
		d.one("", "", "bounds:"+d.day(-60, 60)+".."+d.day(-10, 400), "bounds:.."+d.day(-10, 300)),
		d.one("", "dose:600mg daily:3", "dose:3mg daily:1", "dose:5mg daily:1 as-needed"),
		d.one("", "updated:"+d.day(-60, 0)), d.one("", "", "reason:32914008", "reason-icd:G20"))
}

func (d *drawing) lab() {
	d.add("lab", d.one("ferritin 152 ng/mL", "ferritin 40 ng/mL", "ferritin 85 ng/mL", "tsat 30 %", "tsat 15 %",
		"creatinine 2.4 mg/dL", "egfr 25 mL/min/{1.73_m2}", "weight 70 kg", "ferritin text pending", "crp 40 mg/L"),
		d.day(-500, 60), d.one("", "", "", "preliminary", "specimen:a"))
}

func randomPatient(r *rapid.T) *scenario {
	asOf := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	d := &drawing{T: r, asOf: asOf}
	d.some(1, d.person)
	d.some(2, d.rls)
	d.some(1, d.condition)
	d.some(5, d.order)
	d.some(4, d.lab)
	text := "# one\n" + strings.Join(d.lines, "\n")
	r.Logf("%s", text)
	cases, err := exercise.Read(text)
	if err != nil {
		r.Fatal(err)
	}
	st, err := Exercised(cases[0])
	if err != nil {
		r.Fatal(err)
	}
	for i := range st.Facts {
		unusual(r, &st.Facts[i], asOf)
	}
	return &scenario{Case: cases[0], st: st}
}

// unusual gives some facts what scenario lines cannot express: a second step of a dose, an
// unreadable supply or time.
func unusual(r *rapid.T, f *facts.Fact, asOf time.Time) {
	if rapid.IntRange(0, 3).Draw(r, "unusual") > 0 {
		return
	}
	switch {
	case f.Kind == facts.KindLab && !f.Lab.Effective.Start.IsZero():
		f.Lab.TimeUnread = true
	case f.Kind == facts.KindOrder && f.Order.Status == facts.StatusCompleted:
		f.Unread |= unread.Supply
	case f.Kind == facts.KindOrder:
		at := asOf.AddDate(0, 0, rapid.IntRange(-10, 60).Draw(r, "second step"))
		f.Order.Dosages = append(f.Order.Dosages, facts.Dosage{
			Dose:   facts.Quantity{Value: "900", Unit: "mg"},
			Timing: facts.Timing{Frequency: 2, Period: "1", PeriodUnit: "d"},
			Bounds: facts.Period{Start: moment.Instant(at), End: moment.Instant(at.AddDate(0, 0, 30))},
		})
	}
}

// answer acknowledges some of the open flags, with dates and ends around now.
func answer(r *rapid.T, st *State, set *Settings, asOf time.Time) {
	for i, f := range flagsAt(st, set, asOf) {
		a := &facts.Acknowledgement{FlagID: f.ID, Basis: f.Basis, Reason: "noted"}
		a.Override = rapid.Bool().Draw(r, "override")
		if a.Override {
			a.Reason = "will-monitor"
		}
		days := func(name string, from, to int) moment.Time {
			at := asOf.AddDate(0, 0, rapid.IntRange(from, to).Draw(r, name))
			if rapid.Bool().Draw(r, name+" as an instant") {
				return moment.Instant(at.Add(time.Hour))
			}
			return moment.Time{Nanos: at.Truncate(24 * time.Hour).UnixNano(), Precision: moment.ToDay}
		}
		switch rapid.IntRange(0, 4).Draw(r, "answered") {
		case 0:
			a.Date, a.Until = days("answered on", -20, 20), days("until", -5, 200)
		case 1:
			a.Until = days("until", -5, 200)
		case 2:
			a.Date = days("answered on", -20, 20)
		default:
			continue
		}
		ref := facts.Ref(fmt.Sprintf("DetectedIssue/%d", i))
		st.Merge(facts.Fact{Ref: ref, Kind: facts.KindAcknowledgement, Acknowledgement: a})
	}
}
