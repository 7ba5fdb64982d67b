package codec

import (
	"slices"
	"strings"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
)

// Heads of a reference inside a fact or flag; from refTyped they are refTyped plus a position in
// refTypes.
const (
	refNone  = iota
	refFact  // the position of the fact follows
	refText  // the whole reference follows as a text
	refTyped // the prefix is known, the id follows as a text
)

func (c *coder) refs(s *[]facts.Ref) {
	codeLen(c, s)
	for i := range *s {
		c.ref(&(*s)[i])
	}
}

func (c *coder) ref(r *facts.Ref) {
	if c.reading {
		*r = c.readRef()
		return
	}
	if *r == "" {
		c.uint(refNone)
		return
	}
	if i, ok := position(c.facts, *r); ok {
		c.uint(refFact)
		c.uint(uint64(i))
		return
	}
	kind, id := splitRef(string(*r))
	if kind == 0 {
		c.uint(refText)
	} else {
		c.uint(refTyped + uint64(kind))
	}
	c.writeText(id)
}

// position is the position of the fact about r; facts are sorted by reference.
func position(all []facts.Fact, r facts.Ref) (int, bool) {
	return slices.BinarySearchFunc(all, r, func(f facts.Fact, r facts.Ref) int {
		return strings.Compare(string(f.Ref), string(r))
	})
}

func (c *coder) readRef() facts.Ref {
	switch head := c.uint(0); {
	case head == refNone:
		return ""
	case head == refFact:
		if i := c.uint(0); i < uint64(len(c.facts)) {
			return c.facts[i].Ref
		}
	case head == refText:
		return facts.Ref(c.readText())
	case head > refTyped && head < refTyped+uint64(len(refTypes)):
		return c.join(refTypes[head-refTyped], c.readText())
	}
	c.fail()
	return ""
}

func (c *coder) join(kind, id string) facts.Ref {
	c.room(len(kind) + len(id))
	from := c.arena.Len()
	c.arena.WriteString(kind)
	c.arena.WriteString(id)
	return facts.Ref(c.arena.String()[from:])
}

// splitRef splits r into the position of its prefix in refTypes and the id; 0 and r if the prefix
// is not there.
func splitRef(r string) (kind int, id string) {
	end := strings.LastIndexByte(r, '/') + 1
	if end == 0 {
		end = strings.LastIndexByte(r, ':') + 1
	}
	if end == 0 {
		return 0, r
	}
	if i, ok := typeTable.find(r[:end]); ok {
		return i, r[end:]
	}
	return 0, r
}

// factRefs codes the references of all facts in runs with the same head: the head, how many follow,
// and what the head does not say of each.
func (c *coder) factRefs(st *checks.State) {
	for rest := st.Facts; len(rest) > 0; {
		var head, n uint64
		if !c.reading {
			head = refHead(rest[0].Ref, st.Patient)
			for n = 1; n < uint64(len(rest)) && refHead(rest[n].Ref, st.Patient) == head; n++ {
			}
		}
		head, n = c.uint(head), c.uint(n)
		if n == 0 || n > uint64(len(rest)) {
			c.fail()
			return
		}
		for i := range rest[:n] {
			c.refID(&rest[i].Ref, st.Patient, head)
		}
		rest = rest[n:]
	}
}

// refSame is the head of a reference to the patient of the state.
const refSame = 1

// refHead is the head of a fact's or the patient's reference: twice the position in refTypes, plus
// one if the id is a UUID, whose 16 bytes follow; else a text follows. It is 0 for a reference
// without a known type, which follows whole, and refSame for patient.
func refHead(r, patient facts.Ref) uint64 {
	if r == patient && patient != "" {
		return refSame
	}
	kind, id := splitRef(string(r))
	_, ok := parseUUID(id)
	return uint64(kind)<<1 | bitOf(ok && kind > 0)
}

// refID codes what head does not say.
func (c *coder) refID(r *facts.Ref, patient facts.Ref, head uint64) {
	if c.reading {
		*r = c.readRefID(patient, head)
		return
	}
	_, id := splitRef(string(*r))
	switch {
	case head == refSame:
	case head&1 == 1:
		u, _ := parseUUID(id)
		c.b = append(c.b, u[:]...)
	default:
		c.writeText(id)
	}
}

func (c *coder) readRefID(patient facts.Ref, head uint64) facts.Ref {
	kind := head >> 1
	switch {
	case head == refSame:
		return patient
	case head == 0:
		return facts.Ref(c.readText())
	case kind >= uint64(len(refTypes)):
		c.fail()
		return ""
	case head&1 == 1:
		return facts.Ref(c.keepUUID(refTypes[kind], c.take(16)))
	}
	return c.join(refTypes[kind], c.readText())
}
