package cdshooks

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/rlsguard/rlsguard/consumers/cdshooks/hook"
)

// A kidney value that nobody can read is worth a new one, which an EHR can order; what else would
// clear the flag is told.
func TestAKidneyValueIsSuggested(t *testing.T) {
	iron := []string{lab("t1", "2502-3", "30", "%"), lab("f1", "2276-4", "200", "ng/mL")}
	gabapentin := order("o1", "active", "gabapentin")
	known := append([]string{adult, rlsCondition, gabapentin, lab("e1", "98979-8", "95", "")}, iron...)
	d := newDoor(t, stored(t, bundle(known...)), nil)
	cards := d.cards(hook.PatientView, hookCall(hook.PatientView, "null", "{}"))
	if got := flagged(cards); got != "gabapentinoid-renal-dose gabapentin" {
		t.Fatalf("flags %q", got)
	}
	if got := creates(cards); got != "98979-8" {
		t.Errorf("to order %q", got)
	}
	request, err := json.Marshal(cards[0].Suggestions[0].Actions[0].Resource)
	if err != nil || !strings.Contains(string(request), "Kidney function for the dose of gabapentin") ||
		strings.Contains(strings.ToLower(string(request)), "iron") {
		t.Errorf("%s, %v", request, err)
	}
	for _, want := range []string{
		"**Would clear it**", "eGFR or creatinine clearance 30 mL/min or more", "gabapentin without an order in force",
	} {
		if !strings.Contains(cards[0].Detail, want) {
			t.Errorf("the detail lacks %q:\n%s", want, cards[0].Detail)
		}
	}
}

// A value above which the dose would be fine is no reason to measure again.
func TestNoKidneyValueIsSuggestedWhereOneIsKnown(t *testing.T) {
	iron := []string{lab("t1", "2502-3", "30", "%"), lab("f1", "2276-4", "200", "ng/mL")}
	dosed := strings.Replace(order("o1", "active", "pregabalin"), `"medication`,
		`"dosageInstruction":[{"doseAndRate":[{"doseQuantity":{"value":450,"unit":"mg"}}],
		"timing":{"repeat":{"frequency":1,"period":1,"periodUnit":"d"}}}],"medication`, 1)
	known := append([]string{adult, rlsCondition, dosed, lab("e1", "98979-8", "45", "mL/min/{1.73_m2}")}, iron...)
	d := newDoor(t, stored(t, bundle(known...)), nil)
	cards := d.cards(hook.PatientView, hookCall(hook.PatientView, "null", "{}"))
	if got := flagged(cards); got != "gabapentinoid-renal-dose pregabalin" {
		t.Fatalf("flags %q", got)
	}
	if got := creates(cards); got != "" {
		t.Errorf("to order %q", got)
	}
	if !strings.Contains(cards[0].Detail, "pregabalin ordered at or below 300 mg a day in total") {
		t.Errorf("the detail lacks the dose:\n%s", cards[0].Detail)
	}
}
