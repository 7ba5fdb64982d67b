package fhir

import (
	"bytes"

	"github.com/rlsguard/rlsguard/fhir/scan"
)

// A document is read twice. The first pass (index) checks every byte and notes where the resources
// and their relevant properties are. Only a sound document is decoded: so nothing of a broken one
// counts, references may point forward, and what nobody needs is not read again.

// field is one property of a resource: its name and the offset of its value.
type field struct {
	name name
	at   uint32
}

// node is one event of a document: a resource, or a Bundle entry without one.
type node struct {
	kind       kind
	noResource bool
	empty      bool   // only type, id and meta
	typ        string // resourceType
	start, end uint32 // of the resource; of the entry if there is none
	first, n   uint32 // its fields in index.fields
	id         uint32 // value of id; 0 if absent
	entry      entry
	scope      uint32 // Bundle that contains it; 0 is none
	container  string // JSON pointer of Bundle or Parameters, including the list: "/entry"
	position   uint32 // in that list
	parameter  bool
	rejection  *Rejection // including its place
	place      uint32
	ref        string // how others refer to it, on demand
}

// entry is what a Bundle entry has beside its resource: offsets of the values, 0 if absent.
type entry struct{ fullURL, request, response uint32 }

type index struct {
	scan.Scanner
	options *Options
	root    string // JSON pointer of the value being read, in the original document
	nodes   []node
	fields  []field
	scopes  uint32     // Bundles seen
	tooMany *Rejection // of the current Bundle
	named   []uint32   // where the names of the document's parameters are, if it is Parameters; 0 for one without
}

// maxBundles limits nested Bundles: messages and batch responses hold one in another.
const maxBundles = 2

// place says where a value is.
type place struct {
	container string
	position  uint32
	parameter bool
	scope     uint32
	bundles   int // Bundles around it
	entry     entry

	noResource bool // an entry without a resource
}

func (x *index) reset(b []byte, o *Options) {
	x.Scanner.Reset(b, o.MaxDepth)
	x.options, x.root = o, ""
	x.nodes, x.fields, x.scopes, x.tooMany = x.nodes[:0], x.fields[:0], 0, nil
	x.named = x.named[:0]
}

// broken says why the document at root is not accepted: the first mistake the scan found.
func (x *index) broken(root string) *Rejection {
	reason := InvalidJSON
	if x.Err.TooDeep {
		reason = TooDeep
	}
	return &Rejection{Reason: reason, Pointer: root + pointerAt(x.B, 0, x.Err.At), Detail: x.Err.Detail}
}

func (x *index) add(p place) *node {
	x.nodes = append(
		x.nodes,
		node{entry: p.entry, scope: p.scope, container: p.container, position: p.position, parameter: p.parameter,
			noResource: p.noResource,
			first:      uint32(len(x.fields))},
	)
	return &x.nodes[len(x.nodes)-1]
}

// reject adds a node that says why the value at start was rejected, because of what is at i, inside
// or the same.
func (x *index) reject(p place, start, i int, reason Reason, detail string) {
	n := x.add(p)
	n.start, n.end, n.place = uint32(start), uint32(start), uint32(i)
	n.rejection = &Rejection{Reason: reason, Detail: detail}
}

// resource indexes the resource at i and returns the offset after it, or -1 if the document is
// broken.
func (x *index) resource(i int, p place) int {
	if x.B[i] != '{' {
		end := x.Value(i)
		if end >= 0 {
			x.reject(p, i, i, NotFHIR, x.notObject(i))
		}
		return end
	}
	typ := x.resourceType(i)
	if x.Err != nil {
		return -1
	}
	switch k, name := kindOf(typ); k {
	case kindBundle:
		return x.bundle(i, p)
	case kindParameters:
		return x.parameters(i, p)
	default:
		return x.leaf(i, p, k, name)
	}
}

// resourceType finds the type of the resource at i: usually the first property, but possibly the
// last.
func (x *index) resourceType(i int) (typ []byte) {
	if j := scan.PastBlanks(x.B, i+1); j+14 < len(x.B) && string(x.B[j:j+14]) == `"resourceType"` {
		if j = scan.PastBlanks(x.B, j+14); j < len(x.B) && x.B[j] == ':' {
			return x.raw(scan.PastBlanks(x.B, j+1))
		}
	}
	w := x.enter(i)
	for w.next(x) {
		if w.name == nResourceType && typ == nil {
			typ = x.raw(w.at)
		}
	}
	x.leave(&w)
	return typ
}

// raw is the text of the string at i; nil if there is none.
func (x *index) raw(i int) []byte {
	if i >= len(x.B) || x.B[i] != '"' {
		return nil
	}
	end := x.Str(i)
	if end < 0 {
		return nil
	}
	if k := x.B[i+1 : end-1]; bytes.IndexByte(k, '\\') < 0 {
		return k
	}
	return scan.Unescape(nil, x.B[i+1:end-1])
}

// leaf indexes a resource without relevant nested ones.
func (x *index) leaf(i int, p place, k kind, typ string) int {
	at := len(x.nodes)
	x.add(p)
	id := 0
	empty := true
	w := x.enter(i)
	w.few = !k.kept()
	for w.next(x) {
		switch {
		case x.B[w.at] == 'n':
			continue
		case w.name == nID:
			id = w.at
		case w.name != unknown && k.kept():
			x.fields = append(x.fields, field{w.name, uint32(w.at)})
		}
		empty = empty && (w.name == nID || w.name == nMeta || w.name == nResourceType)
	}
	end := x.leave(&w)
	if end < 0 {
		return -1
	}
	n := &x.nodes[at]
	n.empty = empty
	n.kind, n.typ, n.start, n.end, n.id = k, typ, uint32(i), uint32(end), uint32(id)
	n.n = uint32(len(x.fields)) - n.first
	if w.dup > 0 && (k.kept() || w.dupName == nResourceType) {
		n.rejection, n.place = duplicateName(), uint32(w.dup)
	} else if k == kindUnknown {
		n.rejection, n.place = &Rejection{Reason: NotFHIR, Detail: x.notResource(i, typ)}, uint32(i)
	}
	return end
}

func duplicateName() *Rejection {
	return &Rejection{Reason: InvalidJSON, Detail: "a property name occurs twice in one object"}
}
