package cdshooks

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/fhir"
)

// embedded reads one FHIR resource or Bundle of a request, or a list of them. Clients leave out what goes without saying there: the type of
// the Bundle, the entry around a resource, the patient of a draft, or wrap a resource with the response that brought it. That is made up for; everything
// else is up to the reader.
type embedded struct {
	patient checks.Ref
	draft   bool
	tests   []string // LOINC codes of ServiceRequests
	ids     []string // of MedicationRequests
	more    bool     // the Bundle has a next page
}

func (e *embedded) read(r *fhir.Reader, raw json.RawMessage, pointer string, take func(fhir.Resource)) {
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return
	}
	var list []json.RawMessage
	if raw[0] == '[' && json.Unmarshal(raw, &list) == nil {
		for i, item := range list {
			e.read(r, item, pointer+"/"+strconv.Itoa(i), take)
		}
		return
	}
	var o object
	if json.Unmarshal(raw, &o) == nil && o["resourceType"] == nil && o["resource"] != nil {
		pointer += "/resource"
		raw = o["resource"]
		o = nil
		if json.Unmarshal(raw, &o) != nil || o == nil {
			return // a response without a resource
		}
	}
	if o != nil {
		raw = e.completed(o, raw)
	}
	r.Document(raw, func(res fhir.Resource) bool {
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

// completed is a resource, or a Bundle with its entries, with what was left out; raw when nothing was.
func (e *embedded) completed(o object, raw json.RawMessage) json.RawMessage {
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
	e.more = e.more || hasNext(o["link"])
	if entries, ok := e.completedEntries(o["entry"]); ok {
		o["entry"] = entries
		changed = true
	}
	if !changed {
		return raw
	}
	return encoded(o, raw)
}

// completedEntries completes the entries of a Bundle, and tells whether anything was left out. What is complete stays as it was sent, so
// that the reader sees a name that is there twice.
func (e *embedded) completedEntries(raw json.RawMessage) (json.RawMessage, bool) {
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

// complete gives a draft the patient of the request when it names none, and tells whether it did. It notes which tests are ordered, and the ids of orders.
func (e *embedded) complete(o object) bool {
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

func hasNext(raw json.RawMessage) bool {
	var links []struct {
		Relation string `json:"relation"`
	}
	_ = json.Unmarshal(raw, &links)
	for _, l := range links {
		if l.Relation == "next" {
			return true
		}
	}
	return false
}
