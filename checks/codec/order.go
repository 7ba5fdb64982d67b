package codec

import (
	"github.com/rlsguard/rlsguard/checks/facts"
)

// order begins with its shape, often that of the previous order: kind 2, status 4, intent 2 bits,
// 13 bits for what is present, and 7 for the drug.
func (c *coder) order(o *facts.Order) {
	var h uint64
	if !c.reading {
		h = uint64(
			o.Kind,
		)&3 | uint64(
			o.Status,
		)<<2&60 | uint64(
			o.Intent,
		)<<6&192 | orderBits(
			o,
		)<<8 | drugBits(
			&o.Drug,
		)<<21
	}
	h = c.again(&c.shape, h, 28)
	m := h >> 8 & (1<<13 - 1)
	if c.reading {
		o.Kind = enumOf(c, h&3, facts.Statement)
		o.Status = enumOf(c, h>>2&15, facts.StatusNotTaken)
		o.Intent = enumOf(c, h>>6&3, facts.IntentOption)
		o.DoNotPerform, o.Reported, o.NoMedication = m&(1<<6) != 0, m&(1<<7) != 0, m&(1<<8) != 0
	}
	c.drugContent(&o.Drug, h>>21)
	if m&1 != 0 {
		c.time(&o.Authored)
	}
	if m&(1<<1) != 0 {
		c.ref(&o.MedicationRef)
	}
	if m&(1<<2) != 0 {
		codeLen(c, &o.Dosages)
		for i := range o.Dosages {
			c.dosage(&o.Dosages[i])
		}
	}
	c.orderContext(o, m)
	c.orderSupply(o, m)
}

func orderBits(o *facts.Order) uint64 {
	return bitOf(
		given(o.Authored),
	) | bitOf(
		o.MedicationRef != "",
	)<<1 | bitOf(
		len(o.Dosages) > 0,
	)<<2 | bitOf(
		len(o.Reasons) > 0,
	)<<3 |
		bitOf(
			o.SupplyDays != "",
		)<<4 | bitOf(
		o.Repeats != 0,
	)<<5 | bitOf(
		o.DoNotPerform,
	)<<6 | bitOf(
		o.Reported,
	)<<7 | bitOf(
		o.NoMedication,
	)<<8 |
		bitOf(
			given(o.Effective),
		)<<9 | bitOf(
		len(o.ReasonRefs) > 0,
	)<<10 | bitOf(
		given(o.Validity),
	)<<11 | bitOf(
		given(o.SupplyAmount),
	)<<12
}

func (c *coder) orderContext(o *facts.Order, m uint64) {
	if m&(1<<3) != 0 {
		codeLen(c, &o.Reasons)
		for i := range o.Reasons {
			c.concept(&o.Reasons[i])
		}
	}
	if m&(1<<10) != 0 {
		c.refs(&o.ReasonRefs)
	}
	if m&(1<<9) != 0 {
		c.period(&o.Effective)
	}
}

func (c *coder) orderSupply(o *facts.Order, m uint64) {
	if m&(1<<4) != 0 {
		c.text(&o.SupplyDays)
	}
	if m&(1<<5) != 0 {
		c.int(&o.Repeats)
	}
	if m&(1<<11) != 0 {
		c.period(&o.Validity)
	}
	if m&(1<<12) != 0 {
		c.quantity(&o.SupplyAmount)
	}
}

// drugBits is the number of codings in two bits (3: a count follows), and bits for what else is
// present.
func drugBits(d *facts.Drug) uint64 {
	return uint64(
		min(len(d.Codings), 3),
	) | bitOf(
		len(d.Names) > 0,
	)<<2 | bitOf(
		len(d.Forms) > 0,
	)<<3 | bitOf(
		len(d.Parts) > 0,
	)<<4 |
		bitOf(
			d.Absent,
		)<<5 | bitOf(
		d.Modified,
	)<<6
}

func (c *coder) drug(d *facts.Drug) { c.drugContent(d, c.mask(drugBits(d), 7)) }

func (c *coder) drugContent(d *facts.Drug, m uint64) {
	n := int(m & 3)
	if n == 3 {
		n = 3 + c.count(len(d.Codings)-3)
	}
	if c.reading {
		d.Absent, d.Modified = m&(1<<5) != 0, m&(1<<6) != 0
		d.Codings = c.newCodings(n)
	}
	c.codingList(d.Codings)
	if m&(1<<2) != 0 {
		c.texts(&d.Names)
	}
	if m&(1<<3) != 0 {
		c.codingsOf(&d.Forms)
	}
	if m&(1<<4) != 0 {
		codeLen(c, &d.Parts)
		for i := range d.Parts {
			c.part(&d.Parts[i])
		}
	}
}

func (c *coder) part(p *facts.Part) {
	m := c.mask(
		bitOf(len(p.Codings) > 0)|bitOf(len(p.Names) > 0)<<1|bitOf(p.Ref != "")<<2|bitOf(given(p.Strength))<<3,
		4,
	)
	if m&1 != 0 {
		c.codingsOf(&p.Codings)
	}
	if m&2 != 0 {
		c.texts(&p.Names)
	}
	if m&4 != 0 {
		c.ref(&p.Ref)
	}
	if m&8 != 0 {
		c.ratio(&p.Strength)
	}
}

func (c *coder) dosage(d *facts.Dosage) {
	m := c.mask(
		bitOf(
			d.AsNeeded,
		)|bitOf(
			given(d.Timing),
		)<<1|bitOf(
			given(d.Dose),
		)<<2|bitOf(
			hasConcept(&d.Route),
		)<<3|bitOf(
			d.Sequence != 0,
		)<<4|
			bitOf(
				given(d.Bounds),
			)<<5|bitOf(
			hasConcept(&d.AsNeededReason),
		)<<6|bitOf(
			given(d.BoundsLength),
		)<<7|bitOf(
			given(d.MaxPerDay),
		)<<8,
		9,
	)
	if c.reading {
		d.AsNeeded = m&1 != 0
	}
	if m&(1<<1) != 0 {
		c.timing(&d.Timing)
	}
	if m&(1<<2) != 0 {
		c.quantity(&d.Dose)
	}
	if m&(1<<3) != 0 {
		c.concept(&d.Route)
	}
	if m&(1<<4) != 0 {
		c.int(&d.Sequence)
	}
	if m&(1<<5) != 0 {
		c.period(&d.Bounds)
	}
	if m&(1<<6) != 0 {
		c.concept(&d.AsNeededReason)
	}
	if m&(1<<7) != 0 {
		c.quantity(&d.BoundsLength)
	}
	if m&(1<<8) != 0 {
		c.ratio(&d.MaxPerDay)
	}
}

// timing has one bit for each field, in their order.
func (c *coder) timing(t *facts.Timing) {
	numbers := [...]*int{&t.Frequency, &t.When, &t.TimesOfDay, &t.DaysOfWeek, &t.Count, &t.Events}
	texts := [...]*string{&t.Period, &t.PeriodUnit, &t.Code}
	var m uint64
	for i, p := range texts {
		m |= bitOf(*p != "") << i
	}
	for i, p := range numbers {
		m |= bitOf(*p != 0) << (i + len(texts))
	}
	m = c.mask(m, 9)
	for i, p := range texts {
		if m>>i&1 != 0 {
			c.text(p)
		}
	}
	for i, p := range numbers {
		if m>>(i+len(texts))&1 != 0 {
			c.int(p)
		}
	}
}
