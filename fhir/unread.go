package fhir

import (
	"cmp"
	"slices"
	"strings"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/unread"
	"github.com/rlsguard/rlsguard/fhir/scan"
)

// What of a resource is there and cannot be read does not cost the rest of it. The reader notes the
// place (unread) and goes on as if the value were absent; who needs more than that asks whether
// something was noted since (unreadSince). What each part reads as is in the contract, "Partly
// read". Strict are only identity, type, subject and JSON itself: those end in fail.

// Unread is one place of a resource that is there and could not be read.
type Unread struct {
	Pointer string // JSON pointer (RFC 6901) into the document
	Element string // property of the resource that it is in, as FHIR spells it: one of a closed list
	Detail  string // what was expected; it never holds text of the payload
}

// gap is one such place while its resource is read.
type gap struct {
	at     int // offset; of a place in the Bundle entry 0
	outer  string
	detail string
	part   unread.Parts // where that is known from the place; 0: by the element
}

// maxGaps of one resource. A real one has a handful.
const maxGaps = 1000

// unread notes that what stands at v cannot be read.
func (d *decoder) unread(v int, detail string) {
	if d.rejection != nil {
		return
	}
	if len(d.gaps) == maxGaps {
		d.invalid(v, "more places that cannot be read than a resource has")
		return
	}
	d.gaps = append(d.gaps, gap{at: v, detail: detail})
}

func (d *decoder) wrong(v int, want string) { d.unread(v, "not "+want) }

// unknownCode notes that the code at v is none that FHIR R4 has there, unless it was noted since
// mark that it is no code at all.
func (d *decoder) unknownCode(mark int, v uint32, detail string) {
	if len(d.gaps) == mark {
		d.unread(int(v), detail)
	}
}

// mark is how much was noted so far.
func (d *decoder) mark() int { return len(d.gaps) }

// unreadSince tells that something was noted after mark, and counts that to part.
func (d *decoder) unreadSince(mark int, part unread.Parts) bool {
	for i := mark; i < len(d.gaps); i++ {
		d.gaps[i].part = part
	}
	return len(d.gaps) > mark
}

// mustRead makes a rejection of the first thing that was noted after mark.
func (d *decoder) mustRead(mark int) {
	if len(d.gaps) > mark {
		d.invalid(d.gaps[mark].at, d.gaps[mark].detail)
	}
}

// unreadParts says which parts an element of a resource belongs to; all others are unread.Other.
var unreadParts = [nameCount]unread.Parts{
	nStatus: unread.Status, nClinicalStatus: unread.Status, nVerificationStatus: unread.Status,
	nIntent: unread.Intent, nDoNotPerform: unread.Negation, nMeta: unread.Version,
	nAuthoredOn: unread.Date, nWhenPrepared: unread.Date, nWhenHandedOver: unread.Date, nDateAsserted: unread.Date,
	nEffectiveDateTime: unread.Date, nEffectivePeriod: unread.Date, nEffectiveInstant: unread.Date,
	nEffectiveTiming: unread.Date, nIssued: unread.Date, nRecordedDate: unread.Date,
	nOnsetDateTime: unread.Date, nOnsetPeriod: unread.Date, nAbatementDateTime: unread.Date,
	nAbatementPeriod: unread.Date, nBirthDate: unread.Date, nDeceasedDateTime: unread.Date,
	nDosageInstruction: unread.Dose, nDosage: unread.Dose, nQuantity: unread.Dose,
	nDispenseRequest: unread.Supply, nDaysSupply: unread.Supply,
	nMedicationCodeableConcept: unread.Drug, nMedicationReference: unread.Drug, nContained: unread.Drug,
	nModifierExtension: unread.Modifier,
}

// element is the property of the resource that g stands in.
func (d *decoder) element(g *gap) name {
	if g.outer != "" {
		return nResponse
	}
	best := field{}
	for _, f := range d.index.fields[d.node.first : d.node.first+d.node.n] {
		if int(f.at) <= g.at && f.at >= best.at {
			best = f
		}
	}
	return best.name
}

// partOf says which part of the checks g belongs to.
func (d *decoder) partOf(g *gap) unread.Parts {
	if g.part != 0 {
		return g.part
	}
	return cmp.Or(unreadParts[d.element(g)], unread.Other)
}

// tell hands over what was noted of a resource: all of it when the resource matters, else what
// decides whether it does.
func (d *decoder) tell(res *Resource) {
	if len(d.gaps) == 0 {
		return
	}
	if !res.Relevant || res.Fact.Kind == facts.KindMark {
		kept := d.gaps[:0]
		for i := range d.gaps {
			if d.decides(&d.gaps[i], res.Relevant) {
				kept = append(kept, d.gaps[i])
			}
		}
		d.gaps = kept
	}
	slices.SortStableFunc(d.gaps, func(a, b gap) int { return a.at - b.at })
	d.gaps = slices.CompactFunc(d.gaps, func(a, b gap) bool { return a.at == b.at && a.outer == b.outer })
	if len(d.gaps) == 0 {
		return
	}
	res.Unread = make([]Unread, 0, len(d.gaps))
	at := make([]int, 0, len(d.gaps))
	for i := range d.gaps {
		at = append(at, d.gaps[i].at)
	}
	pointers := pointersAt(d.b, int(d.node.start), at)
	for i := range d.gaps {
		g := &d.gaps[i]
		pointer := res.Pointer + pointers[i]
		if g.outer != "" {
			pointer = strings.TrimSuffix(res.Pointer, "/resource") + g.outer
		}
		res.Unread = append(res.Unread, Unread{Pointer: pointer, Element: nameText[d.element(g)], Detail: g.detail})
		if res.Relevant {
			res.Fact.Unread |= d.partOf(g)
		}
	}
	if res.Fact.Version.Updated != 0 {
		res.Fact.Unread &^= unread.Version // the number alone could not be read, and the time comes before it
	}
}

// decides tells that g is in an element which decides whether a resource concerns us, or which of
// its versions does.
func (d *decoder) decides(g *gap, kept bool) bool {
	switch d.element(g) {
	case nCode, nComponent, nContained, nHasMember, nIdentifier, nMitigation:
		return true
	case nMeta, nResponse:
		return kept
	}
	return false
}

// modified notes a modifierExtension at v (0 when absent). None is known here, so whatever it says
// may change the meaning of what it stands in
// (hl7.org/fhir/R4/extensibility.html#modifierExtension).
func (d *decoder) modified(v uint32) bool {
	if v == 0 || d.b[v] == '[' && d.b[scan.PastBlanks(d.b, int(v)+1)] == ']' {
		return false
	}
	mark := d.mark()
	d.unread(int(v), "a modifierExtension that is not known here")
	return d.unreadSince(mark, unread.Modifier)
}
