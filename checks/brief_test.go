package checks

import "testing"

// The line for a list names the drugs or the value, and stays short.
func TestBrief(t *testing.T) {
	for _, c := range []struct{ check, ingredient, summary, want string }{
		{"iron-low", "", "Iron is low for RLS: ferritin 41 ng/mL (2026-09-21), limit 75 ng/mL. Ordered: x.",
			"ferritin 41 ng/mL"},
		{"iron-low", "", "Iron is low for RLS: TSAT 18 %, sent as 0.18 (2026-10-24), limit below 20 %.", "TSAT 18 %"},
		{"iron-labs-missing", "", "No ferritin or TSAT received. Ordered: gabapentin.", "no ferritin or TSAT"},
		{"iron-labs-stale", "", "Iron results are not recent (limit 180 days): ferritin 152 ng/mL.",
			"iron results not recent"},
		{"iron-labs-unusable", "", "The newest iron result cannot be evaluated: ferritin (2026-10-24): x.",
			"ferritin cannot be evaluated"},
		{"rls-iron-unchecked", "", "No usable ferritin or TSAT within 365 days.", "no usable ferritin or TSAT"},
		{"gabapentinoid-respiratory-depression", "gabapentin", "Gabapentin with oxycodone: slow breathing.",
			"gabapentin + oxycodone"},
		{"gabapentinoid-respiratory-depression", "pregabalin", "Pregabalin with a, b and c: slow.",
			"pregabalin + a + b + c"},
		{"dopamine-agonist-antagonist", "ropinirole", "Ropinirole beside haloperidol: they work against.",
			"ropinirole + haloperidol"},
		{"gabapentinoid-duplicate", "", "Gabapentin and pregabalin are both ordered: they.", "gabapentin + pregabalin"},
		{"gabapentinoid-renal-dose", "gabapentin", "Gabapentin 1800 mg a day is above the maximum.",
			"gabapentin 1800 mg a day, kidneys"},
		{"gabapentinoid-renal-dose", "gabapentin", "Gabapentin at a clearance of 15 mL/min.", "gabapentin, kidneys"},
		{"dopamine-agonist-augmentation", "levodopa", "Levodopa (dopamine precursor): over time.",
			"levodopa, augmentation"},
		{"rls-ssri", "sertraline", "Sertraline (SSRI): RLS starts.", "sertraline"},
		{"medication-unclassified", "", "An order cannot be checked.", "Medication that cannot be identified"},
		{"iron-low", "", "Something else.", "Low iron in RLS"},
		{"a-check-of-tomorrow", "", "Something else.", "a-check-of-tomorrow"},
	} {
		f := Finding{Check: c.check, Ingredient: c.ingredient, Summary: c.summary}
		if got := f.Brief(); got != c.want {
			t.Errorf("%s: %q, want %q", c.summary, got, c.want)
		}
	}
}
