package ordercheck

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/fhir/issue"
)

// tagSystem is the system of meta.tag, which says in a Bundle why a flag is there.
const tagSystem = issue.BaseURL + "/CodeSystem/order-check"

// Tags of flags.
const (
	tagBecause = "because-of-draft"
	tagOpen    = "open-already"
)

type object map[string]any

// BundleOf writes advice as a FHIR R4 Bundle of type collection: a DetectedIssue for each flag, a
// ServiceRequest for each test to order, and an OperationOutcome for what was left out.
func BundleOf(a *Advice) ([]byte, error) {
	entries := []object{}
	add := func(resource any) { entries = append(entries, object{"resource": resource}) }
	for _, group := range []struct {
		tag   string
		flags []checks.Flag
	}{{tagBecause, a.Because}, {tagOpen, a.Open}} {
		for _, f := range group.flags {
			issue, err := issue.Marshal(f, codes.Coding{System: tagSystem, Code: group.tag})
			if err != nil {
				return nil, err
			}
			add(json.RawMessage(issue))
		}
	}
	for _, test := range IronOrders(a.Iron) {
		add(IronRequest(a.Patient, "", test, a.AsOf))
	}
	if outcome := outcomeOf(a); outcome != nil {
		add(outcome)
	}
	return json.Marshal(
		object{
			"resourceType": "Bundle",
			"type":         "collection",
			"timestamp":    a.AsOf.UTC().Format(time.RFC3339),
			"entry":        entries,
		},
	)
}

// IronRequest is an order for an iron test, as a draft for the prescriber to sign.
func IronRequest(patient facts.Ref, encounter string, test Coding, asOf time.Time) map[string]any {
	r := serviceRequest(patient, encounter, test, asOf)
	r["reasonCode"] = []object{{"text": "Iron status in restless legs syndrome"}}
	r["patientInstruction"] = checks.IronSampling()
	return r
}

// KidneyRequest is the same for the kidney value that a dose is held against.
func KidneyRequest(patient facts.Ref, encounter, drug string, asOf time.Time) map[string]any {
	r := serviceRequest(patient, encounter, KidneyTest, asOf)
	r["reasonCode"] = []object{{"text": "Kidney function for the dose of " + drug}}
	return r
}

func serviceRequest(patient facts.Ref, encounter string, test Coding, asOf time.Time) object {
	r := object{
		"resourceType": "ServiceRequest", "status": "draft", "intent": "order",
		"category": []object{
			{"coding": []object{{"system": codes.SNOMED, "code": "108252007", "display": "Laboratory procedure"}}},
		},
		"code":    object{"coding": []Coding{test}, "text": test.Display},
		"subject": object{"reference": string(patient)}, "authoredOn": asOf.UTC().Format(time.RFC3339),
	}
	if encounter != "" {
		r["encounter"] = object{"reference": encounter}
	}
	return r
}

func outcomeOf(a *Advice) object {
	var issues []object
	for _, u := range a.Unread {
		issue := object{
			"severity":    "warning",
			"code":        "not-supported",
			"diagnostics": fmt.Sprintf("%s at %q left out: %s (%s)", typeOf(u), u.Pointer, u.Reason, u.Detail),
		}
		if u.Partly {
			issue["code"], issue["diagnostics"] = "value", fmt.Sprintf(
				"%s: what stands at %q cannot be read (%s); the rest was checked",
				typeOf(u),
				u.Pointer,
				u.Detail,
			)
		}
		issues = append(issues, issue)
	}
	for _, ref := range a.Unrecognised {
		issues = append(
			issues,
			object{
				"severity":    "warning",
				"code":        "not-found",
				"diagnostics": string(ref) + ": the drug is not in the tables, nothing was checked for it",
			},
		)
	}
	if a.LeftOut != "" {
		issues = append(issues, object{"severity": "warning", "code": "incomplete", "diagnostics": a.LeftOut})
	}
	if issues == nil {
		return nil
	}
	return object{"resourceType": "OperationOutcome", "issue": issues}
}

func typeOf(u Unread) string {
	if u.Type == "" {
		return "A part of the request"
	}
	return u.Type
}
