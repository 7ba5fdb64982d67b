package bustest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/rlsguard/rlsguard/consumers/rlsguardtest/bustest"
)

const (
	rls     = `{"resourceType":"Condition","id":"rls","subject":{"reference":"Patient/1"},"code":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"G25.81"}]}}`
	order   = `{"resourceType":"MedicationRequest","id":"m1","meta":{"versionId":"1"},"status":"active","intent":"order","subject":{"reference":"Patient/1"},"medicationCodeableConcept":{"text":"sertraline 50 mg tablet"},"authoredOn":"2026-11-01"}`
	stopped = `{"resourceType":"MedicationRequest","id":"m1","meta":{"versionId":"2"},"status":"stopped","intent":"order","subject":{"reference":"Patient/1"},"medicationCodeableConcept":{"text":"sertraline 50 mg tablet"},"authoredOn":"2026-11-01"}`
)

// TestBus: events in, flags out; a later version closes what an earlier one opened.
func TestBus(t *testing.T) {
	bus := bustest.Start(t, time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC), bustest.Options{})
	bus.Publish(rls, order)
	if flags := bus.Flags(); len(flags) != 2 || flags[1].Check != "rls-ssri" || flags[1].Ingredient != "sertraline" {
		t.Errorf("%+v", flags)
	}
	bus.Publish(stopped)
	if flags := bus.Flags(); len(flags) != 1 || flags[0].Check != "rls-iron-unchecked" {
		t.Errorf("%+v", flags)
	}
}

// A test of a consumer of flags: the bus runs in the test's own process, and ends with it.
func ExampleStart() {
	var t *testing.T // that of the test
	bus := bustest.Start(t, time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC), bustest.Options{})
	bus.Publish(rls, order)
	// A client of the test connects to bus.URL, and reads rls.flags.> as it would at a site.
	for _, f := range bus.Flags() {
		fmt.Println(f.Check, f.Severity)
	}
}
