package outcomes

import (
	"hash/maphash"
	"strings"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
)

// Period is what is counted: from its first instant up to, but excluding, Before. A zero time is no
// bound.
type Period struct {
	From, Before time.Time
	Zone         *time.Location // for its days; nil is UTC
}

func (p *Period) holds(t time.Time) bool { return !t.Before(p.From) && !p.isPast(t) }

func (p *Period) isPast(t time.Time) bool { return !p.Before.IsZero() && !t.Before(p.Before) }

// Counter collects transitions and answers. It is not safe for concurrent use.
type Counter struct {
	period  Period
	flags   map[string]*history // by id
	answers map[string]Answer   // by card
	seed    maphash.Seed
	words   map[string]string // one copy of each check and reason
	unknown map[string]Answer // to unknown cards
}

// New starts a count.
func New(p Period) *Counter {
	return &Counter{
		period: p, flags: map[string]*history{}, answers: map[string]Answer{}, unknown: map[string]Answer{},
		seed: maphash.MakeSeed(), words: map[string]string{},
	}
}

// history is what is kept of a flag.
type history struct {
	check   string
	patient uint64 // hash
	answer  uint64 // hash of the newest
	number  uint64 // of the newest transition
	at      time.Time
	spans   []span // those that reach into the period
	open    bool   // the last of spans is not over
}

// span is a flag from opening to end.
type span struct {
	opened time.Time // zero if its opening is not kept
	ended  time.Time // zero while open
	// noted and overridden are the first answers in the period.
	noted, overridden time.Time
	override          string // reason of the newest override in the period
	severity          checks.Severity
	state             checks.FlagState
	reason            string // why it ended
	end               end
	returned          bool // the flag had been open before
	named             named
}

// end says how a flag was resolved.
type end uint8

const (
	otherwise end = iota
	perhaps
	advised
)

// notKept is the reason of an end that is not kept.
const notKept = "not-kept"

// Knows reports whether a transition of a flag was added, inside the period or not.
func (c *Counter) Knows(flag string) bool { return c.flags[flag] != nil }

// Add adds a transition. Those after the period are ignored.
func (c *Counter) Add(f *checks.Flag) {
	if c.period.isPast(f.AsOf) {
		return
	}
	h := c.flags[f.ID]
	if h == nil {
		h = &history{check: c.word(f.Check), patient: maphash.String(c.seed, string(f.Patient))}
		c.flags[strings.Clone(f.ID)] = h
	} else if f.Number <= h.number && !f.AsOf.After(h.at) {
		return // seen
	}
	h.number, h.at = f.Number, f.AsOf
	switch {
	case f.Change == checks.ChangeMoved: // the next one says to where
	case f.State == checks.Resolved:
		c.end(h, f)
	default:
		c.show(h, f)
	}
}

// show adds a transition after which the flag is open.
func (c *Counter) show(h *history, f *checks.Flag) {
	opens := f.Change == checks.ChangeOpened
	if opens && h.open {
		c.close(h, f.AsOf, notKept, otherwise)
	}
	if !h.open {
		s := span{returned: opens && f.Number > 1, state: checks.Open}
		if opens {
			s.opened = f.AsOf
		}
		h.spans, h.open = append(h.spans, s), true
	}
	s := &h.spans[len(h.spans)-1]
	c.answered(h, s, f)
	s.severity, s.state = f.Severity, f.State
	s.named = s.named.then(f)
}

// answered notes an answer the flag did not have before. An earlier answer in force again, because
// the flag reopened or reverted, does not count.
func (c *Counter) answered(h *history, s *span, f *checks.Flag) {
	if f.State == checks.Open {
		return
	}
	a := f.Ack
	if a == nil {
		a = &facts.Acknowledgement{}
	}
	sum := maphash.Comparable(c.seed, answer{f.State, a.Reason, a.Author, a.Date.Nanos})
	if sum == h.answer {
		return
	}
	if h.answer = sum; !c.period.holds(f.AsOf) {
		return
	}
	if f.State == checks.Overridden {
		s.overridden, s.override = first(s.overridden, f.AsOf), c.word(code(a.Reason))
	} else {
		s.noted = first(s.noted, f.AsOf)
	}
}

// answer is what distinguishes answers to a flag.
type answer struct {
	state          checks.FlagState
	reason, author string
	nanos          int64
}

func first(have, now time.Time) time.Time {
	if have.IsZero() {
		return now
	}
	return have
}

func (c *Counter) end(h *history, f *checks.Flag) {
	if !h.open {
		h.spans = append(h.spans, span{severity: f.Severity})
	}
	s := &h.spans[len(h.spans)-1]
	c.close(h, f.AsOf, c.word(string(f.Reason)), s.named.by(f.Reason, f.AsOf))
}

// close ends the last span. One that ended before the period leaves nothing behind.
func (c *Counter) close(h *history, at time.Time, reason string, how end) {
	s := &h.spans[len(h.spans)-1]
	s.ended, s.reason, s.end, s.named, h.open = at, reason, how, named{}, false
	if at.Before(c.period.From) {
		h.spans = h.spans[:len(h.spans)-1]
	}
}

func (c *Counter) word(s string) string {
	w, ok := c.words[s]
	if !ok {
		w = strings.Clone(s)
		c.words[w] = w
	}
	return w
}
