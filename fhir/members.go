package fhir

import (
	"github.com/rlsguard/rlsguard/fhir/scan"
)

// members walks over the properties of one object in the first pass.
type members struct {
	start   int
	i       int  // offset of what comes next
	name    name // of the current property
	exact   bool // spelled as in FHIR
	at, end int  // its value; end is 0 until it has been passed
	seen    nameSet
	dup     int // offset of the first duplicate property name
	dupName name
	few     bool // only id and resourceType will be read
	began   bool
	done    bool
}

func (x *index) enter(i int) members {
	if !x.Open(i) {
		return members{start: i, done: true}
	}
	return members{start: i, i: i + 1}
}

// leave skips the rest of the object and returns the offset after it, or -1.
func (x *index) leave(w *members) int {
	for w.next(x) {
	}
	x.Shut()
	if x.Err != nil {
		return -1
	}
	return w.i
}

// next goes to the next property. It returns false at the end of the object, or if the document is
// broken.
func (w *members) next(x *index) bool {
	if w.done || x.Err != nil {
		return false
	}
	b := x.B
	i := w.i
	if w.began {
		if i = w.end; i == 0 {
			i = x.Value(w.at)
		}
		if i < 0 {
			return false
		}
		i = scan.PastBlanks(b, i)
		if i < len(b) && b[i] == ',' {
			i = scan.PastBlanks(b, i+1)
		} else if i >= len(b) || b[i] != '}' {
			x.Fail(i, "no comma or closing bracket after a value")
			return false
		} else {
			w.done, w.i = true, i+1
			return false
		}
	} else {
		w.began = true
		if i = scan.PastBlanks(b, i); i < len(b) && b[i] == '}' {
			w.done, w.i = true, i+1
			return false
		}
	}
	return w.key(x, i)
}

// key reads the property name at i and finds the value after it.
func (w *members) key(x *index, i int) bool {
	b := x.B
	if i >= len(b) || b[i] != '"' {
		x.Fail(i, "no property name in double quotes")
		return false
	}
	end := x.Str(i)
	if end < 0 {
		return false
	}
	if w.name, w.exact = unknown, true; !w.few || mayBeIDOrType(b[i+1]) {
		w.name, w.exact = spelled(b[i+1 : end-1])
	}
	if w.name != unknown && w.seen.add(w.name) && w.dup == 0 {
		w.dup, w.dupName = i, w.name
	}
	if !w.exact {
		w.name = unknown
	}
	if end = scan.PastBlanks(b, end); end >= len(b) || b[end] != ':' {
		x.Fail(end, "no colon after a property name")
		return false
	}
	w.at, w.end = scan.PastBlanks(b, end+1), 0
	if w.at >= len(b) {
		x.Fail(w.at, "document ends early")
		return false
	}
	return true
}

// spelled finds the name that the raw key k spells, perhaps with escapes.
func spelled(k []byte) (name, bool) {
	if len(k) == 0 {
		return unknown, true
	}
	n, exact := lookup(k)
	if n != unknown {
		return n, exact
	}
	for _, c := range k {
		if c == '\\' || c >= 0x80 {
			return lookupOdd(scan.Unescape(nil, k))
		}
	}
	return unknown, true
}

// mayBeIDOrType reports whether a key that begins with c may spell id or resourceType.
func mayBeIDOrType(c byte) bool {
	return c|0x20 == 'i' || c|0x20 == 'r' || c == '\\' || c >= 0x80
}
