package commit

import (
	"slices"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/codec"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// slotIndex maps hashes of references to slots of patients. Hashes may collide, so its answers must
// be verified.
type slotIndex struct {
	one  map[uint64]uint32
	more map[uint64][]uint32 // sorted
}

// slotVersion is the newest version of a resource seen, and its holder. It is a bound: the holder
// may have lost it since.
type slotVersion struct {
	slot    uint32
	version facts.Version
}

// add adds a slot; it reports whether there were others, and not this one.
func (x *slotIndex) add(h uint64, slot uint32) bool {
	if x.one == nil {
		x.one, x.more = map[uint64]uint32{}, map[uint64][]uint32{}
	}
	first, ok := x.one[h]
	if !ok {
		x.one[h] = slot
	}
	if !ok || first == slot {
		return false
	}
	at, known := slices.BinarySearch(x.more[h], slot)
	if !known {
		x.more[h] = slices.Insert(x.more[h], at, slot)
	}
	return !known
}

// each calls do for every slot until it returns false.
func (x *slotIndex) each(h uint64, do func(uint32) bool) {
	first, ok := x.one[h]
	if !ok || !do(first) {
		return
	}
	for _, s := range x.more[h] {
		if !do(s) {
			return
		}
	}
}

// index records what a patient's state refers to.
func (c *WorkingCopy) index(slot uint32, st *checks.State) {
	fold.References(st, func(f *facts.Fact) { c.hold(slot, f) }, func(m facts.Ref) { c.referrers.add(c.hash(m), slot) })
}

// hold records that a patient holds a resource. If several do, it records who has the newest
// version, and has the previous holder looked at: the writer of the newer one may not have known of
// it.
func (c *WorkingCopy) hold(slot uint32, f *facts.Fact) {
	h := c.hash(f.Ref)
	was, shared := c.newest[h]
	if another := c.holders.add(h, slot); !another && !shared {
		return
	}
	if !shared {
		was = c.versionIn(c.holders.one[h], f.Ref)
		c.newest[h] = was
	}
	if newer := f.Version.Compare(was.version); newer < 0 || newer == 0 && was.slot == slot {
		return
	}
	c.newest[h] = slotVersion{slot, f.Version}
	if was.slot != slot {
		c.suspects[was.slot] = struct{}{}
	}
	if c.crosses(f, was.version) {
		c.suspectAll(f.Ref)
	}
}

// versionIn is a patient's version of a resource.
func (c *WorkingCopy) versionIn(slot uint32, ref facts.Ref) slotVersion {
	v := slotVersion{slot: slot}
	if st, err := codec.Decode(c.patients.data(&c.patients.rows[slot])); err == nil {
		if held := st.Find(ref); held != nil {
			v.version = held.Version
		}
	}
	return v
}

// crosses reports whether a version is the first newer than a deletion that was newer than all
// before: then all marks change.
func (c *WorkingCopy) crosses(f *facts.Fact, before facts.Version) bool {
	if _, gone := c.goneRefs[c.hash(f.Ref)]; !gone {
		return false
	}
	row := c.gone.find(c.tokens.Of(f.Ref))
	if row == nil || row.at.size == 0 {
		return false
	}
	tomb, err := layout.DecodeFact(c.gone.data(row))
	return err == nil && tomb.Version.Compare(before) > 0 && f.Version.Compare(tomb.Version) > 0
}

// newestOf are the patients an index has under ref if they are few, else the holder of the newest
// version, and that version.
func (c *WorkingCopy) newestOf(ref facts.Ref) ([]facts.Ref, *facts.Version, error) {
	h := c.hash(ref)
	c.mu.RLock()
	slot, ok := c.holders.one[h]
	n, shared := c.newest[h]
	c.mu.RUnlock()
	if !ok {
		return nil, nil, nil
	}
	var bound *facts.Version
	if shared {
		slot, bound = n.slot, &n.version
	}
	st, err := c.patient(slot)
	if err != nil || st == nil {
		return nil, bound, err
	}
	return []facts.Ref{st.Patient}, bound, nil
}

// patientsAt are the patients an index has under ref. A state that cannot be decoded stops
// everything: doing nothing is better than deciding without it.
func (c *WorkingCopy) patientsAt(x *slotIndex, ref facts.Ref) ([]facts.Ref, error) {
	var slots []uint32
	c.mu.RLock()
	x.each(c.hash(ref), func(s uint32) bool { slots = append(slots, s); return true })
	c.mu.RUnlock()
	var refs []facts.Ref
	for _, s := range slots {
		st, err := c.patient(s)
		if err != nil {
			return nil, err
		}
		if st != nil {
			refs = append(refs, st.Patient)
		}
	}
	return refs, nil
}
