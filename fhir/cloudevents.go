package fhir

import (
	"bytes"
	"encoding/base64"
	"strings"

	"github.com/rlsguard/rlsguard/fhir/scan"
)

// value indexes the value at i, the root of a document, and returns the offset after it. inner is
// the payload of a CloudEvent that came in a string and must still be read.
func (r *Reader) value(i int, events bool) (inner *payload, end int) {
	x := &r.index
	if x.B[i] != '{' {
		return nil, x.resource(i, place{})
	}
	if typ := x.resourceType(i); typ != nil || x.Err != nil {
		return nil, x.resource(i, place{})
	}
	e := x.envelope(i)
	switch {
	case x.Err != nil:
		return nil, -1
	case e.dup > 0:
		x.Err = &scan.Error{At: e.dup, Detail: duplicateName().Detail}
		return nil, -1
	case e.event && events && e.data > 0 && e.base64 == 0 && x.B[e.data] == '"':
		return &payload{at: e.data, text: true}, e.end
	case e.event && events && e.data > 0 && e.base64 == 0:
		x.root += "/data"
		if !x.Open(e.data) || x.resource(e.data, place{}) < 0 {
			return nil, -1
		}
		return nil, e.end
	case e.event && events && e.base64 > 0 && e.data == 0:
		return &payload{at: e.base64}, e.end
	}
	x.reject(place{}, i, i, NotFHIR, e.what())
	return nil, e.end
}

// envelope is what an object without resourceType says of itself.
type envelope struct {
	event        bool // specversion: a CloudEvent in structured mode
	hook         bool // a CDS Hooks request
	data, base64 int  // offsets of values, 0 if absent
	dup, end     int
}

func (e envelope) what() string {
	switch {
	case e.hook:
		return "a CDS Hooks request"
	case e.event && e.data > 0 && e.base64 > 0:
		return "a CloudEvent with both data and data_base64"
	case e.event && e.data == 0 && e.base64 == 0:
		return "a CloudEvent without data"
	case e.event:
		return "a CloudEvent inside a CloudEvent"
	}
	return "an object without resourceType"
}

// envelope inspects the object at i.
func (x *index) envelope(i int) (e envelope) {
	w := x.enter(i)
	for w.next(x) {
		switch w.name {
		case nSpecVersion:
			e.event = true
		case nHook:
			e.hook = true
		case nData:
			e.data = w.at
		case nDataBase64:
			e.base64 = w.at
		}
	}
	e.end = x.leave(&w)
	if w.dup > 0 &&
		(w.dupName == nSpecVersion || w.dupName == nData || w.dupName == nDataBase64 || w.dupName == nResourceType) {
		e.dup = w.dup
	}
	return e
}

// payload is a CloudEvent's data_base64, or data as JSON in a string, by the offset of its value.
type payload struct {
	at   int
	text bool
}

// unwrap reads the payload of a CloudEvent. A CloudEvent inside it is not unwrapped.
func (r *Reader) unwrap(p *payload) *Rejection {
	raw := r.index.raw(p.at)
	if p.text {
		return r.inner(bytes.Clone(raw), "/data")
	}
	const root = "/data_base64"
	if base64.StdEncoding.DecodedLen(len(raw)) > r.options.MaxBytes+2 {
		rej := tooLarge(r.options.MaxBytes)
		rej.Pointer = root
		return rej
	}
	data, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(raw)))
	if raw == nil || err != nil {
		return &Rejection{Reason: UnsupportedEncoding, Pointer: root, Detail: "no base64"}
	}
	return r.inner(data, root)
}

// inner reads the payload of a CloudEvent that is at root.
func (r *Reader) inner(data []byte, root string) *Rejection {
	rej := r.read(data, root, false)
	if rej != nil && rej.Pointer == "" {
		rej.Pointer = root
	}
	return rej
}
