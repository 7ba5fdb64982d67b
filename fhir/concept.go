package fhir

import (
	"bytes"
	"cmp"
	"slices"
	"unicode/utf8"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/checks/terms/conditions"
)

const (
	// maxText limits how much of a text is kept: names of drugs and diseases are shorter, and a
	// patient's facts must fit into one message.
	maxText = 1000
	// maxCodings of one CodeableConcept; a real one has a handful, and their displays are compared
	// with each other.
	maxCodings = 200
)

const dataAbsentReason = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"

type concept struct {
	codings   []codes.Coding // those with a system and a code
	texts     []string       // text and displays, without duplicates
	absent    string         // code of a data-absent-reason or null flavour in place of a code
	bare      []codes.Coding // codes without a system
	certainty facts.Certainty
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
					d.invalid(v, "too many codings")
					return
				}
				d.coding(v, c)
			})
		case nText:
			text = d.keepText(d.text(o.v))
		case nExtension, nUnderText:
			d.extensions(o.v, c)
		}
	}
	c.name(text)
	return *c
}

func (d *decoder) coding(v int, c *concept) {
	var one codes.Coding
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
			d.extensions(o.v, c)
		}
	}
	one.Code = codes.Plain(one.System, one.Code)
	switch {
	case one.System == codes.Absent || one.System == codes.NullFlav:
		c.absent = one.Code
		return
	case one.Code != "" && one.System != "":
		d.certain(&one, c)
		c.codings = append(c.codings, one)
	case one.Code != "":
		c.bare = append(c.bare, one)
	}
	c.name(one.Display)
}

// certain splits the letter of certainty off a code if that leaves one the tables know.
func (d *decoder) certain(one *codes.Coding, c *concept) {
	code, letter := codes.CutCertainty(one.System, one.Code)
	if letter == 0 {
		return
	}
	plain := codes.Coding{System: one.System, Code: code}
	if _, known := conditions.Find(plain); known {
		one.Code = code
		c.certainty = max(c.certainty, certaintyOf(letter))
	}
}

// certaintyOf is the meaning of a letter of ICD-10-GM (BfArM, Zusatzkennzeichen der
// Diagnosensicherheit).
func certaintyOf(letter byte) facts.Certainty {
	switch letter {
	case 'G':
		return facts.CertaintyAsCoded
	case 'A', 'Z':
		return facts.CertaintyShut
	}
	return facts.CertaintyPossible
}

func (c *concept) name(s string) {
	if s != "" && !slices.Contains(c.texts, s) {
		c.texts = append(c.texts, s)
	}
}

func (d *decoder) fact(c concept) facts.Concept {
	return facts.Concept{Codings: d.codings.take(c.codings), Texts: d.strings.take(c.texts), Certainty: c.certainty}
}

func (d *decoder) concepts(v int) (list []facts.Concept) {
	d.items(v, func(v int) { list = append(list, d.fact(d.concept(v))) })
	return list
}

// extensions searches the extensions at v (an array, or an object that has one) for a
// data-absent-reason and the certainty of a German diagnosis.
func (d *decoder) extensions(v int, c *concept) {
	if d.b[v] == '{' {
		o := d.object(v)
		for d.more(&o) {
			if o.name == nExtension {
				d.extensions(o.v, c)
			}
		}
		return
	}
	d.items(v, func(v int) { d.extension(v, c) })
}

const certaintyExtension = "icd-10-gm-diagnosesicherheit"

func (d *decoder) extension(v int, c *concept) {
	var reason, letter string
	absent, certainty := false, false
	o := d.object(v)
	for d.more(&o) {
		switch o.name {
		case nURL:
			url := d.text(o.v)
			absent = string(url) == dataAbsentReason
			certainty = bytes.HasSuffix(url, []byte(certaintyExtension))
		case nValueCode, nValueString:
			reason = d.str(o.v)
			letter = reason
		case nValueCoding:
			letter = d.codeOf(o.v)
		}
	}
	switch {
	case absent:
		c.absent = cmp.Or(reason, "unknown")
	case certainty && len(letter) == 1:
		c.certainty = max(c.certainty, certaintyOf(letter[0]&^0x20))
	case certainty:
		c.certainty = max(c.certainty, facts.CertaintyPossible)
	}
}

func (d *decoder) codeOf(v int) (code string) {
	o := d.object(v)
	for d.more(&o) {
		if o.name == nCode {
			code = d.str(o.v)
		}
	}
	return code
}

// absence is the reason for a missing code in the extensions at v.
func (d *decoder) absence(v int) string {
	var c concept
	d.extensions(v, &c)
	return c.absent
}

// keepText copies the beginning of a text, trimmed.
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
