package timeline

import (
	"fmt"
	"strings"
	"testing"
)

// An order increased step by step gives each dose with its start.
func TestStepsOfAnOrder(t *testing.T) {
	step := func(start, end, dose string) string {
		return fmt.Sprintf(`{"timing":{"repeat":{"frequency":1,"period":1,"periodUnit":"d","boundsPeriod":{"start":%q%s}}},
			"doseAndRate":[{"doseQuantity":{"value":%s,"unit":"mg","system":"http://unitsofmeasure.org","code":"mg"}}]}`,
			start, end, dose)
	}
	order := func(steps ...string) string {
		return strings.ReplaceAll(fmt.Sprintf(`{"resourceType":"MedicationRequest","id":"m","status":"active","intent":"order",
			"subject":{"reference":"Patient/1"},"authoredOn":"2026-09-01","meta":{"lastUpdated":"2026-09-01T08:00:00Z"},
			"medicationCodeableConcept":{"text":"pramipexole 0.125 mg tablet"},"dosageInstruction":[%s]}`,
			strings.Join(steps, ",")), "\n", " ")
	}
	for want, doc := range map[string]string{
		"2026-09-01 0.125 mg a day, 2026-09-08 0.25 mg a day, 2026-10-08 0.5 mg a day": order(
			step("2026-09-01", `,"end":"2026-09-07"`, "0.125"),
			step("2026-09-08", `,"end":"2026-10-07"`, "0.25"), step("2026-10-08", "", "0.5"),
		),
		// An unreadable part is no step.
		"2026-09-01 0.125 mg a day, 2026-10-08 ": order(
			step("2026-09-01", `,"end":"2026-10-07"`, "0.125"), step("2026-10-08", "", `1e-400`),
		),
		"": order(step("2026-09-01", "", "0.125")),
	} {
		p := newPast(t)
		p.take(t, asOf.AddDate(0, -1, 0), doc)
		var got []string
		for _, s := range p.timeline("Patient/1").Orders[0].Steps {
			got = append(got, s.From.Words+" "+s.Dose)
		}
		if said := strings.Join(got, ", "); said != want {
			t.Errorf("%s instead of %s", said, want)
		}
	}
}
