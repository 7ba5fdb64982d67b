package hook

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/ordercheck"
	"github.com/rlsguard/rlsguard/fhir"
)

// Request is a call of a service, as far as it is used.
type Request struct {
	Hook      string
	User      string
	Encounter string
	Fault     string // why nothing can be checked; "" when it can
	Question  ordercheck.Question
	Ordered   []string        // LOINC codes of tests among the draft orders
	Ids       map[string]bool // ids that drafts came with
	missing                   // of the prefetch
}

// object is a JSON object whose values are read when they are needed.
type object map[string]json.RawMessage

// ErrNoObject tells that a body is no JSON object.
var ErrNoObject = errors.New("the body is not a JSON object")

// str is a value that is a string, or a number, as which some clients write ids; "" for any other.
func (o object) str(name string) string {
	var s string
	if json.Unmarshal(o[name], &s) == nil {
		return s
	}
	var n json.Number
	if json.Unmarshal(o[name], &n) == nil {
		return n.String()
	}
	return ""
}

func (o object) object(name string) object {
	var in object
	if json.Unmarshal(o[name], &in) != nil {
		return nil
	}
	return in
}

var validID = regexp.MustCompile(`^[A-Za-z0-9.-]{1,64}$`)

// Read reads a request leniently: only a body that is no JSON object is an error. What else is
// wrong becomes a fault, or a part that is left out, so that a person is told.
func Read(r *fhir.Reader, body []byte) (*Request, error) {
	var top object
	if json.Unmarshal(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")), &top) != nil || top == nil {
		return nil, ErrNoObject
	}
	context := top.object("context")
	q := &Request{
		Ids:       map[string]bool{},
		Hook:      top.str("hook"),
		User:      context.str("userId"),
		Encounter: withType("Encounter", context.str("encounterId")),
	}
	patient := context.str("patientId")
	if patient == "" {
		patient = top.str("patient") // as before version 1.0
	}
	patient = patient[strings.LastIndexByte(patient, '/')+1:]
	switch {
	case context == nil:
		q.Fault = "the request has no context"
		return q, nil
	case !validID.MatchString(patient):
		q.Fault = "the request names no patient (context.patientId)"
		return q, nil
	}
	q.Question.Patient = facts.Ref("Patient/" + patient)
	q.readDrafts(r, context)
	q.readPrefetch(r, top, context)
	return q, nil
}

// withType is a reference to a resource that is given by its id alone, or by a reference already.
func withType(typ, id string) string {
	if id == "" || strings.Contains(id, "/") {
		return id
	}
	return typ + "/" + id
}

// readDrafts reads the orders being written. medications and orders are what they were called
// before order-select and order-sign.
func (q *Request) readDrafts(r *fhir.Reader, context object) {
	var selections []string
	_ = json.Unmarshal(context["selections"], &selections) // without them all drafts are looked at
	var drafts []fhir.Resource
	for _, name := range []string{"draftOrders", "medications", "orders"} {
		e := attached{patient: q.Question.Patient, draft: true}
		e.read(r, context[name], "/context/"+name, func(res fhir.Resource) { drafts = append(drafts, res) })
		for _, why := range e.faults {
			q.Question.Unread = append(
				q.Question.Unread,
				ordercheck.Unread{Pointer: "/context/" + name, Reason: fhir.NotFHIR, Detail: why, Draft: true},
			)
		}
		q.Ordered = append(q.Ordered, e.tests...)
		for _, id := range e.ids {
			q.Ids[id] = true
		}
	}
	selected := func(res *fhir.Resource) bool {
		return slices.ContainsFunc(
			selections,
			func(s string) bool { return withType(res.Type, s) == string(res.Fact.Ref) },
		)
	}
	focused := slices.ContainsFunc(drafts, func(res fhir.Resource) bool { return selected(&res) })
	for i := range drafts {
		res := &drafts[i]
		q.Question.Add(*res, res.Type == "MedicationRequest" && (!focused || res.Rejection != nil || selected(res)))
	}
}

// readPrefetch reads what came with the request. In requests of older clients it stands in context.
func (q *Request) readPrefetch(r *fhir.Reader, top, context object) {
	given := top.object("prefetch")
	at := "/prefetch/"
	if given == nil {
		given, at = context.object("prefetch"), "/context/prefetch/"
	}
	came := map[string]*brought{}
	for _, key := range sortedKeys(given) {
		e := attached{patient: q.Question.Patient}
		e.read(r, given[key], at+key, func(res fhir.Resource) { q.Question.Add(res, false) })
		came[key] = &e.brought
	}
	q.missing = missingOf(came)
}

func sortedKeys(o object) []string {
	var keys []string
	for k := range o {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
