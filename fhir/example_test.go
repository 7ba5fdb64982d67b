package fhir_test

import (
	"fmt"

	"github.com/rlsguard/rlsguard/fhir"
)

// A document is read into one resource per event. What cannot be read does not affect the others.
func ExampleReader_Document() {
	const bundle = `{"resourceType":"Bundle","type":"collection","entry":[
	  {"resource":{"resourceType":"MedicationRequest","id":"1","status":"active","intent":"order",
	    "subject":{"reference":"Patient/anna"},"medicationCodeableConcept":{"text":"sertraline 50 mg"}}},
	  {"resource":{"resourceType":"MedicationRequest","id":"2","status":"active","intent":"order",
	    "medicationCodeableConcept":{"text":"sertraline 50 mg"}}},
	  {"resource":{"resourceType":"Encounter","id":"3"}}]}`
	reader := fhir.NewReader(fhir.DefaultOptions())
	reader.Document([]byte(bundle), func(r fhir.Resource) bool {
		switch {
		case r.Rejection != nil:
			fmt.Println(r.Pointer, r.Type, "rejected:", r.Rejection.Reason)
		case r.Relevant:
			fmt.Println(r.Pointer, r.Fact.Ref, "of", r.Patient)
		default:
			fmt.Println(r.Pointer, r.Type, "does not matter")
		}
		return true
	})
	// Output:
	// /entry/0/resource MedicationRequest/1 of Patient/anna
	// /entry/1/resource MedicationRequest rejected: no-patient
	// /entry/2/resource Encounter does not matter
}
