package rehearse

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
)

var asOf = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

func flag(check, ingredient string, s checks.Severity) Flag {
	return Flag{Check: check, Ingredient: ingredient, Severity: s, Summary: check + " says"}
}

func TestChanges(t *testing.T) {
	p := Patient{
		Ref: "Patient/1", Orders: 4,
		Before:      []Flag{flag("b", "x", checks.High), flag("a", "", checks.Low), flag("c", "", checks.Low)},
		After:       []Flag{flag("b", "x", checks.Moderate), flag("b", "y", checks.High), flag("c", "", checks.Low)},
		SilentAfter: func(f Flag) string { return f.Check + " is silent" },
	}
	var got []Change
	r := New(1)
	r.Each = func(c Change) error { got = append(got, c); return nil }
	if err := r.Add(&p); err != nil {
		t.Fatal(err)
	}
	want := []Change{
		{Change: Closed, Patient: "Patient/1", Check: "a", From: "low", Was: "a says", Is: "a is silent"},
		{
			Change:     Moved,
			Patient:    "Patient/1",
			Check:      "b",
			Ingredient: "x",
			From:       "high",
			To:         "moderate",
			Was:        "b says",
			Is:         "b says",
		},
		{Change: Opened, Patient: "Patient/1", Check: "b", Ingredient: "y", To: "high", Is: "b says"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	rep := r.Report(asOf, "one", "two")
	if rep.Counts != (Counts{1, 1, 1}) || rep.Per1000 != (Rates{250, 250, 250}) || rep.Patients != 1 ||
		rep.Changed != 1 ||
		rep.OpenBefore.total() != 3 {
		t.Errorf("%+v", rep)
	}
	r.Each = func(Change) error { return errors.New("full") }
	if err := r.Add(&p); err == nil {
		t.Error("what Each says is lost")
	}
}

// TestReportDoesNotGrow: a report on many patients is as long as one on a few.
func TestReportDoesNotGrow(t *testing.T) {
	size := func(patients int) int {
		r := New(2)
		for i := range patients {
			p := Patient{
				Ref:    facts.Ref(fmt.Sprintf("Patient/%06d", i)),
				Orders: 1,
				After:  []Flag{flag("a", "", checks.Low), flag("b", "x", checks.High)},
			}
			if err := r.Add(&p); err != nil {
				t.Fatal(err)
			}
		}
		rep := r.Report(asOf, "one", "two")
		if rep.Counts.Opened != 2*patients || len(rep.Examples) != 4 {
			t.Fatalf("%d opened, %d examples", rep.Counts.Opened, len(rep.Examples))
		}
		var b bytes.Buffer
		if err := rep.WriteText(&b, strings.Clone); err != nil {
			t.Fatal(err)
		}
		return b.Len()
	}
	if few, many := size(100), size(20_000); many > few+100 {
		t.Errorf("%d bytes for 100 patients, %d for 20,000", few, many)
	}
}

// TestPage: every kind of change is drawn, record texts are escaped, and the drawing is
// well-formed.
func TestPage(t *testing.T) {
	r := New(5)
	for _, p := range []Patient{
		{Ref: "Patient/<script>", Before: []Flag{flag("a", "", checks.Low)}},
		{Ref: "Patient/2", After: []Flag{flag("a", "", checks.High)}},
		{Ref: "Patient/3", Before: []Flag{flag("a", "", checks.High)}, After: []Flag{flag("a", "", checks.Moderate)}},
	} {
		if err := r.Add(&p); err != nil {
			t.Fatal(err)
		}
	}
	rep := r.Report(asOf, "one", "two")
	rep.Compared, rep.Settings = true, Settings(checks.DefaultSettings(), &checks.Settings{})
	var b bytes.Buffer
	if err := rep.WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	for _, want := range []string{`<rect class="opened" x=`, `<rect class="closed" x=`, `<rect class="moved" x=`, "Patient/&lt;script&gt;", "iron.ferritin_low"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s in the page", want)
		}
	}
	if strings.Contains(page, "<script>") {
		t.Error("a script got into the page")
	}
	for _, svg := range strings.Split(page, "<svg role")[1:] {
		d := xml.NewDecoder(strings.NewReader("<svg role" + svg[:strings.Index(svg, "</svg>")+6]))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestSettingsThatDiffer: by key, including those in lists and tables; equal settings do not
// differ.
func TestSettingsThatDiffer(t *testing.T) {
	a, b := checks.DefaultSettings(), checks.DefaultSettings()
	if got := Settings(a, b); len(got) > 0 {
		t.Errorf("%v", got)
	}
	off := false
	b.Checks = map[string]checks.CheckSetting{"rls-ssri": {Enabled: &off}}
	b.Iron.StaleDays, b.Orders.TailDays = 300, map[string]int{"fluoxetine": 40}
	want := []Setting{
		{
			"checks.rls-ssri.enabled",
			"",
			"false",
		}, {"iron.stale_days", "365", "300"}, {"orders.tail_days.aripiprazole", "14", ""},
		{"orders.tail_days.cariprazine", "28", ""}, {"orders.tail_days.fluoxetine", "35", "40"},
	}
	if diff := cmp.Diff(want, Settings(a, b)); diff != "" {
		t.Error(diff)
	}
}
