package codec

import (
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
)

// lab begins with three bits of status, and bits for what is present.
func (c *coder) lab(l *facts.LabResult) {
	m := c.mask(labBits(l), 16)
	if c.reading {
		l.Status = enumOf(c, m&7, facts.LabCancelled)
		l.TimeUnread = m&(1<<14) != 0
	}
	c.loincs(&l.Loincs, m&(1<<3) != 0, m&(1<<13) != 0)
	if m&(1<<4) != 0 {
		c.value(&l.Value)
	}
	if m&(1<<5) != 0 {
		c.time(&l.Effective.Start)
	}
	if m&(1<<12) != 0 {
		c.time(&l.Effective.End)
	}
	if m&(1<<6) != 0 {
		c.time(&l.Issued)
	}
	if m&(1<<7) != 0 {
		c.ref(&l.Specimen)
	}
	if m&(1<<8) != 0 {
		c.ref(&l.Performer)
	}
	c.labParts(l, m)
}

func labBits(l *facts.LabResult) uint64 {
	return uint64(
		l.Status,
	)&7 | bitOf(
		len(l.Loincs) == 1,
	)<<3 | bitOf(
		hasValue(&l.Value),
	)<<4 | bitOf(
		given(l.Effective.Start),
	)<<5 |
		bitOf(
			given(l.Issued),
		)<<6 | bitOf(
		l.Specimen != "",
	)<<7 | bitOf(
		l.Performer != "",
	)<<8 | bitOf(
		len(l.Components) > 0,
	)<<9 |
		bitOf(
			len(l.Members) > 0,
		)<<10 | bitOf(
		hasConcept(&l.Method),
	)<<11 | bitOf(
		given(l.Effective.End),
	)<<12 |
		bitOf(
			len(l.Loincs) > 1,
		)<<13 | bitOf(
		l.TimeUnread,
	)<<14 | bitOf(
		len(l.Results) > 0,
	)<<15
}

func (c *coder) loincs(s *[]string, one, more bool) {
	switch {
	case more:
		c.texts(s)
	case one:
		if c.reading {
			*s = cutSlab(&c.words, 1, slabChunk)
		}
		c.text(&(*s)[0])
	}
}

func (c *coder) labParts(l *facts.LabResult, m uint64) {
	if m&(1<<9) != 0 {
		codeLen(c, &l.Components)
		for i := range l.Components {
			c.texts(&l.Components[i].Loincs)
			c.value(&l.Components[i].Value)
		}
	}
	if m&(1<<10) != 0 {
		c.refs(&l.Members)
	}
	if m&(1<<11) != 0 {
		c.concept(&l.Method)
	}
	if m&(1<<15) != 0 {
		c.labResults(&l.Results)
	}
}

// labResults are those of a report. Reports do not nest; a state that says otherwise is not
// followed further.
func (c *coder) labResults(s *[]facts.LabResult) {
	if c.nested++; c.nested > maxNested {
		c.fail()
		return
	}
	codeLen(c, s)
	for i := range *s {
		c.lab(&(*s)[i])
	}
	c.nested--
}

// maxNested limits how deep results may nest.
const maxNested = 8

func hasValue(v *facts.Value) bool {
	return v.Kind != facts.NoValue || given(v.Quantity) || v.Text != "" || hasConcept(&v.Concept)
}

// value begins with a shape, often that of the previous value: kind 3, text 1, concept 1, quantity
// 6 bits.
func (c *coder) value(v *facts.Value) {
	var h uint64
	if !c.reading {
		h = uint64(v.Kind)&7 | bitOf(v.Text != "")<<3 | bitOf(hasConcept(&v.Concept))<<4 | quantityBits(&v.Quantity)<<5
	}
	h = c.again(&c.valueShape, h, 11)
	if c.reading {
		v.Kind = enumOf(c, h&7, facts.UnreadValue)
	}
	c.quantityContent(&v.Quantity, h>>5)
	if h&(1<<3) != 0 {
		c.text(&v.Text)
	}
	if h&(1<<4) != 0 {
		c.concept(&v.Concept)
	}
}

// condition begins with 3 bits clinical and 3 verification, and bits for what is present.
func (c *coder) condition(d *facts.Condition) {
	m := c.mask(uint64(d.Clinical)&7|uint64(d.Verification)<<3&63|bitOf(d.AbatedFlag)<<6|bitOf(d.FamilyHistory)<<7|
		bitOf(
			given(d.Onset),
		)<<8|bitOf(given(d.Recorded))<<9|bitOf(given(d.Abatement))<<10|bitOf(given(d.AbatementEnd))<<11|
		bitOf(d.Asserter != "")<<12|bitOf(d.Modified)<<13, 14)
	if c.reading {
		d.Clinical = enumOf(c, m&7, facts.ClinicalUnread)
		d.Verification = enumOf(c, m>>3&7, facts.VerificationUnread)
		d.AbatedFlag, d.FamilyHistory, d.Modified = m&(1<<6) != 0, m&(1<<7) != 0, m&(1<<13) != 0
	}
	c.concept(&d.Code)
	for i, t := range [...]*moment.Time{&d.Onset, &d.Recorded, &d.Abatement, &d.AbatementEnd} {
		if m>>(8+i)&1 != 0 {
			c.time(t)
		}
	}
	if m&(1<<12) != 0 {
		c.ref(&d.Asserter)
	}
}

func (c *coder) person(p *facts.Person) {
	m := c.mask(uint64(p.Sex)&3|bitOf(p.Deceased)<<2|bitOf(p.Linked)<<3|bitOf(given(p.Died))<<4, 5)
	if c.reading {
		p.Sex = enumOf(c, m&3, facts.SexOther)
		p.Deceased, p.Linked = m&4 != 0, m&8 != 0
	}
	c.time(&p.Birth)
	if m&(1<<4) != 0 {
		c.time(&p.Died)
	}
}

func (c *coder) acknowledgement(a *facts.Acknowledgement) {
	m := c.mask(bitOf(a.Override)|bitOf(a.Comment != "")<<1, 2)
	if c.reading {
		a.Override = m&1 != 0
	}
	if m&2 != 0 { // states older than comments have none
		c.text(&a.Comment)
	}
	c.text(&a.FlagID)
	c.text(&a.Basis)
	c.text(&a.Reason)
	c.text(&a.Author)
	c.time(&a.Date)
	c.time(&a.Until)
}
