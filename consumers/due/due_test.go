package due

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	ical "github.com/emersion/go-ical"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/ahead"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
)

var update = flag.Bool("update", false, "write testdata/due.ics anew")

var asOf = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

func turnOn(day string, check string, patient facts.Ref, to ahead.Becoming, was, is checks.Severity) checks.Turn {
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		panic(err)
	}
	return checks.Turn{
		Next:    ahead.Next{At: moment.Time{Nanos: at.UnixNano(), Precision: moment.ToDay}, To: to},
		Instant: at, FlagID: "3d3f2a10-55aa-8c1d-9e4f-0123456789ab", Check: check, Patient: patient, Was: was, Is: is,
		State: checks.Open,
		Because: []ahead.Cause{{Kind: ahead.ResultStale, Ref: "Observation/1"}, {Kind: ahead.ResultStale,
			Ref: "Observation/2"}},
	}
}

func someTurns() []checks.Turn {
	timed := turnOn("2026-12-10", "rls-ssri", "Patient/1", ahead.Resolved, checks.Moderate, checks.None)
	timed.Instant = time.Date(2026, 12, 10, 13, 30, 0, 0, time.UTC)
	timed.At, timed.Ingredient = moment.Instant(timed.Instant), "sertraline"
	timed.Because = []ahead.Cause{{Kind: ahead.SupplyEnds, Ref: "MedicationRequest/9"}}
	return []checks.Turn{
		turnOn("2027-01-22", "iron-labs-stale", "Patient/2", ahead.Worse, checks.Low, checks.Moderate), timed,
		turnOn("2026-12-10", "iron-low", "Patient/ö;3,\\", ahead.Open, checks.None, checks.Low),
		turnOn("2026-12-10", "rls-ssri", "Patient/2", ahead.Open, checks.Low, checks.Low),
	}
}

func calendar(details bool) *Calendar {
	return &Calendar{
		AsOf: asOf, Details: details, Name: func(p facts.Ref) string { return string(p) },
		Harmless: func(s string) string {
			return strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00",
				"\ufffd")
		},
	}
}

func written(t rapid.TB, c *Calendar, turns []checks.Turn) string {
	t.Helper()
	var b bytes.Buffer
	if err := c.Write(&b, turns); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// strict checks a calendar against RFC 5545's rules for lines, and reads it with a reader
// independent of the writer.
func strict(t rapid.TB, text string) []ical.Event {
	t.Helper()
	if !utf8.ValidString(text) || !strings.HasSuffix(text, "\r\n") {
		t.Error("not UTF-8, or the last line is not ended")
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\r\n"), "\r\n") {
		if len(line) > 75 || strings.ContainsAny(line, "\r\n") || line == "" || !utf8.ValidString(line) {
			t.Errorf("a line of %d octets, 75 are allowed (3.1): %q", len(line), line)
		}
		for _, r := range line {
			if r < ' ' && r != '\t' || r == 0x7f {
				t.Errorf("control character %U (3.1): %q", r, line)
			}
		}
	}
	cal, err := ical.NewDecoder(strings.NewReader(text)).Decode()
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if v, err := cal.Props.Text(ical.PropVersion); err != nil || v != "2.0" ||
		cal.Props.Get(ical.PropProductID) == nil {
		t.Errorf("version %q, %v, or no product (3.6)", v, err)
	}
	if len(cal.Children) == 0 {
		t.Error("no component (3.6)")
	}
	seen := map[string]bool{}
	for _, e := range cal.Events() {
		for _, name := range []string{ical.PropUID, ical.PropDateTimeStamp, ical.PropDateTimeStart} {
			if n := len(e.Props.Values(name)); n != 1 {
				t.Errorf("%d %s in an event (3.6.1)", n, name)
			}
		}
		uid, _ := e.Props.Text(ical.PropUID)
		if seen[uid] {
			t.Errorf("two events are %s", uid)
		}
		seen[uid] = true
		if _, err := e.DateTimeStart(time.UTC); err != nil {
			t.Error(err)
		}
	}
	return cal.Events()
}

func TestCalendarIsAsAgreed(t *testing.T) {
	var l List
	l.Add(someTurns()[1:2])
	l.Add(someTurns()[:1])
	got := written(t, calendar(false), l.ByDate())
	if *update {
		if err := os.WriteFile("testdata/due.ics", []byte(strings.ReplaceAll(got, "\r\n", "\n")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/due.ics")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(strings.ReplaceAll(string(want), "\n", "\r\n"), got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if strings.Contains(got, "sertraline") || strings.Contains(got, "Observation/") {
		t.Error("it tells what only details tell")
	}
	events := strict(t, got)
	if len(events) != 2 {
		t.Fatalf("%d events", len(events))
	}
	if at, _ := events[0].DateTimeStart(time.UTC); !at.Equal(someTurns()[1].Instant) {
		t.Errorf("the first begins at %s", at)
	}
	if p := events[1].Props.Get(ical.PropDateTimeStart); p.ValueType() != ical.ValueDate || p.Value != "20270122" {
		t.Errorf("a day is written as %s %s", p.ValueType(), p.Value)
	}
}

// Whatever is in a reference or a name, the calendar can be read, and preserves it.
func TestCalendarsCanBeRead(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		turns := someTurns()[:rapid.IntRange(0, 4).Draw(r, "n")]
		for i := range turns {
			turns[i].FlagID = rapid.StringMatching(`[0-9a-f]{8}-[0-9a-f]{4}`).Draw(r, "id") + string(rune('a'+i))
			turns[i].Patient = facts.Ref(rapid.OneOf(
				rapid.StringMatching(`Patient/[A-Za-z0-9.;,:\\ "äö鉄💊-]{0,120}`), rapid.Just("Patient/\x00\xff"),
			).Draw(r, "patient"))
			turns[i].Ingredient = rapid.SampledFrom([]string{"", "gabapentin enacarbil", "a;b,c\\n"}).Draw(r,
				"ingredient")
		}
		c := calendar(rapid.Bool().Draw(r, "details"))
		events := strict(r, written(r, c, turns))
		if len(events) != len(turns) {
			r.Fatalf("%d events of %d", len(events), len(turns))
		}
		for i, e := range events {
			summary, err := e.Props.Text(ical.PropSummary)
			if want := c.Harmless(c.about(&turns[i]) + " " + Words(&turns[i]) + ": " +
				string(turns[i].Patient)); err != nil || summary != want {
				r.Errorf("%q, %v; want %q", summary, err, want)
			}
		}
	})
}

func TestListsAreSorted(t *testing.T) {
	var l List
	for _, turn := range someTurns() {
		l.Add([]checks.Turn{turn})
	}
	order := func(turns []checks.Turn) (all []string) {
		for i := range turns {
			all = append(all, turns[i].Instant.Format("01-02 15 ")+turns[i].Check+" "+string(turns[i].Patient)+" "+
				Words(&turns[i]))
		}
		return all
	}
	if d := cmp.Diff([]string{
		`12-10 00 iron-low Patient/ö;3,\ opens, low`, "12-10 00 rls-ssri Patient/2 is open again, low",
		"12-10 13 rls-ssri Patient/1 closes (was moderate)",
		"01-22 00 iron-labs-stale Patient/2 gets worse, moderate (was low)",
	}, order(l.ByDate())); d != "" {
		t.Errorf("by date (-want +got)\n%s", d)
	}
	if d := cmp.Diff([]string{
		"01-22 00 iron-labs-stale Patient/2 gets worse, moderate (was low)",
		`12-10 00 iron-low Patient/ö;3,\ opens, low`,
		"12-10 00 rls-ssri Patient/2 is open again, low", "12-10 13 rls-ssri Patient/1 closes (was moderate)",
	}, order(l.ByCheck())); d != "" {
		t.Errorf("by check (-want +got)\n%s", d)
	}
}

func TestWhy(t *testing.T) {
	turn := someTurns()[0]
	turn.Because = append(turn.Because, ahead.Cause{Kind: ahead.SwitchOver})
	if got := Why(&turn, true); got != "a result goes stale (Observation/1, Observation/2); the period of a switch "+
		"ends" {
		t.Error(got)
	}
	if got := Why(&turn, false); got != "a result goes stale; the period of a switch ends" {
		t.Error(got)
	}
}
