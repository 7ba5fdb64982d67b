package codec

import (
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/terms/codes"
)

// given reports whether v is not its type's zero value.
func given[T comparable](v T) bool {
	var zero T
	return v != zero
}

func hasConcept(k *facts.Concept) bool { return len(k.Codings)+len(k.Texts) > 0 || k.Certainty > 0 }

func (c *coder) period(p *facts.Period) {
	c.time(&p.Start)
	c.time(&p.End)
}

func (c *coder) ratio(r *facts.Ratio) {
	c.quantity(&r.Numerator)
	c.quantity(&r.Denominator)
}

// quantityUCUM: the code equals the unit's text and its system is UCUM, so neither is written.
const quantityUCUM = 1 << 5

func (c *coder) quantity(q *facts.Quantity) { c.quantityContent(q, c.mask(quantityBits(q), 6)) }

func quantityBits(q *facts.Quantity) uint64 {
	m := bitOf(q.Value != "") | bitOf(q.Comparator != "")<<1 | bitOf(q.Unit != "")<<2
	if q.Unit != "" && q.Code == q.Unit && q.System == codes.UCUM {
		return m | quantityUCUM
	}
	return m | bitOf(q.Code != "")<<3 | bitOf(q.System != "")<<4
}

func (c *coder) quantityContent(q *facts.Quantity, m uint64) {
	for i, p := range [...]*string{&q.Value, &q.Comparator, &q.Unit, &q.Code, &q.System} {
		if m>>i&1 != 0 {
			c.text(p)
		}
	}
	if c.reading && m&quantityUCUM != 0 {
		q.Code, q.System = q.Unit, codes.UCUM
	}
}

// concept begins with bits for codings and texts, and two for the certainty.
func (c *coder) concept(k *facts.Concept) {
	m := c.mask(bitOf(len(k.Codings) > 0)|bitOf(len(k.Texts) > 0)<<1|uint64(k.Certainty)<<2&12, 4)
	if c.reading {
		k.Certainty = enumOf(c, m>>2, facts.CertaintyShut)
	}
	if m&1 != 0 {
		c.codingsOf(&k.Codings)
	}
	if m&2 != 0 {
		c.texts(&k.Texts)
	}
}

func (c *coder) texts(s *[]string) {
	n := c.count(len(*s))
	if c.reading && n > 0 {
		*s = cutSlab(&c.words, n, slabChunk)
	}
	for i := range *s {
		c.text(&(*s)[i])
	}
}

func (c *coder) codingsOf(s *[]codes.Coding) {
	n := c.count(len(*s))
	if c.reading {
		*s = c.newCodings(n)
	}
	c.codingList(*s)
}

func (c *coder) newCodings(n int) []codes.Coding {
	if n == 0 {
		return nil
	}
	return cutSlab(&c.codings, n, 2*slabChunk)
}

func (c *coder) codingList(s []codes.Coding) {
	for i := range s {
		c.coding(&s[i])
	}
}

// coding begins with the system, as its position in words plus one or as 0 and a text, and a bit
// for the display.
func (c *coder) coding(k *codes.Coding) {
	var h uint64
	if !c.reading {
		h = bitOf(k.Display != "")
		if k.System != "" {
			if i, ok := wordTable.find(k.System); ok {
				h |= uint64(i+1) << 1
			}
		}
	}
	h = c.uint(h)
	switch i := h >> 1; {
	case i == 0:
		c.text(&k.System)
	case i > uint64(len(words)):
		c.fail()
	case c.reading:
		k.System = words[i-1]
	}
	c.text(&k.Code)
	if h&1 != 0 {
		c.text(&k.Display)
	}
}
