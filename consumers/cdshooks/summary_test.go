package cdshooks

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/cdshooks/hook"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/ordercheck"
	"github.com/rlsguard/rlsguard/fhir"
)

// A card of every flag of the scenarios has a whole summary of fewer than 140 characters, as CDS
// Hooks wants.
func TestSummariesAreShortAndWhole(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", "cmd", "rlsguard", "testdata", "scenarios", "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, file := range files {
		r := fold.NewReplay(engine())
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		n := uint64(0)
		err = fhir.NewReader(fhir.DefaultOptions()).Stream(f, file, func(_ int, res fhir.Resource) bool {
			n++
			r.Fold(fold.Input{Arrival: facts.Arrival{Sequence: n}, Resources: []fhir.Resource{res}})
			return true
		})
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		known := r.Finish(asOf)
		d := newDoor(t, ordercheck.Files{View: known}, nil)
		for _, patient := range known.Patients() {
			body := strings.Replace(
				hookCall(hook.PatientView, "null", "{}"),
				`"patientId":"1"`,
				fmt.Sprintf(`"patientId":%q`, strings.TrimPrefix(string(patient), "Patient/")),
				1,
			)
			for _, c := range d.cards(hook.PatientView, body) {
				if flag := flagOf(c); flag != nil {
					seen[flag["check"].(string)] = true
				}
				if n := utf8.RuneCountInString(c.Summary); n >= 140 || strings.ContainsAny(c.Summary, "…") ||
					strings.Count(c.Summary, "(") != strings.Count(c.Summary, ")") {
					t.Errorf("%s: %d characters: %s", filepath.Base(filepath.Dir(file)), n, c.Summary)
				}
			}
		}
	}
	if len(seen) < 15 {
		t.Errorf("only flags of %v were seen", seen)
	}
}

func TestIronSummaries(t *testing.T) {
	unusable := strings.Replace(lab("t1", "2502-3", "30", "%"), `,"unit":"%"`, "", 1)
	old := func(l string) string { return strings.Replace(l, "2026-10-25", "2024-10-25", 1) }
	for want, known := range map[string][]string{
		"RLS + gabapentin: no ferritin or TSAT on record":   nil,
		"RLS + gabapentin: no TSAT on record":               {lab("f1", "2276-4", "200", "ng/mL")},
		"RLS + gabapentin: newest TSAT cannot be evaluated": {lab("f1", "2276-4", "200", "ng/mL"), unusable},
		"RLS + gabapentin: ferritin and TSAT not recent": {old(lab("f1", "2276-4", "200", "ng/mL")),
			old(lab("t1", "2502-3", "30", "%"))},
	} {
		cards := newDoor(
			t,
			stored(t, bundle(append(known, adult, rlsCondition)...)),
			nil,
		).cards(
			hook.OrderSign,
			hookCall(hook.OrderSign, bundle(order("d1", "draft", "gabapentin 300 mg")), "{}"),
		)
		if len(cards) != 1 || cards[0].Summary != want {
			t.Errorf("%q: %d cards, %q", want, len(cards), cards[0].Summary)
		}
	}
	cards := newDoor(
		t,
		stored(t, bundle(adult, rlsCondition, lab("f1", "2276-4", "20", "ng/mL"))),
		nil,
	).cards(
		hook.OrderSign,
		hookCall(hook.OrderSign, bundle(order("d1", "draft", "gabapentin 300 mg")), "{}"),
	)
	if len(cards) != 1 || !strings.Contains(cards[0].Summary, "20 ng/mL") {
		t.Errorf("a low value is not told: %q", cards[0].Summary)
	}
}

func TestShort(t *testing.T) {
	long := strings.Repeat("word ", 25) + "end" // 128 characters
	for text, want := range map[string]string{
		"One. Two.":                                  "One.",
		"Value 8.33 %. Next":                         "Value 8.33 %.",
		long + " (aside that is long enough)":        long,
		long + "; and another clause that is longer": long,
		long + ": what it is, in many more words":    long,
		"A: " + long + "; b, and more than that":     "A: " + long,
	} {
		if got := short(text); got != want {
			t.Errorf("%q gives %q", text, got)
		}
	}
}
