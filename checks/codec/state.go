package codec

import (
	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/unread"
)

// state codes all references first, so that later ones may name a fact by its position.
func (c *coder) state(st *checks.State) {
	c.refID(&st.Patient, "", c.uint(refHead(st.Patient, "")))
	c.text(&st.Ruleset)
	n := c.uint(uint64(len(st.Facts))<<1 | bitOf(st.Cut != 0))
	if n>>1 > uint64(len(c.b)) && c.reading {
		c.fail()
		return
	}
	if c.reading {
		st.Cut = checks.CutEarlier * checks.Cut(n&1)
		st.Facts = cutSlab(&c.newFacts, int(n>>1), 0)
	}
	c.factRefs(st)
	c.facts = st.Facts
	for i := range st.Facts {
		if c.damaged {
			return
		}
		c.fact(&st.Facts[i])
	}
	codeLen(c, &st.Flags)
	for i := range st.Flags {
		c.openFlag(&st.Flags[i])
	}
	c.keeping(st, n&1 != 0)
}

// The header of a fact, lowest bits first: kind 3, form of updated 2, form of the number 2, other
// sequence 1, entry 1, other epoch 1, mark 2, updated same as the previous fact 1, unread parts
// follow 1.
func (c *coder) fact(f *facts.Fact) {
	h := c.factHeader(f)
	if c.reading {
		f.Kind = enumOf(c, h&7, facts.KindAcknowledgement)
		f.Mark = enumOf(c, h>>10&3, facts.MarkMoved)
	}
	if h&unreadFollows != 0 {
		c.unread(&f.Unread)
	}
	c.factVersion(&f.Version, h)
	c.content(f)
}

func (c *coder) content(f *facts.Fact) {
	switch f.Kind {
	case facts.KindOrder:
		c.order(pointee(c, &f.Order, &c.orders))
	case facts.KindLab:
		c.lab(pointee(c, &f.Lab, &c.labs))
	case facts.KindCondition:
		c.condition(pointee(c, &f.Condition, nil))
	case facts.KindMedication:
		c.drug(pointee(c, &f.Medication, nil))
	case facts.KindPatient:
		c.person(pointee(c, &f.Person, nil))
	case facts.KindAcknowledgement:
		c.acknowledgement(pointee(c, &f.Acknowledgement, nil))
	}
}

func (c *coder) unread(u *unread.Parts) {
	if v := c.mask(uint64(*u), unreadBits); c.reading {
		*u = unread.Parts(v)
	}
}

const (
	unreadFollows = 1 << 13
	unreadBits    = 12
)

// slabChunk is how many orders or results are allocated together.
const slabChunk = 4

// pointee is what *p points to; reading, it is allocated. A nil pointer that Kind names is written
// as an empty value.
func pointee[T any](c *coder, p **T, slab *[]T) *T {
	switch {
	case !c.reading && *p != nil:
		return *p
	case !c.reading:
		return new(T)
	case slab != nil:
		*p = &cutSlab(slab, 1, slabChunk)[0]
	default:
		*p = new(T)
	}
	return *p
}

// factHeader codes the header, which mostly equals the previous fact's, since facts are sorted by
// type.
func (c *coder) factHeader(f *facts.Fact) uint64 {
	var h uint64
	if !c.reading {
		v := &f.Version
		h = uint64(
			f.Kind,
		)&7 | c.updatedForm(
			v.Updated,
		) | numberForm(
			v.Number,
		)<<5 | bitOf(
			v.Arrival.Sequence != c.before.Arrival.Sequence,
		)<<7 |
			bitOf(
				v.Arrival.Entry != 0,
			)<<8 | bitOf(
			v.Arrival.Epoch != c.before.Arrival.Epoch,
		)<<9 | uint64(
			f.Mark,
		)<<10&(3<<10)
		if f.Unread != 0 {
			h |= unreadFollows
		}
	}
	return c.again(&c.header, h, 14)
}

// Forms of Version.Number.
const (
	numberAbsent = iota
	numberOne
	numberText
)

func numberForm(s string) uint64 {
	switch s {
	case "":
		return numberAbsent
	case "1":
		return numberOne
	}
	return numberText
}

func (c *coder) factVersion(v *facts.Version, h uint64) {
	c.updated(&v.Updated, h)
	switch h >> 5 & 3 {
	case numberOne:
		if c.reading {
			v.Number = "1"
		}
	case numberText:
		c.text(&v.Number)
	case numberText + 1:
		c.fail()
	}
	c.arrival(&v.Arrival, h>>7)
	if v.Updated != 0 {
		c.before.Updated = v.Updated
	}
	c.before.Arrival = v.Arrival
}

func (c *coder) arrival(a *facts.Arrival, h uint64) {
	before := c.before.Arrival
	var sequence, epoch int64
	if h&1 != 0 {
		sequence = c.signed(int64(a.Sequence - before.Sequence))
	}
	var entry uint64
	if h&2 != 0 {
		entry = c.mask(uint64(a.Entry), 32)
	}
	if h&4 != 0 {
		epoch = c.signed(a.Epoch - before.Epoch)
	}
	if c.reading {
		*a = facts.Arrival{
			Epoch:    before.Epoch + epoch,
			Sequence: before.Sequence + uint64(sequence),
			Entry:    uint32(entry),
		}
	}
}

func (c *coder) openFlag(f *checks.OpenFlag) {
	c.text(&f.Check)
	c.text(&f.Ingredient)
	if s := c.uint(uint64(f.Severity)); c.reading {
		f.Severity = enumOf(c, s, checks.High)
	}
	if n := c.uint(f.Number); c.reading {
		f.Number = n
	}
	c.fixed64(&f.Digest)
	c.text((*string)(&f.Acked))
	c.refs(&f.Implicated)
}
