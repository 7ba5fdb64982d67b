package fhir

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/rlsguard/rlsguard/fhir/scan"
)

// bundle indexes the Bundle at i: each entry is an event, the Bundle itself is not.
func (x *index) bundle(i int, p place) int {
	firstNode, firstField := len(x.nodes), len(x.fields)
	x.scopes++
	in := place{container: x.pointer(p) + "/entry", scope: x.scopes, bundles: p.bundles + 1}
	var typ []byte
	var bad *Rejection
	badAt := i
	refuse := func(at int, detail string) {
		if bad == nil {
			bad, badAt = &Rejection{Reason: InvalidResource, Detail: detail}, at
		}
	}
	if p.bundles >= maxBundles {
		refuse(i, fmt.Sprintf("Bundles nested deeper than %d", maxBundles))
	}
	w := x.enter(i)
	for w.next(x) {
		switch {
		case w.name == nType && x.B[w.at] == '"':
			typ = x.raw(w.at)
		case w.name != nEntry || x.B[w.at] == 'n':
		case x.B[w.at] != '[':
			refuse(w.at, "entry is not an array")
		case bad == nil:
			w.end = x.entries(w.at, in)
			if x.tooMany != nil {
				bad, badAt, x.tooMany = x.tooMany, w.at, nil
			}
		}
	}
	end := x.leave(&w)
	if end < 0 {
		return -1
	}
	switch {
	case w.dup > 0 && (w.dupName == nEntry || w.dupName == nType || w.dupName == nResourceType):
		bad, badAt = duplicateName(), w.dup
	case !bundleType(typ):
		refuse(i, "not a FHIR R4 Bundle.type")
	}
	if bad != nil {
		x.nodes, x.fields = x.nodes[:firstNode], x.fields[:firstField]
		n := x.add(p)
		n.typ, n.start, n.end, n.rejection, n.place = "Bundle", uint32(i), uint32(end), bad, uint32(badAt)
		return end
	}
	if len(x.nodes) == firstNode && p.container != "" {
		n := x.add(p)
		n.kind, n.typ, n.start, n.end = kindOther, "Bundle", uint32(i), uint32(end)
	}
	return end
}

// entries indexes the array of Bundle entries at i and returns the offset after it, or -1.
func (x *index) entries(i int, in place) int {
	return x.elements(i, func(at int, position uint32) int {
		if int(position) >= x.options.MaxEntries {
			if x.tooMany == nil {
				x.tooMany = &Rejection{
					Reason: TooLarge,
					Detail: fmt.Sprintf("a Bundle of more than %d entries", x.options.MaxEntries),
				}
			}
			return x.Value(at)
		}
		in.position = position
		return x.entryAt(at, in)
	})
}

// elements calls f with each element of the array at i; f returns the offset after the element, or
// -1.
func (x *index) elements(i int, f func(at int, position uint32) int) int {
	b := x.B
	if !x.Open(i) {
		return -1
	}
	defer x.Shut()
	if i = scan.PastBlanks(b, i+1); i < len(b) && b[i] == ']' {
		return i + 1
	}
	for position := uint32(0); ; position++ {
		if i >= len(b) {
			return x.Fail(i, "document ends early")
		}
		if i = f(i, position); i < 0 {
			return -1
		}
		i = scan.PastBlanks(b, i)
		switch {
		case i < len(b) && b[i] == ',':
			i = scan.PastBlanks(b, i+1)
		case i < len(b) && b[i] == ']':
			return i + 1
		default:
			return x.Fail(i, "no comma or closing bracket after a value")
		}
	}
}

func (x *index) entryAt(i int, p place) int {
	if x.B[i] != '{' {
		end := x.Value(i)
		if end >= 0 {
			p.noResource = true
			x.reject(p, i, i, InvalidResource, "a Bundle entry that is not an object")
		}
		return end
	}
	first, firstField := len(x.nodes), len(x.fields)
	resource := 0
	w := x.enter(i)
	for w.next(x) {
		at := uint32(w.at)
		switch {
		case x.B[w.at] == 'n':
		case w.name == nFullURL:
			p.entry.fullURL = at
		case w.name == nRequest:
			p.entry.request = at
		case w.name == nResponse:
			p.entry.response = at
		case w.name == nResource && resource == 0:
			resource = w.at
			w.end = x.resource(w.at, p)
		}
	}
	end := x.leave(&w)
	if end < 0 {
		return -1
	}
	switch {
	case w.dup > 0 && entryName(w.dupName):
		x.nodes, x.fields = x.nodes[:first], x.fields[:firstField]
		p.noResource = true
		x.reject(p, i, w.dup, InvalidJSON, duplicateName().Detail)
	case resource == 0:
		p.noResource = true
		n := x.add(p)
		n.start, n.end = uint32(i), uint32(end)
	default:
		for j := first; j < len(x.nodes); j++ { // what follows the resource in the entry
			if n := &x.nodes[j]; n.scope == p.scope && !n.parameter {
				n.entry = p.entry
			}
		}
	}
	return end
}

func entryName(n name) bool {
	return n == nFullURL || n == nRequest || n == nResponse || n == nResource
}

// parameters indexes the Parameters at i: every resource in it, at any depth, is an event.
func (x *index) parameters(i int, p place) int {
	first := len(x.nodes)
	w := x.enter(i)
	for w.next(x) {
		if w.name == nParameter && x.B[w.at] == '[' {
			w.end = x.parts(w.at, x.pointer(p)+"/parameter", p)
		}
	}
	end := x.leave(&w)
	if end < 0 {
		return -1
	}
	if w.dup > 0 && (w.dupName == nParameter || w.dupName == nResourceType) {
		x.nodes = x.nodes[:first]
		x.reject(p, i, w.dup, InvalidJSON, duplicateName().Detail)
	}
	if len(x.nodes) == first {
		n := x.add(p)
		n.kind, n.typ, n.start, n.end = kindOther, "Parameters", uint32(i), uint32(end)
	}
	return end
}

// parts indexes the array of parameters at i, to which pointer leads.
func (x *index) parts(i int, pointer string, p place) int {
	outermost := p.container == "" && pointer == "/parameter"
	return x.elements(i, func(at int, position uint32) int {
		if x.B[at] != '{' {
			x.note(outermost, 0)
			return x.Value(at)
		}
		in := place{container: pointer, position: position, parameter: true, scope: p.scope, bundles: p.bundles}
		first, named := len(x.nodes), 0
		w := x.enter(at)
		for w.next(x) {
			switch {
			case w.name == unknown && outermost && keyIs(x.B, w.at, "name"):
				named = w.at
			case w.name == nResource && x.B[w.at] != 'n':
				w.end = x.resource(w.at, in)
			case w.name == nPart && x.B[w.at] == '[':
				w.end = x.parts(w.at, fmt.Sprintf("%s/%d/part", pointer, position), p)
			}
		}
		end := x.leave(&w)
		if end >= 0 && w.dup > 0 && (w.dupName == nResource || w.dupName == nPart) {
			x.nodes = x.nodes[:first]
			in.noResource = true
			x.reject(in, at, w.dup, InvalidJSON, duplicateName().Detail)
		}
		x.note(outermost, named)
		return end
	})
}

// keyIs reports whether the property whose value is at i is spelled key. It is for the few
// properties that are no name of this reader: as names, repeating them would be an error
// everywhere.
func keyIs(b []byte, i int, key string) bool {
	b = bytes.TrimRight(b[:i], " \t\r\n")
	b = bytes.TrimRight(bytes.TrimSuffix(b, []byte(":")), " \t\r\n")
	before, ok := bytes.CutSuffix(b, []byte(`"`+key+`"`))
	return ok && !bytes.HasSuffix(before, []byte(`\`))
}

// note records where the name of a parameter of the document is.
func (x *index) note(outermost bool, at int) {
	if outermost {
		x.named = append(x.named, uint32(at))
	}
}

func (x *index) pointer(p place) string {
	if p.container == "" {
		return x.root
	}
	return p.container + "/" + strconv.Itoa(int(p.position)) + "/resource"
}
