package fhir

import (
	"cmp"
	"slices"
	"strings"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/unread"
	"github.com/rlsguard/rlsguard/fhir/scan"
)

// An unreadable part of a resource does not affect the rest. The reader notes the place (unread)
// and goes on as if the value were absent; callers that need more ask whether anything was noted
// since (unreadSince). The contract, "Partly read", says how each part then reads. Only identity,
// type, subject and JSON itself are strict: those end in fail.

// Unread is one place of a resource that is present but unreadable.
type Unread struct {
	Pointer string // JSON pointer (RFC 6901) into the document
	Element string // property of the resource that contains it, as FHIR spells it: one of a closed list
	Detail  string // what was expected; it never contains text of the payload
}

// gap is one such place while its resource is read.
type gap struct {
	at     int // offset; 0 for a place in the Bundle entry
	outer  string
	detail string
	part   unread.Parts // if known from the place; 0: by the element
}

// maxGaps of one resource. A real one has a handful.
const maxGaps = 1000

// unread notes that the value at v cannot be read.
func (d *decoder) unread(v int, detail string) {
	if d.rejection != nil {
		return
	}
	if len(d.gaps) == maxGaps {
		d.invalid(v, "too many unreadable places")
		return
	}
	d.gaps = append(d.gaps, gap{at: v, detail: detail})
}

func (d *decoder) wrong(v int, want string) { d.unread(v, "not "+want) }

// unknownCode notes that the code at v is not one of FHIR R4's, unless it was already noted since
// mark as no code at all.
func (d *decoder) unknownCode(mark int, v uint32, detail string) {
	if len(d.gaps) == mark {
		d.unread(int(v), detail)
	}
}

// mark is the number of gaps so far.
func (d *decoder) mark() int { return len(d.gaps) }

// unreadSince reports whether anything was noted after mark, and assigns it to part.
func (d *decoder) unreadSince(mark int, part unread.Parts) bool {
	for i := mark; i < len(d.gaps); i++ {
		d.gaps[i].part = part
	}
	return len(d.gaps) > mark
}

// mustRead rejects the resource for the first gap noted after mark.
func (d *decoder) mustRead(mark int) {
	if len(d.gaps) > mark {
		d.invalid(d.gaps[mark].at, d.gaps[mark].detail)
	}
}

// unreadParts maps elements of a resource to parts; all others are unread.Other.
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

// element is the property of the resource that contains g.
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

// tell hands over the gaps of a resource: all of them if it is relevant, else those that decide
// whether it is.
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
		res.Fact.Unread &^= unread.Version // only the number could not be read, and the time outranks it
	}
}

// decides reports whether g is in an element that decides whether a resource is relevant, or which
// of its versions is.
func (d *decoder) decides(g *gap, kept bool) bool {
	switch d.element(g) {
	case nCode, nComponent, nContained, nHasMember, nIdentifier, nMitigation:
		return true
	case nMeta, nResponse:
		return kept
	}
	return false
}

// modified notes a modifierExtension at v (0 if absent). None is known here, so any may change the
// meaning of what contains it (hl7.org/fhir/R4/extensibility.html#modifierExtension).
func (d *decoder) modified(v uint32) bool {
	if v == 0 || d.b[v] == '[' && d.b[scan.PastBlanks(d.b, int(v)+1)] == ']' {
		return false
	}
	mark := d.mark()
	d.unread(int(v), "an unknown modifierExtension")
	return d.unreadSince(mark, unread.Modifier)
}
