package page

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
)

// flag is an open flag in the list.
type flag struct {
	checks.Flag
	opened time.Time // when it opened, if known
	least  bool      // it was already open before that
	came   time.Time // when this process saw it open; zero for what was there
	before checks.Severity
	moved  time.Time // when it left the former severity
}

func (f *flag) answered() bool { return f.Ack != nil && f.State != checks.Open }

// changed is when it opened or got worse, by wall clock: what a user may not have seen.
func (f *flag) changed() (at time.Time, worse bool) {
	at = f.came
	if at.IsZero() && f.Change == checks.ChangeOpened {
		at = f.AsOf
	}
	if f.before != checks.None && f.before < f.Severity && f.moved.After(at) {
		return f.moved, true
	}
	return at, false
}

// patient is one with open flags.
type patient struct {
	ref   facts.Ref
	token string
	flags map[string]*flag
	row   *row // nil after a change
}

func (p *patient) put(f *checks.Flag, arrived time.Time) {
	have := p.flags[f.ID]
	if have == nil {
		first := f.Change == checks.ChangeOpened
		have = &flag{opened: f.AsOf, least: !first}
		if first || !arrived.IsZero() {
			have.came = arrived
		}
		p.flags[f.ID] = have
	}
	have.Flag = *f
}

// row is what the list shows of a patient.
type row struct {
	Token   string
	Key     string // sort key of rows
	Ref     facts.Ref
	Worst   checks.Severity // of unanswered flags; None if all are answered
	Reasons []string
	Oldest  time.Time // when the first flag of severity Worst opened
	Least   bool      // it may be older
	Changed time.Time
	Worse   bool
	Until   string // when the first answer lapses, if all are answered
	Due     time.Time
	Checks  []string
	counts

	once sync.Once
	html [2]string // before and after what differs between users
}

// mostReasons is how many flags a row names.
const mostReasons = 4

// summary is the row of p, made on demand.
func (p *patient) summary() *row {
	if p.row != nil {
		return p.row
	}
	r := &row{Token: p.token, Ref: p.ref}
	flags := make([]*flag, 0, len(p.flags))
	for _, f := range p.flags {
		flags = append(flags, f)
		r.count(f)
	}
	slices.SortFunc(flags, func(a, b *flag) int {
		return cmp.Or(
			cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Check, b.Check), cmp.Compare(a.Ingredient, b.Ingredient),
		)
	})
	for _, f := range flags {
		if (f.answered() || r.Worst == checks.None) && (!f.answered() || r.Worst != checks.None) {
			continue
		}
		if text := f.Brief(); !slices.Contains(r.Reasons, text) {
			r.Reasons = append(r.Reasons, text)
		}
	}
	if more := len(r.Reasons) - mostReasons; more > 0 {
		r.Reasons = append(r.Reasons[:mostReasons:mostReasons], fmt.Sprintf("%d more", more))
	}
	slices.Sort(r.Checks)
	r.Checks = slices.Compact(r.Checks)
	r.Key = fmt.Sprintf("%d%012d%s", rankOf(r.Worst), max(r.Oldest.Unix(), 0), p.token)
	p.row = r
	return r
}

// count adds a flag to the row.
func (r *row) count(f *flag) {
	r.Checks = append(r.Checks, f.Check)
	if at, worse := f.changed(); at.After(r.Changed) {
		r.Changed, r.Worse = at, worse
	}
	if at := f.Next.At.Start(time.UTC); !f.Next.IsZero() && (r.Due.IsZero() || at.Before(r.Due)) {
		r.Due = at
	}
	if f.answered() {
		r.Answered++
	} else {
		switch f.Severity {
		case checks.High:
			r.High++
		case checks.Moderate:
			r.Moderate++
		default:
			r.Low++
		}
		r.Worst = max(r.Worst, f.Severity)
	}
	if r.Oldest.IsZero() || f.opened.Before(r.Oldest) {
		r.Oldest, r.Least = f.opened, f.least
	}
}

// rank sorts flags: unanswered ones first, worst first.
func rank(f *flag) int {
	if f.answered() {
		return rankOf(checks.None)
	}
	return rankOf(f.Severity)
}

func rankOf(s checks.Severity) int {
	if s == checks.None {
		return 9
	}
	return int(checks.High - s)
}
