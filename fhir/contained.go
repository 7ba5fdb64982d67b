package fhir

import (
	"strings"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/unread"
)

const (
	// maxContainedDepth limits how far references between contained resources are followed; it ends
	// circles.
	maxContainedDepth = 4
	// maxContainedReads bounds the work one resource can cause by referring to many that refer to
	// many.
	maxContainedReads = 100
	// maxParts of one product, including the products in it.
	maxParts = 1000
)

// contained finds the contained resource id and the offsets of its properties; nil if there is
// none, or if the resource has used up its look-ups.
func (d *decoder) contained(id string) (o *offsets, k kind) {
	if d.reads++; d.reads > maxContainedReads {
		return nil, kindUnknown
	}
	return d.within(id)
}

// within is contained for callers that ask for each id once.
func (d *decoder) within(id string) (o *offsets, k kind) {
	v := d.at[nContained]
	if v == 0 || d.rejection != nil {
		return nil, kindUnknown
	}
	back := d.pos
	defer func() { d.pos = back }()
	if d.inside == nil {
		d.inside = d.containedIDs(int(v))
	}
	at, there := d.inside[id]
	if !there {
		return nil, kindUnknown
	}
	if o = d.offsets(int(at)); o[nResourceType] > 0 {
		k, _ = kindOf(d.raw(o[nResourceType]))
	}
	return o, k
}

func (d *decoder) containedIDs(v int) map[string]uint32 {
	places := make(map[string]uint32)
	d.items(v, func(v int) {
		p := d.object(v)
		for d.more(&p) {
			if (p.name == nID || p.name == nResourceType) && d.b[p.v] != '"' {
				d.wrong(p.v, "a string")
			}
			if p.name != nID {
				continue
			}
			id := strings.TrimPrefix(string(d.raw(uint32(p.v))), "#") // some servers write the reference as the id
			if _, there := places[id]; !there {
				places[id] = uint32(v)
			}
		}
	})
	return places
}

func (d *decoder) offsets(v int) *offsets {
	o := new(offsets)
	p := d.object(v)
	for d.more(&p) {
		o[p.name] = uint32(p.v)
	}
	return o
}

// containedReason reads the code of the contained Condition id, unless it was refuted or withdrawn.
func (d *decoder) containedReason(id string) (c concept, ok bool) {
	o, k := d.contained(id)
	if o == nil || k != kindCondition || o[nCode] == 0 {
		return concept{}, false
	}
	back := d.pos
	defer func() { d.pos = back }()
	v, withdrawn := d.verification(o[nVerificationStatus])
	if withdrawn || v == facts.VerificationRefuted {
		return concept{}, false
	}
	c = d.concept(int(o[nCode]))
	if modified := d.modified(o[nModifierExtension]); modified || v == facts.VerificationUnread {
		c.certainty = max(c.certainty, facts.CertaintyPossible)
	}
	return c, true
}

// containedDrug reads the contained Medication, or Substance, id. ok is false if there is none, or
// it is too far away.
func (d *decoder) containedDrug(id string, depth int) (m facts.Drug, ok bool) {
	if depth >= maxContainedDepth {
		return facts.Drug{}, false
	}
	o, k := d.contained(id)
	if o == nil || k != kindMedication && k != kindOther || d.oldMedication(o) {
		return facts.Drug{}, false
	}
	back := d.pos
	defer func() { d.pos = back }()
	return d.product(o, depth+1), true
}

// product reads the Medication whose properties are at o; depth counts the references that led to
// it.
func (d *decoder) product(o *offsets, depth int) (m facts.Drug) {
	if v := o[nCode]; v > 0 {
		m = d.drug(d.concept(int(v)))
	} else if v := o[nUnderCode]; v > 0 {
		m.Absent = d.absence(int(v)) != ""
	}
	m.Modified = d.modified(o[nModifierExtension])
	if v := o[nForm]; v > 0 {
		m.Forms = forms(d.concept(int(v)))
	}
	if v := o[nIngredient]; v > 0 {
		d.items(int(v), func(v int) {
			if m.Parts = append(m.Parts, d.parts(v, depth, &m.Modified)...); len(m.Parts) > maxParts {
				d.invalid(v, "too many ingredients")
			}
		})
	}
	return m
}

// parts reads one Medication.ingredient: the ingredient, then the ingredients of a contained
// product in it. A modifierExtension on any of them counts as one on the product.
func (d *decoder) parts(v, depth int, modified *bool) []facts.Part {
	var p facts.Part
	var more []facts.Part
	o := d.object(v)
	for d.more(&o) {
		switch o.name {
		case nItemCodeableConcept:
			item := d.fact(d.concept(o.v))
			p.Codings, p.Names = item.Codings, item.Texts
		case nItemReference:
			more = d.item(o.v, depth, &p, modified)
		case nStrength:
			mark := d.mark()
			if p.Strength = d.ratio(o.v); d.unreadSince(mark, unread.Dose) {
				p.Strength = facts.Ratio{}
			}
		case nModifierExtension:
			*modified = d.modified(uint32(o.v)) || *modified
		}
	}
	return append([]facts.Part{p}, more...)
}

// item reads ingredient.itemReference into p and returns the ingredients of the product it leads
// to.
func (d *decoder) item(v, depth int, p *facts.Part, modified *bool) []facts.Part {
	r := d.reference(v)
	if r.display != "" {
		p.Names = append(p.Names, r.display)
	}
	if p.Ref = r.ref; !r.local {
		return nil
	}
	m, ok := d.containedDrug(string(r.ref[1:]), depth)
	if !ok {
		return nil
	}
	p.Ref, p.Codings, p.Names = "", m.Codings, m.Names
	*modified = *modified || m.Modified
	return m.Parts
}
