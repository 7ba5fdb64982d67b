package page

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
)

// list is the work list: the open flags by patient. Every change has a number, so that a
// reconnecting browser learns what it missed.
type list struct {
	token func(facts.Ref) string

	mu       sync.Mutex
	ready    bool // the open flags have been read
	patients map[string]*patient
	flags    map[string]string // patient token by flag
	changes  []change          // newest changes, oldest first
	number   uint64            // of the newest change
	since    time.Time         // out of date since; zero if current
	last     time.Time         // of the newest transition
	before   []checks.Flag     // last words on former severities, until the open flags are read
	leftOut  int               // flags that could not be shown
	waiting  map[chan struct{}]struct{}
}

// change says which patient changed.
type change struct {
	number uint64
	token  string
}

// mostChanges is how many changes are kept; whoever missed more reads the list again.
const mostChanges = 4096

func newList(token func(facts.Ref) string) *list {
	return &list{token: token, patients: map[string]*patient{}, flags: map[string]string{},
		waiting: map[chan struct{}]struct{}{}}
}

// was takes in the last word on a former severity, before open.
func (l *list) was(f checks.Flag) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.before = append(l.before, f)
}

// open takes in the open flags as the stream is read from its start; all others are gone.
func (l *list) open(flags []checks.Flag) {
	l.mu.Lock()
	defer l.mu.Unlock()
	there := map[string]bool{}
	for i := range flags {
		there[flags[i].ID] = true
	}
	for id, token := range l.flags {
		if f := l.patients[token].flags[id]; !there[id] {
			gone := f.Flag
			gone.State = checks.Resolved
			l.put(&gone, time.Time{})
		}
	}
	for i := range flags {
		l.put(&flags[i], time.Time{})
	}
	for i := range l.before {
		l.moved(&l.before[i], l.before[i].AsOf)
	}
	l.before = nil
	l.ready, l.since = true, time.Time{}
	l.wake()
}

// live takes in a transition that arrived at a time.
func (l *list) live(f checks.Flag, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = at
	if f.Change == checks.ChangeMoved { // the new subject says the rest, under a higher number
		l.moved(&f, at)
	} else {
		l.put(&f, at)
	}
	l.wake()
}

// put takes in one transition. arrived is zero for what was there before.
func (l *list) put(f *checks.Flag, arrived time.Time) {
	token := l.token(f.Patient)
	p := l.patients[token]
	if p == nil {
		if f.State == checks.Resolved {
			return
		}
		p = &patient{ref: f.Patient, token: token, flags: map[string]*flag{}}
		l.patients[token] = p
	}
	if f.State == checks.Resolved {
		delete(p.flags, f.ID)
		delete(l.flags, f.ID)
	} else {
		p.put(f, arrived)
		l.flags[f.ID] = token
	}
	if len(p.flags) == 0 {
		delete(l.patients, token)
	}
	p.row = nil
	l.note(token)
}

// moved notes that a flag gets worse: this is its last word under the old severity.
func (l *list) moved(f *checks.Flag, at time.Time) {
	p := l.patients[l.token(f.Patient)]
	if p == nil || p.flags[f.ID] == nil || p.flags[f.ID].moved.After(at) {
		return
	}
	p.flags[f.ID].before, p.flags[f.ID].moved = f.Severity, at
	p.row = nil
}

// knew notes when a flag opened, if the stream no longer tells.
func (l *list) knew(id string, opened time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	token, ok := l.flags[id]
	if !ok {
		return
	}
	p := l.patients[token]
	if f := p.flags[id]; f.least {
		f.opened, f.least = opened, false
		p.row = nil
		l.note(token)
		l.wake()
	}
}

func (l *list) note(token string) {
	l.number++
	l.changes = append(l.changes, change{l.number, token})
	if len(l.changes) > 2*mostChanges {
		l.changes = slices.Clone(l.changes[mostChanges:])
	}
}

// blind notes since when the list is out of date; zero if it no longer is.
func (l *list) blind(since time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.since = since
	l.wake()
}

// tell wakes all who follow the list.
func (l *list) tell() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wake()
}

func (l *list) wake() {
	for w := range l.waiting {
		select {
		case w <- struct{}{}:
		default:
		}
	}
}

// follow returns a channel signalled on changes until the returned function is called.
func (l *list) follow() (<-chan struct{}, func()) {
	w := make(chan struct{}, 1)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting[w] = struct{}{}
	return w, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.waiting, w)
	}
}

// leaveOut notes that a flag is missing from the list.
func (l *list) leaveOut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.leftOut++
	l.wake()
}

// state is what the top bar shows of the list.
type state struct {
	LeftOut int // flags that could not be shown
	Ready   bool
	Since   time.Time // out of date since
	Last    time.Time // newest transition
	Number  uint64
	counts
}

// counts are open flags by severity, with answered ones apart.
type counts struct{ High, Moderate, Low, Answered int }

func (l *list) state() state {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := state{LeftOut: l.leftOut, Ready: l.ready, Since: l.since, Last: l.last, Number: l.number}
	for _, p := range l.patients {
		r := p.summary()
		s.High, s.Moderate, s.Low = s.High+r.counts.High, s.Moderate+r.counts.Moderate, s.Low+r.counts.Low
		s.Answered += r.counts.Answered
	}
	return s
}

// checks are the ids of checks with an open flag, sorted, and how many of them have a rule no site
// reviewer has approved.
func (l *list) checks() (ids []string, unreviewed int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	reviewed := map[string]bool{}
	for _, p := range l.patients {
		for _, f := range p.flags {
			reviewed[f.Check] = checks.Reviewed(f.Citations)
		}
	}
	for _, yes := range reviewed {
		if !yes {
			unreviewed++
		}
	}
	return slices.Sorted(maps.Keys(reviewed)), unreviewed
}

// rows are the patients a filter lets through, in list order, and the number of the newest change
// in them.
func (l *list) rows(through func(*row) bool) ([]*row, uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	rows := make([]*row, 0, len(l.patients))
	for _, p := range l.patients {
		if r := p.summary(); through(r) {
			rows = append(rows, r)
		}
	}
	slices.SortFunc(rows, func(a, b *row) int { return cmp.Compare(a.Key, b.Key) })
	return rows, l.number
}

// after returns the patients changed after a number, each once, with its row, nil if gone; false if
// too much changed.
func (l *list) after(number uint64) (map[string]*row, uint64, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if number > l.number || len(l.changes) > 0 && number+1 < l.changes[0].number {
		return nil, l.number, false
	}
	changed := map[string]*row{}
	for i := len(l.changes) - 1; i >= 0 && l.changes[i].number > number; i-- {
		token := l.changes[i].token
		changed[token] = nil
		if p := l.patients[token]; p != nil {
			changed[token] = p.summary()
		}
	}
	return changed, l.number, true
}

// of returns the open flags of a patient, worst first, and the reference.
func (l *list) of(token string) (facts.Ref, []flag) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.patients[token]
	if p == nil {
		return "", nil
	}
	flags := make([]flag, 0, len(p.flags))
	for _, f := range p.flags {
		flags = append(flags, *f)
	}
	slices.SortFunc(flags, func(a, b flag) int {
		return cmp.Or(
			cmp.Compare(b.Severity, a.Severity), cmp.Compare(a.Check, b.Check), cmp.Compare(a.Ingredient,
				b.Ingredient),
		)
	})
	return p.ref, flags
}
