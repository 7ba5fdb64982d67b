package hook

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/fhir"
)

// embedded reads one FHIR resource or Bundle of a request, or a list of them. Clients leave out
// what goes without saying there: the type of the Bundle, the entry around a resource, the patient
// of a draft, or wrap a resource with the response that brought it. That is made up for; everything
// else is up to the reader.
type attached struct {
	patient facts.Ref
	draft   bool
	tests   []string // LOINC codes of ServiceRequests
	ids     []string // of MedicationRequests
	brought
}

func (e *attached) read(r *fhir.Reader, raw json.RawMessage, pointer string, take func(fhir.Resource)) {
	if absent(raw) {
		return
	}
	if list := itemsOf(raw); list != nil {
		for i, item := range list {
			e.read(r, item, pointer+"/"+strconv.Itoa(i), take)
		}
		return
	}
	o, wrapped := e.unwrap(raw)
	switch {
	case o == nil:
		return
	case wrapped != nil:
		pointer, raw = pointer+"/resource", wrapped
	}
	e.survey(o)
	if o.str("resourceType") == outcomeType {
		return
	}
	r.Document(e.completed(o, raw), func(res fhir.Resource) bool {
		res.Pointer = pointer + res.Pointer
		for i := range res.Unread {
			res.Unread[i].Pointer = pointer + res.Unread[i].Pointer
		}
		if res.Rejection != nil {
			rej := *res.Rejection
			rej.Pointer = pointer + rej.Pointer
			res.Rejection = &rej
		}
		take(res)
		return true
	})
}

func absent(raw json.RawMessage) bool { return len(raw) == 0 || bytes.Equal(raw, []byte("null")) }

// itemsOf are a JSON array's; nil when raw is none.
func itemsOf(raw json.RawMessage) []json.RawMessage {
	var list []json.RawMessage
	if len(raw) == 0 || raw[0] != '[' || json.Unmarshal(raw, &list) != nil {
		return nil
	}
	return list
}

// unwrap is the resource that raw is, or that it wraps beside the response that brought it; then
// wrapped is the resource as it was sent. What is no resource is a failure.
func (e *attached) unwrap(raw json.RawMessage) (o object, wrapped json.RawMessage) {
	if json.Unmarshal(raw, &o) != nil || o == nil {
		e.fail("not a FHIR resource but a " + kindOf(raw))
		return nil, nil
	}
	_, some := o["resource"]
	if o["resourceType"] != nil || !some && o["response"] == nil {
		if o["resourceType"] == nil {
			e.fail("an object without resourceType")
			return nil, nil
		}
		return o, nil
	}
	failed := e.response(o)
	wrapped = o["resource"]
	var in object
	switch {
	case absent(wrapped):
		if !failed {
			e.fail("a response without a resource")
		}
		return nil, nil
	case json.Unmarshal(wrapped, &in) != nil || in == nil:
		e.fail("not a FHIR resource but a " + kindOf(wrapped))
		return nil, nil
	}
	return in, wrapped
}

// kindOf is what a JSON value is, in words.
func kindOf(raw json.RawMessage) string {
	switch raw[0] {
	case '"':
		return "text"
	case '[':
		return "list"
	case 't', 'f':
		return "truth value"
	default:
		return "number"
	}
}

// completed is a resource, or a Bundle with its entries, with what was left out; raw when nothing
// was.
func (e *attached) completed(o object, raw json.RawMessage) json.RawMessage {
	if o.str("resourceType") != "Bundle" {
		if !e.complete(o) {
			return raw
		}
		return encoded(o, raw)
	}
	changed := o.str("type") == ""
	if changed {
		o["type"] = json.RawMessage(`"collection"`)
	}
	if entries, ok := e.completedEntries(o["entry"]); ok {
		o["entry"] = entries
		changed = true
	}
	if !changed {
		return raw
	}
	return encoded(o, raw)
}

// completedEntries completes the entries of a Bundle, and tells whether anything was left out. What
// is complete stays as it was sent, so that the reader sees a name that is there twice.
func (e *attached) completedEntries(raw json.RawMessage) (json.RawMessage, bool) {
	var entries []object
	if json.Unmarshal(raw, &entries) != nil {
		return nil, false
	}
	changed := false
	for i, entry := range entries {
		res := entry.object("resource")
		bare := entry["resource"] == nil && entry["resourceType"] != nil
		if bare {
			res = entry
			entries[i] = object{}
		}
		if res != nil && (e.complete(res) || bare) {
			entries[i]["resource"] = encoded(res, entry["resource"])
			changed = true
		}
	}
	if !changed {
		return nil, false
	}
	list, err := json.Marshal(entries)
	return list, err == nil
}

// complete gives a draft the patient of the request when it names none, and tells whether it did.
// It notes which tests are ordered, and the ids of orders.
func (e *attached) complete(o object) bool {
	switch o.str("resourceType") {
	case "ServiceRequest":
		e.tests = append(e.tests, codesOf(o["code"])...)
	case "MedicationRequest":
		e.ids = append(e.ids, o.str("id"))
		if e.draft && o["subject"] == nil {
			o["subject"], _ = json.Marshal(map[string]string{"reference": string(e.patient)})
			return true
		}
	}
	return false
}

func encoded(o object, otherwise json.RawMessage) json.RawMessage {
	data, err := json.Marshal(o)
	if err != nil {
		return otherwise
	}
	return data
}

func codesOf(raw json.RawMessage) []string {
	var c struct {
		Coding []struct {
			System string `json:"system"`
			Code   string `json:"code"`
		} `json:"coding"`
	}
	_ = json.Unmarshal(raw, &c) // one that cannot be read orders nothing that is known here
	var codes []string
	for _, coding := range c.Coding {
		if strings.Contains(coding.System, "loinc") {
			codes = append(codes, coding.Code)
		}
	}
	return codes
}
