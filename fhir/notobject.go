package fhir

import (
	"bytes"

	"github.com/rlsguard/rlsguard/fhir/scan"
)

// notObject says what the value at i is, which is not an object and has been read to its end, and
// how its sender puts it right.
func (x *index) notObject(i int) string {
	switch x.B[i] {
	case '"':
		if text := bytes.TrimSpace(x.raw(i)); len(text) > 0 && (text[0] == '{' || text[0] == '[' || text[0] == '"') {
			return "JSON inside a JSON string (encoded twice): send the object itself"
		}
		return "a JSON string, not an object"
	case '[':
		first := scan.PastBlanks(x.B, i+1)
		switch {
		case x.B[first] != '{':
			return "a JSON array, not an object"
		case x.envelope(first).event:
			return "a JSON array of CloudEvents (batch mode): send each as a message of its own"
		}
		return "a JSON array: send each resource by itself, or all in a Bundle"
	}
	return "a JSON value that is not an object"
}

// notResource says what the object at i is, whose resourceType is none of FHIR R4.
func (x *index) notResource(i int, typ string) string {
	if e := x.envelope(i); typ == "" && e.event {
		return "a CloudEvent inside a CloudEvent"
	}
	return "not a FHIR R4 resourceType"
}
