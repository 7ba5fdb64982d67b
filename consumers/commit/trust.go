package commit

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rlsguard/rlsguard/checks/codec"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// trust is what a WorkingCopy knows about signatures: which messages are foreign, and whether all
// of ours are there.
type trust struct {
	signer   *layout.Signer
	unsigned uint64 // messages up to this sequence may be unsigned
	ends     uint64 // last sequence of the stream when reading began; 0 if unknown
	site     siteRow
	tallies  map[string]*layout.Tally // by slot
	// foreignAt are the subjects with something foreign, and its sequence.
	foreignAt map[string]uint64
	seen      int // how many were seen
	onForeign func(subject string)
	// cutShort are the slots whose last batch a power failure cut short, with what their tallies
	// count too much.
	cutShort map[string]layout.Tally
	lacking  error // finding of weigh
	// last is the highest sequence taken, lastLook its value when patience last looked. quiet and
	// missing count consecutive looks that missed something: while nothing came, and while
	// something foreign was there.
	last, lastLook uint64
	quiet, missing int
	anew           uint64 // as in the tallies when everything was read
	weighed        bool
}

// siteRow is the known record of the site.
type siteRow struct {
	seq  uint64
	data []byte
	sum  layout.Sum
}

// slots of tallies: enough for instances and commands that write at the same time.
var slots = []string{"0", "1", "2", "3", "4", "5", "6", "7"}

func newTrust(key []byte) trust {
	return trust{signer: layout.NewSigner(key), tallies: map[string]*layout.Tally{}, foreignAt: map[string]uint64{},
		onForeign: func(string) {}}
}

// Trust sets, before anything is taken in, up to which sequence messages may be unsigned, and where
// the stream ends. onForeign, which may be nil, is called for each foreign message.
func (c *WorkingCopy) Trust(unsigned, ends uint64, onForeign func(subject string)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.unsigned, c.ends = unsigned, ends; onForeign != nil {
		c.onForeign = onForeign
	}
}

// ours reports whether rlsguard wrote a state, for this place, and after the one held; and what it
// adds to the sum.
func (c *WorkingCopy) ours(kind string, tok layout.Token, m jet.Stored) (layout.Sum, bool) {
	c.mu.RLock()
	var held uint64
	if r := c.table(kind).find(tok); r != nil {
		held = r.seq
	}
	c.mu.RUnlock()
	return c.authentic(kind+tok.String(), m, held)
}

// authentic checks a message that is to replace the one with the sequence held.
func (c *WorkingCopy) authentic(subject string, m jet.Stored, held uint64) (layout.Sum, bool) {
	if !layout.IsSigned(m.Header) && m.Sequence <= c.unsigned {
		return layout.Sum{}, true
	}
	v := m.Verdict
	if v == nil {
		v = c.signer.Judge(subject, m.Header, m.Data)
	}
	return v.Sum, v.Err == nil && held <= v.Counter && v.Counter < m.Sequence
}

// notOurs notes a foreign message. What was known stays. It is not overwritten before it is certain
// that nothing was missed: see admit.
func (c *WorkingCopy) notOurs(kind string, tok layout.Token, seq uint64) {
	subject := kind + tok.String()
	c.mu.RLock()
	r := c.table(kind).find(tok)
	c.mu.RUnlock()
	if r == nil || r.absent() {
		c.noteOther(subject)
	}
	c.sawForeign(subject, seq)
}

// sawForeign counts a foreign message, once.
func (c *WorkingCopy) sawForeign(subject string, seq uint64) {
	c.mu.Lock()
	again := c.foreignAt[subject] == seq
	c.foreignAt[subject] = seq
	if !again {
		c.seen++
	}
	tell := c.onForeign
	c.mu.Unlock()
	if !again {
		tell(subject)
	}
}

// ourOwn notes that what is under a subject is ours again.
func (c *WorkingCopy) ourOwn(subject string, seq uint64) {
	if at, was := c.foreignAt[subject]; was && at < seq {
		delete(c.foreignAt, subject)
		if subject != layout.SubjectSite {
			delete(c.others, subject)
		}
	}
}

// anyForeign reports whether something foreign is under any of some subjects.
func (c *WorkingCopy) anyForeign(subjects []string) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return slices.ContainsFunc(subjects, func(s string) bool { _, is := c.foreignAt[s]; return is })
}

// admit lets the next write replace something foreign in its place. Its error is that something was
// missed: then less may be known than was there.
func (c *WorkingCopy) admit(subject string) error {
	c.mu.RLock()
	seq, is := c.foreignAt[subject]
	c.mu.RUnlock()
	if !is {
		return nil
	}
	if !c.whole() {
		return errMissed
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	kind := subject[:strings.LastIndexByte(subject, '.')+1]
	tok, err := layout.ParseToken(subject[len(kind):])
	switch {
	case subject == layout.SubjectSite:
		c.site.seq = max(c.site.seq, seq)
	case kind == layout.SubjectTally, err != nil:
	default:
		t := c.table(kind)
		r := t.find(tok)
		if r == nil {
			t.put(tok, seq, nil, layout.Sum{})
			delete(c.others, subject)
			return nil
		}
		if r.absent() {
			t.absent--
			delete(c.others, subject)
		}
		r.seq, r.left = seq, false
	}
	return nil
}

// takeStrange takes in a message among the states under a subject that no state has.
func (c *WorkingCopy) takeStrange(subject string, m jet.Stored) error {
	c.noteOther(subject)
	if _, ours := c.authentic(subject, m, 0); !ours {
		c.sawForeign(subject, m.Sequence)
		return nil
	}
	if st, err := codec.Decode(m.Data); err != nil || !layout.Erased(st) {
		return fmt.Errorf("%w: sequence %d of %s", layout.ErrState, m.Sequence, layout.StreamRLS)
	}
	return nil
}

// takeSite notes the rules under which the states are settled.
func (c *WorkingCopy) takeSite(m jet.Stored) error {
	c.mu.RLock()
	held := c.site.seq
	c.mu.RUnlock()
	if m.Sequence <= held {
		return nil
	}
	sum, ours := c.authentic(layout.SubjectSite, m, held)
	if !ours {
		c.sawForeign(layout.SubjectSite, m.Sequence)
		return nil
	}
	s, err := layout.ParseSite(m.Sequence, m.Data)
	if err != nil {
		return fmt.Errorf("%w: sequence %d of %s: %w", layout.ErrState, m.Sequence, layout.StreamRLS, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ourOwn(layout.SubjectSite, m.Sequence)
	if m.Sequence <= c.site.seq { // this process has since written it, or a newer one
		return nil
	}
	c.site = siteRow{m.Sequence, m.Data, sum}
	c.outdated = s.Ruleset != c.ruleset
	return nil
}

func (c *WorkingCopy) applySite(r *stateRow, seq uint64) {
	c.ourOwn(layout.SubjectSite, seq)
	c.others[layout.SubjectSite] = struct{}{}
	if seq > c.site.seq {
		c.site = siteRow{seq, r.data, r.sum}
		if s, err := layout.ParseSite(seq, r.data); err == nil {
			c.outdated = s.Ruleset != c.ruleset
		}
	}
}

// takeTally takes in a tally. Its error is that the tallies started afresh with less than is known.
func (c *WorkingCopy) takeTally(slot string, m jet.Stored) error {
	c.mu.RLock()
	held := c.tallies[slot]
	c.mu.RUnlock()
	if held == nil {
		held = &layout.Tally{}
	}
	if m.Sequence == held.Seq && held.Gone { // it was looked for before it was stored
		there := *held
		there.Gone = false
		c.applyTally(slot, &there)
		return nil
	}
	if m.Sequence <= held.Seq {
		return nil
	}
	subject := layout.SubjectTally + slot
	var t *layout.Tally
	_, ours := c.authentic(subject, m, held.Seq)
	if ours {
		var err error
		t, err = layout.ParseTally(m.Sequence, m.Data)
		ours = err == nil
	}
	if !ours {
		kept := *held
		kept.Seq, kept.Gone = m.Sequence, false
		c.applyTally(slot, &kept)
		c.sawForeign(subject, m.Sequence)
		return nil
	}
	c.applyTally(slot, t)
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.weighed && t.Anew > c.anew {
		return errAnew
	}
	return nil
}

func (c *WorkingCopy) applyTally(slot string, t *layout.Tally) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if have := c.tallies[slot]; have != nil && have.Seq > t.Seq {
		return
	}
	c.ourOwn(layout.SubjectTally+slot, t.Seq)
	c.tallies[slot] = t
}

// forgetTally notes that a tally is no longer in the stream.
func (c *WorkingCopy) forgetTally(slot string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t := c.tallies[slot]; t != nil {
		gone := *t
		gone.Gone = true
		c.tallies[slot] = &gone
	}
}

// Errors of a Lacking copy. Both wrap layout.ErrState.
var (
	errStatesLack = fmt.Errorf("%w: some were removed, or replaced by older or foreign ones, while nothing ran",
		layout.ErrState)
	errAnew      = fmt.Errorf("%w: another instance started over with what was left", layout.ErrState)
	errMissed    = fmt.Errorf("%w: something was missed that a foreign message took the place of", layout.ErrState)
	errSiteLacks = fmt.Errorf("%w: the site record was removed or replaced while nothing ran", layout.ErrState)
)

// Lacking says what the states read lack of those written; nil if nothing. It is known once all
// were read.
func (c *WorkingCopy) Lacking() error {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.lacking
}

// SiteLost reports whether only the record of the site is not what was written.
func SiteLost(err error) bool { return errors.Is(err, errSiteLacks) && !errors.Is(err, errStatesLack) }

// Weigh compares all states taken in with their tallies. Its error is that of Lacking.
func (c *WorkingCopy) Weigh() error { c.weigh(); return c.Lacking() }

func (c *WorkingCopy) weigh() {
	c.mu.Lock()
	defer c.mu.Unlock()
	states, site := c.tallied()
	for _, t := range c.tallies {
		c.anew = max(c.anew, t.Anew)
	}
	c.weighed = true
	c.cutShort = map[string]layout.Tally{}
	if states != c.sum() || site != c.site.sum {
		states, site = c.withoutCutShort(states, site)
	}
	var found []error
	if states != c.sum() {
		found = append(found, errStatesLack)
	}
	if site != c.site.sum {
		found = append(found, errSiteLacks)
	}
	if c.lacking = errors.Join(found...); c.lacking != nil {
		c.cutShort = nil
	}
}

// sum is over all known states.
func (c *WorkingCopy) sum() layout.Sum {
	return c.patients.sum.Plus(c.medications.sum).Plus(c.gone.sum)
}

// tallied is what all tallies say there is.
func (c *WorkingCopy) tallied() (states, site layout.Sum) {
	for _, t := range c.tallies {
		states, site = states.Plus(t.States), site.Plus(t.Site)
	}
	return states, site
}

// withoutCutShort leaves out what tallies count for batches of which a power failure left only the
// beginning. Their inputs were not acknowledged, and come again.
func (c *WorkingCopy) withoutCutShort(states, site layout.Sum) (layout.Sum, layout.Sum) {
	for _, slot := range slices.Sorted(maps.Keys(c.tallies)) {
		t := c.tallies[slot]
		var over layout.Tally
		for i := range t.Changes {
			ch := &t.Changes[i]
			have, cut := c.before(t, ch)
			if !cut {
				continue
			}
			if ch.Kind == layout.KindSite {
				over.Site = over.Site.Plus(ch.Sum).Minus(have)
			} else {
				over.States = over.States.Plus(ch.Sum).Minus(have)
			}
			over.Size++
		}
		if over.Size > 0 {
			c.cutShort[slot] = over
		}
		states, site = states.Minus(over.States), site.Minus(over.Site)
	}
	return states, site
}

// before reports whether what is in the place of a change predates its batch.
func (c *WorkingCopy) before(t *layout.Tally, ch *layout.Change) (have layout.Sum, cut bool) {
	var seq uint64
	subject := layout.SubjectSite
	if ch.Kind != layout.KindSite {
		subject = layout.StateKinds[ch.Kind] + ch.Token.String()
	}
	if _, foreign := c.foreignAt[subject]; foreign {
		return have, false
	}
	if ch.Kind == layout.KindSite {
		seq, have = c.site.seq, c.site.sum
	} else if r := c.table(layout.StateKinds[ch.Kind]).find(ch.Token); r != nil {
		seq, have = r.seq, r.sum
	}
	if seq > 0 {
		return have, seq < t.Seq
	}
	return have, ch.New && c.ends < t.Seq+uint64(t.Size)
}

// whole reports whether the copy has everything written, so that it may be stored again.
func (c *WorkingCopy) whole() bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	states, site := c.tallied()
	return states == c.sum() && site == c.site.sum
}

// Foreign is how many foreign messages were seen, and how many subjects hold one now.
func (c *WorkingCopy) Foreign() (seen, standing int) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.seen, len(c.foreignAt)
}

// Erased is how many patients have an erasure marker instead of a state.
func (c *WorkingCopy) Erased() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	n := 0
	for i := range c.patients.rows {
		r := &c.patients.rows[i]
		if _, foreign := c.foreignAt[layout.SubjectPatient+r.token.String()]; r.at.size == 0 && !r.left && !foreign {
			n++
		}
	}
	return n
}

// Site is the known record of the site; nil if there is none.
func (c *WorkingCopy) Site() (*layout.SiteRecord, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.site.data == nil {
		return nil, nil
	}
	return layout.ParseSite(c.site.seq, c.site.data)
}

// TallyNumbers are those of the newest tallies, by slot, and how often they started afresh.
func (c *WorkingCopy) TallyNumbers() (numbers map[string]uint64, anew uint64) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	numbers = make(map[string]uint64, len(c.tallies))
	for slot, t := range c.tallies {
		numbers[slot] = t.N
	}
	return numbers, c.anew
}

// Behind notes what was recorded of tallies: if one that was read is older, it was put back, and
// states with it.
func (c *WorkingCopy) Behind(numbers map[string]uint64, anew uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for slot, n := range numbers {
		if t := c.tallies[slot]; c.anew < anew || c.anew == anew && (t == nil || t.N < n) {
			c.lacking = errors.Join(c.lacking, errStatesLack)
			return
		}
	}
}

// Correction is what the tallies count too much if the states read lack something, and how often
// they will have started afresh once that is subtracted.
func (c *WorkingCopy) Correction() (over layout.Tally, lacks bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	states, site := c.tallied()
	over = layout.Tally{States: states.Minus(c.sum()), Site: site.Minus(c.site.sum), Anew: c.anew + 1}
	return over, c.lacking != nil
}

// ForeignSubjects are those with something foreign.
func (c *WorkingCopy) ForeignSubjects() []string {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return slices.Sorted(maps.Keys(c.foreignAt))
}
