package layout

import (
	"bytes"
	"encoding/json"
	"regexp"

	"github.com/rlsguard/rlsguard/fhir"
)

var typeName = regexp.MustCompile(`^[A-Z][A-Za-z]{1,63}$`)

// InboundSubject is where a resource of a type is published. Anything but a FHIR type could be any
// text, and is not part of a subject.
func InboundSubject(kind string) string {
	if !fhir.IsType(kind) {
		kind = "Unknown"
	}
	return SubjectInbound + kind
}

// ResourceType is the type a document names at its top; "" if it is not fit for a subject.
func ResourceType(data []byte) string {
	t := TopString(data, "resourceType")
	if !typeName.MatchString(t) {
		return ""
	}
	return t
}

// TopString is a string member of the object in data; it reads no further than that member.
func TopString(data []byte, name string) string {
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return ""
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return ""
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return ""
		}
		if key == name {
			var s string
			_ = json.Unmarshal(value, &s)
			return s
		}
	}
	return ""
}
