package fhir

import (
	"bytes"
	"cmp"
	"slices"
	"unicode/utf8"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/terms"
)

const (
	// maxText is how much of a text is kept: names of drugs and diseases are shorter, and a patient's facts go into one message.
	maxText = 1000
	// maxCodings of one CodeableConcept; a real one has a handful, and their displays are held against each other.
	maxCodings = 200
)

const dataAbsentReason = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"

// concept is a CodeableConcept as it was sent. Its lists live until the next one is read.
type concept struct {
	codings []terms.Coding // those with a system and a code
	texts   []string       // text and displays, without repetition
	absent  string         // the code of a data-absent-reason or null flavour that stands in place of a code
	bare    []terms.Coding // codes without a system
}

// concept reads the CodeableConcept at v.
func (d *decoder) concept(v int) concept {
	c := &d.scratchConcept
	*c = concept{codings: c.codings[:0], texts: c.texts[:0], bare: c.bare[:0]}
	text := ""
	o := d.object(v)
	for d.more(&o) {
		switch o.name {
		case nCoding:
			n := 0
			d.items(o.v, func(v int) {
				if n++; n > maxCodings {
					d.invalid(v, "more codings than anybody needs")
					return
				}
				d.coding(v, c)
			})
		case nText:
			text = d.keepText(d.text(o.v))
		case nExtension, nUnderText:
			d.absence(o.v, &c.absent)
		}
	}
	c.name(text)
	return *c
}

// coding reads one Coding into c.
func (d *decoder) coding(v int, c *concept) {
	var one terms.Coding
	o := d.object(v)
	for d.more(&o) {
		switch o.name {
		case nSystem:
			one.System = d.system(o.v)
		case nCode:
			one.Code = d.str(o.v)
		case nDisplay:
			one.Display = d.keepText(d.text(o.v))
		case nExtension, nUnderCode:
			d.absence(o.v, &c.absent)
		}
	}
	switch {
	case one.System == terms.Absent || one.System == terms.NullFlav:
		c.absent = one.Code
		return
	case one.Code != "" && one.System != "":
		c.codings = append(c.codings, one)
	case one.Code != "":
		c.bare = append(c.bare, one)
	}
	c.name(one.Display)
}

// name adds a text that is not there yet.
func (c *concept) name(s string) {
	if s != "" && !slices.Contains(c.texts, s) {
		c.texts = append(c.texts, s)
	}
}

// fact copies the lists of c.
func (d *decoder) fact(c concept) checks.Concept {
	return checks.Concept{Codings: d.codings.take(c.codings), Texts: d.strings.take(c.texts)}
}

// concepts reads the array of CodeableConcepts at v.
func (d *decoder) concepts(v int) (list []checks.Concept) {
	d.items(v, func(v int) { list = append(list, d.fact(d.concept(v))) })
	return list
}

// absence looks into extensions at v (an array, or an object that has one) for a data-absent-reason.
func (d *decoder) absence(v int, code *string) {
	if d.b[v] == '{' {
		o := d.object(v)
		for d.more(&o) {
			if o.name == nExtension {
				d.absence(o.v, code)
			}
		}
		return
	}
	d.items(v, func(v int) {
		var reason string
		absent := false
		o := d.object(v)
		for d.more(&o) {
			switch o.name {
			case nURL:
				absent = string(d.text(o.v)) == dataAbsentReason
			case nValueCode:
				reason = d.str(o.v)
			}
		}
		if absent {
			*code = cmp.Or(reason, "unknown")
		}
	})
}

// keepText copies the beginning of a text, without blanks around it.
func (d *decoder) keepText(b []byte) string {
	b = bytes.TrimSpace(b)
	if n := maxText; len(b) > n {
		for !utf8.RuneStart(b[n]) {
			n--
		}
		b = b[:n]
	}
	return d.keep(b)
}
