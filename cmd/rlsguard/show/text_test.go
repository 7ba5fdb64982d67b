package show

import (
	"flag"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
)

var updateFlagText = flag.Bool("update-flagtext", false, "write testdata/flagtext.golden anew")

func shown(t *testing.T, f checks.Flag, opt textOptions) string {
	t.Helper()
	var b strings.Builder
	if err := flagText(&b, f, opt); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestFlagTextIsAsAgreed(t *testing.T) {
	low := checks.Flag{
		Finding: checks.Finding{
			Check:     "rls-iron-unchecked",
			Patient:   "Patient/2",
			Severity:  checks.Low,
			RLS:       checks.RLSPossible,
			Summary:   "No ferritin or transferrin saturation within 365 days of 2026-11-23.",
			Citations: shownFlag().Citations[:1],
		},
		State: checks.Open,
		AsOf:  shownFlag().AsOf,
		ID:    "a",
	}
	resolved := low
	resolved.State, resolved.Change, resolved.Reason, resolved.Number = checks.Resolved, checks.ChangeResolved,
		checks.ReasonLabArrived, 2
	high := low
	high.Severity, high.Check, high.RLS = checks.High, "gabapentinoid-respiratory-depression", checks.RLSNone
	got := shown(
		t,
		shownFlag(),
		textOptions{},
	) + shown(
		t,
		low,
		textOptions{Width: 60},
	) + shown(
		t,
		resolved,
		textOptions{Width: 132, Transition: true},
	) + shown(
		t,
		high,
		textOptions{Width: 30, Colour: true},
	)
	if *updateFlagText {
		if err := os.WriteFile("testdata/flagtext.golden", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/flagtext.golden")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestColourOnlyWhenAsked(t *testing.T) {
	for _, s := range []checks.Severity{checks.Low, checks.Moderate, checks.High} {
		f := shownFlag()
		f.Severity = s
		plain, coloured := shown(t, f, textOptions{}), shown(t, f, textOptions{Colour: true})
		if strings.Contains(plain, "\x1b") {
			t.Errorf("%v: an escape without being asked for", s)
		}
		start := severityColour[s]
		if stripped := strings.NewReplacer(start, "", colourEnd, "").Replace(coloured); stripped != plain ||
			!strings.HasPrefix(coloured, start) ||
			strings.Count(coloured, "\x1b") != 2 {
			t.Errorf("%v: colour is not just around the severity:\n%q\n%q", s, coloured, plain)
		}
	}
}

func TestNothingInAFlagActsOnTheTerminal(t *testing.T) {
	f := checks.Flag{
		Finding: checks.Finding{
			Check:        hostile,
			Ingredient:   hostile,
			Patient:      hostile,
			Severity:     checks.High,
			Implicated:   []facts.Ref{hostile},
			Evidence:     []facts.Ref{hostile},
			Basis:        hostile,
			Summary:      hostile,
			Action:       hostile,
			Alternatives: []string{hostile},
			Counsel:      []string{hostile},
			Orders: []checks.OrderWords{
				{Ref: hostile, Product: hostile, Dose: hostile, Since: hostile},
			},
			Citations: []checks.Citation{{Source: hostile, DOI: hostile, Strength: hostile, Review: hostile}},
		},
		ID:      hostile,
		State:   hostile,
		Change:  hostile,
		Reason:  hostile,
		Ruleset: hostile,
		Number:  1,
		Ack:     &facts.Acknowledgement{Reason: hostile, Author: hostile},
	}
	for _, opt := range []textOptions{{}, {Transition: true, Width: 200}} {
		got := shown(t, f, opt)
		if !utf8.ValidString(got) {
			t.Error("the text is not UTF-8")
		}
		for _, r := range strings.ReplaceAll(got, "\n", "") {
			if terminal.Invisible(r) {
				t.Errorf("%U is printed as it is", r)
			}
		}
		if strings.Contains(got, "\nc") {
			t.Error("a new line of the input begins a line of the text")
		}
	}
}

func TestWrapLosesNoWordAndKeepsTheWidth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.StringMatching(`([a-z,.]{1,12}[ \n\t]{1,2}){0,30}`), rapid.String()).Draw(t, "text")
		width, hang := rapid.IntRange(1, 60).Draw(t, "width"), rapid.IntRange(0, 4).Draw(t, "hang")
		lines := terminal.Wrap(text, width, hang)
		if want, got := strings.Fields(terminal.Harmless(text)), strings.Fields(strings.Join(lines, " ")); !cmp.Equal(
			want,
			got,
		) {
			t.Fatalf("words %q became %q", want, got)
		}
		for i, line := range lines {
			limit := width
			if i > 0 {
				limit -= hang
			}
			if terminal.Columns(line) > limit && strings.Contains(line, " ") {
				t.Fatalf("line %d %q takes %d columns of %d", i, line, terminal.Columns(line), limit)
			}
		}
	})
}

func TestColumnsOfWideAndCombiningCharacters(t *testing.T) {
	for s, want := range map[string]int{"abc": 3, "é": 1, "e\u0301": 1, "鉄分": 4, "철": 2, "💊": 2, "": 0} {
		if got := terminal.Columns(s); got != want {
			t.Errorf("%q takes %d columns, want %d", s, got, want)
		}
	}
}

// Messages are wrapped on a terminal; elsewhere each is one line, whatever is in it.
func TestMessagesOnStderr(t *testing.T) {
	for width, want := range map[int]string{
		0:  "rlsguard: a.yaml:1: one two three four five\nb.yaml:2: six\ufffd\n",
		30: "rlsguard: a.yaml:1: one two\n  three four five\nb.yaml:2: six\ufffd\n",
	} {
		var b strings.Builder
		terminal.TellLines(&b, width, "rlsguard: a.yaml:1: one two three four five\nb.yaml:2: six\x1b")
		if diff := cmp.Diff(want, b.String()); diff != "" {
			t.Errorf("%d columns (-want +got)\n%s", width, diff)
		}
	}
}

// Five flags of a patient, with their heading, what is said to each patient, and the review, fit a
// terminal of 50 lines; the worst comes first.
func TestFiveFlagsFitAScreen(t *testing.T) {
	st := &checks.State{Patient: "Patient/1"}
	day := func(s string) moment.Time {
		at, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return moment.Time{Nanos: at.UnixNano(), Precision: moment.ToDay}
	}
	st.Merge(
		facts.Fact{
			Ref:  "Condition/7",
			Kind: facts.KindCondition,
			Condition: &facts.Condition{Recorded: day("2024-05-02"),
				Code: facts.Concept{Codings: []codes.Coding{{System: codes.ICD10CM, Code: "G25.81"}}}},
		},
	)
	order := func(ref facts.Ref, name, dose string) {
		st.Merge(
			facts.Fact{
				Ref:  ref,
				Kind: facts.KindOrder,
				Order: &facts.Order{
					Status:   facts.StatusActive,
					Drug:     facts.Drug{Names: []string{name}},
					Authored: day("2026-03-14"),
					Dosages: []facts.Dosage{
						{
							Dose:   facts.Quantity{Value: dose, Unit: "mg"},
							Timing: facts.Timing{Frequency: 1, Period: "1", PeriodUnit: "d"},
							Route:  facts.Concept{Texts: []string{"oral"}},
						},
					},
				},
			},
		)
	}
	st.Merge(
		facts.Fact{
			Ref:    "Patient/1",
			Kind:   facts.KindPatient,
			Person: &facts.Person{Birth: day("1960-05-01"), Sex: facts.Female},
		},
	)
	order("MedicationRequest/901", "Sertraline 50 MG Oral Tablet", "50")
	order("MedicationRequest/902", "Gabapentin 300 MG Oral Capsule", "300")
	order("MedicationRequest/903", "Oxycodone Hydrochloride 5 MG Oral Tablet", "10")
	order("MedicationRequest/904", "Amitriptyline 25 MG Oral Tablet", "25")
	order("MedicationRequest/905", "Promethazine 25 MG Oral Tablet", "25")
	st.Merge(
		facts.Fact{
			Ref:  "Observation/1",
			Kind: facts.KindLab,
			Lab: &facts.LabResult{
				Status:    facts.LabFinal,
				Loincs:    []string{"2276-4"},
				Effective: facts.Period{Start: day("2026-10-24")},
				Value:     facts.Value{Kind: facts.QuantityValue, Quantity: facts.Quantity{Value: "42", Unit: "ng/mL"}},
			},
		},
	)
	flags := checks.OpenFlags(
		st,
		checks.DefaultSettings(),
		[]byte("key"),
		"r",
		time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC),
	)
	checks.AddClears(st, checks.DefaultSettings(), flags[0].AsOf, flags)
	if len(flags) != 5 {
		t.Fatalf("%d flags", len(flags))
	}
	var b strings.Builder
	p := &textPrinter{w: &b}
	for _, f := range WorstFirst(flags) {
		if err := p.Flag(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Ended(); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(b.String(), "\n"); n > 50 {
		t.Errorf("%d lines:\n%s", n, b.String())
	}
	if !strings.HasPrefix(b.String(), "Patient/1\nHIGH gabapentinoid-respiratory-depression gabapentin\n") {
		t.Errorf("the worst is not first:\n%s", b.String())
	}
}

func TestWorstFirst(t *testing.T) {
	flag := func(p facts.Ref, check string, s checks.Severity) checks.Flag {
		return checks.Flag{Finding: checks.Finding{Patient: p, Check: check, Severity: s}}
	}
	var got []string
	for _, f := range WorstFirst([]checks.Flag{flag("Patient/1", "a", checks.Low),
		flag("Patient/1", "b", checks.Moderate), flag("Patient/2", "a", checks.Moderate),
		flag("Patient/2", "c", checks.High)}) {
		got = append(got, string(f.Patient)+f.Check)
	}
	if diff := cmp.Diff([]string{"Patient/2c", "Patient/2a", "Patient/1b", "Patient/1a"}, got); diff != "" {
		t.Error(diff)
	}
}

// Of what is equally severe the oldest comes first, patients by their oldest flag of that severity.
func TestWorstThenOldest(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 11, n, 8, 0, 0, 0, time.UTC) }
	flag := func(id, patient string, severity checks.Severity, n int) checks.Flag {
		return checks.Flag{
			ID: id, AsOf: day(n),
			Finding: checks.Finding{Patient: facts.Ref(patient), Check: "c" + id, Severity: severity},
		}
	}
	flags := []checks.Flag{
		flag("1", "Patient/1", checks.Low, 1),
		flag("2", "Patient/2", checks.High, 9),
		flag("3", "Patient/2", checks.Low, 5),
		flag("4", "Patient/2", checks.Low, 2),
		flag("5", "Patient/3", checks.High, 8),
		flag("6", "Patient/3", checks.Moderate, 1),
	}
	order := func(sorted []checks.Flag) (ids string) {
		for _, f := range sorted {
			ids += f.ID
		}
		return ids
	}
	if got := order(WorstThenOldest(flags)); got != "562431" {
		t.Errorf("the order is %s", got)
	}
	if got := order(WorstFirst(flags)); got != "234561" {
		t.Errorf("without ages it is %s", got)
	}
}
