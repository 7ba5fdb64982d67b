package codec

import (
	"math/bits"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/unread"
)

// keeping codes what the limits left out, and the places of older versions. Few patients have
// either.
func (c *coder) keeping(st *checks.State, cut bool) {
	if c.version < 2 {
		return
	}
	if cut {
		if v := checks.Cut(c.uint(uint64(st.Cut))); c.reading {
			if st.Cut = v; v == 0 || v&^checks.CutKnown != 0 {
				c.fail()
			}
		}
	}
	var held []int
	for i := range st.Facts {
		if st.Facts[i].Kept != nil {
			held = append(held, i)
		}
	}
	n := c.count(len(held))
	for k, next := 0, 0; k < n && !c.damaged; k++ {
		var skip int
		if !c.reading {
			skip = held[k] - next
		}
		skip = int(min(c.uint(uint64(skip)), uint64(len(st.Facts))))
		if next += skip; next >= len(st.Facts) {
			c.fail()
			return
		}
		c.places(&st.Facts[next])
		next++
	}
}

// places codes how many older versions f has, and a bit for a hidden one; there is at least one of
// the two.
func (c *coder) places(f *facts.Fact) {
	if c.reading {
		f.Kept = new(facts.Kept)
	}
	k := f.Kept
	h := c.uint(uint64(len(k.Past))<<1 | bitOf(k.Hidden != nil))
	if c.reading {
		if h == 0 || h>>1 > uint64(len(c.b)) {
			c.fail()
			return
		}
		if h>>1 > 0 {
			k.Past = make([]facts.Past, h>>1)
		}
	}
	for i := range k.Past {
		c.past(&k.Past[i], &f.Version)
	}
	if h&1 == 0 {
		return
	}
	if c.reading {
		k.Hidden = &facts.Fact{Ref: f.Ref, Version: f.Version}
	}
	kind := c.mask(uint64(k.Hidden.Kind)&7|uint64(k.Hidden.Mark)<<3&24|uint64(k.Hidden.Unread)<<5, 5+unreadBits)
	if c.reading {
		k.Hidden.Kind, k.Hidden.Mark = enumOf(
			c,
			kind&7,
			facts.KindAcknowledgement,
		), enumOf(
			c,
			kind>>3&3,
			facts.MarkMoved,
		)
		k.Hidden.Unread = unread.Parts(kind >> 5)
	}
	c.content(k.Hidden)
}

// past codes the places and mark of an older version, and how the version differs from the fact's.
func (c *coder) past(p *facts.Past, of *facts.Version) {
	v := p.Version
	if c.reading {
		v = *of
	}
	h := c.mask(
		uint64(
			p.Mark,
		)&3|bitOf(
			v.Updated != of.Updated,
		)<<2|bitOf(
			v.Number != of.Number,
		)<<3|bitOf(
			v.Arrival != of.Arrival,
		)<<4,
		5,
	)
	places := c.mask(uint64(p.Places), uint(bits.Len32(uint32(checks.AllPlaces))))
	if h&(1<<2) != 0 {
		d := c.signed(v.Updated - of.Updated)
		v.Updated = of.Updated + d
	}
	if h&(1<<3) != 0 {
		c.text(&v.Number)
	}
	if h&(1<<4) != 0 {
		c.pastArrival(&v.Arrival, of.Arrival)
	}
	if c.reading {
		*p = facts.Past{Version: v, Places: facts.Places(places), Mark: facts.MarkReason(h & 3)}
	}
}

func (c *coder) pastArrival(a *facts.Arrival, of facts.Arrival) {
	epoch, sequence := c.signed(a.Epoch-of.Epoch), c.signed(int64(a.Sequence-of.Sequence))
	entry := c.mask(uint64(a.Entry), 32)
	if c.reading {
		*a = facts.Arrival{Epoch: of.Epoch + epoch, Sequence: of.Sequence + uint64(sequence), Entry: uint32(entry)}
	}
}
