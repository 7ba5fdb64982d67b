package main

import (
	"flag"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rlsguard/rlsguard/checks"
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
	low := checks.Flag{Finding: checks.Finding{Check: "rls-iron-unchecked", Patient: "Patient/2", Severity: checks.Low, RLS: checks.RLSPossible,
		Summary: "No ferritin or transferrin saturation within 365 days of 2026-11-23.", Citations: shownFlag().Citations[:1]}, State: checks.Open, AsOf: shownFlag().AsOf, ID: "a"}
	resolved := low
	resolved.State, resolved.Change, resolved.Reason, resolved.Number = checks.Resolved, checks.ChangeResolved, checks.ReasonLabArrived, 2
	high := low
	high.Severity, high.Check, high.RLS = checks.High, "gabapentinoid-respiratory-depression", checks.RLSNone
	got := shown(t, shownFlag(), textOptions{}) + shown(t, low, textOptions{Width: 60}) + shown(t, resolved, textOptions{Width: 132, Transition: true}) + shown(t, high, textOptions{Width: 30, Colour: true})
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
		if stripped := strings.NewReplacer(start, "", colourEnd, "").Replace(coloured); stripped != plain || !strings.HasPrefix(coloured, start) || strings.Count(coloured, "\x1b") != 2 {
			t.Errorf("%v: colour is not just around the severity:\n%q\n%q", s, coloured, plain)
		}
	}
}

func TestNothingInAFlagActsOnTheTerminal(t *testing.T) {
	f := checks.Flag{Finding: checks.Finding{Check: hostile, Ingredient: hostile, Patient: hostile, Severity: checks.High, Implicated: []checks.Ref{hostile}, Evidence: []checks.Ref{hostile},
		Basis: hostile, Summary: hostile, Action: hostile, Alternatives: []string{hostile}, Citations: []checks.Citation{{Source: hostile, DOI: hostile, Strength: hostile, Review: hostile}}},
		ID: hostile, State: hostile, Change: hostile, Reason: hostile, Ruleset: hostile, Number: 1, Ack: &checks.Acknowledgement{Reason: hostile, Author: hostile}}
	for _, opt := range []textOptions{{}, {Transition: true, Width: 200}} {
		got := shown(t, f, opt)
		if !utf8.ValidString(got) {
			t.Error("the text is not UTF-8")
		}
		for _, r := range strings.ReplaceAll(got, "\n", "") {
			if invisible(r) {
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
		lines := wrap(text, width, hang)
		if want, got := strings.Fields(harmless(text)), strings.Fields(strings.Join(lines, " ")); !cmp.Equal(want, got) {
			t.Fatalf("words %q became %q", want, got)
		}
		for i, line := range lines {
			limit := width
			if i > 0 {
				limit -= hang
			}
			if columns(line) > limit && strings.Contains(line, " ") {
				t.Fatalf("line %d %q takes %d columns of %d", i, line, columns(line), limit)
			}
		}
	})
}

func TestColumnsOfWideAndCombiningCharacters(t *testing.T) {
	for s, want := range map[string]int{"abc": 3, "é": 1, "e\u0301": 1, "鉄分": 4, "철": 2, "💊": 2, "": 0} {
		if got := columns(s); got != want {
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
		tellLines(&b, width, "rlsguard: a.yaml:1: one two three four five\nb.yaml:2: six\x1b")
		if diff := cmp.Diff(want, b.String()); diff != "" {
			t.Errorf("%d columns (-want +got)\n%s", width, diff)
		}
	}
}
