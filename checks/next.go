package checks

import (
	"cmp"
	"slices"
	"time"

	"github.com/rlsguard/rlsguard/checks/ahead"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
)

// Turn is a moment at which time alone changes a flag of a patient.
type Turn struct {
	ahead.Next
	// Instant is when At begins.
	Instant    time.Time
	FlagID     string
	Check      string
	Ingredient string
	Patient    facts.Ref
	Was, Is    Severity // None: not open
	State      FlagState
	Because    []ahead.Cause
	Reviewed   bool // the rule behind it has been approved
}

// Turns are the moments after asOf, up to and including until, at which time alone changes a flag
// of st, sorted by time, check and ingredient. st is not changed.
func Turns(st *State, set *Settings, key []byte, ruleset string, asOf, until time.Time) []Turn {
	var turns []Turn
	c := newCourse(st, set, key, ruleset, evaluate(st, set, asOf, false))
	for c.goOn(until) {
		turns = c.turns(turns)
	}
	return turns
}

// mostMoments limits the search for a flag's next change. Few patients have that many dates ahead;
// beyond it, nothing is said.
const mostMoments = 32

// course follows a patient's flags through the moments at which something may change.
type course struct {
	differ
	at        time.Time
	next      upcoming
	was, now  []Flag
	because   []ahead.Cause // what happened at at
	evaluated int           // bounded by tests
}

func newCourse(st *State, set *Settings, key []byte, ruleset string, ev *evaluation) *course {
	c := &course{differ: differ{st: st, set: set, key: key, ruleset: ruleset, asOf: ev.asOf}}
	c.take(ev)
	return c
}

func (c *course) take(ev *evaluation) {
	c.at, c.asOf = ev.asOf, ev.asOf
	c.was, c.now = c.now, c.flags(ev.findings)
	c.next = ev.nextChange()
}

// goOn moves to the next moment; false if there is none up to until. A zero until is no limit.
func (c *course) goOn(until time.Time) bool {
	if c.next.at.IsZero() || !until.IsZero() && c.next.at.After(until) {
		return false
	}
	c.because = c.next.all()
	c.evaluated++
	c.take(evaluate(c.st, c.set, c.next.at, false))
	return true
}

// turns appends what changed at the current moment.
func (c *course) turns(list []Turn) []Turn {
	i, j := 0, 0
	for i < len(c.was) || j < len(c.now) {
		var was, is *Flag
		order := c.compare(i, j)
		if order <= 0 {
			was, i = &c.was[i], i+1
		}
		if order >= 0 {
			is, j = &c.now[j], j+1
		}
		if to := becomes(was, is); to != "" {
			list = append(list, c.turn(to, was, is))
		}
	}
	return list
}

func (c *course) compare(i, j int) int {
	switch {
	case i == len(c.was):
		return 1
	case j == len(c.now):
		return -1
	}
	a, b := &c.was[i], &c.now[j]
	return cmp.Or(cmp.Compare(a.Check, b.Check), cmp.Compare(a.Ingredient, b.Ingredient))
}

// becomes says what a flag has become; "" if it is unchanged. A nil flag is not open.
func becomes(was, is *Flag) ahead.Becoming {
	switch {
	case was == nil:
		return ahead.Open
	case is == nil:
		return ahead.Resolved
	case is.Severity > was.Severity:
		return ahead.Worse
	case is.Severity < was.Severity:
		return ahead.Milder
	case is.State != was.State:
		return ahead.Becoming(is.State)
	case is.Basis != was.Basis:
		return ahead.Changed
	}
	return ""
}

func (c *course) turn(to ahead.Becoming, was, is *Flag) Turn {
	f := cmp.Or(is, was)
	t := Turn{
		Next: ahead.Next{At: c.moment(), To: to}, Instant: c.at, FlagID: f.ID, Check: f.Check, Ingredient: f.Ingredient,
		Patient: f.Patient, State: Resolved, Because: c.causes(to, was, is), Reviewed: Reviewed(f.Citations),
	}
	if was != nil {
		t.Was = was.Severity
	}
	if is != nil {
		t.Is, t.State = is.Severity, is.State
	}
	return t
}

// moment is the current moment: as a day, if it is the start of one.
func (c *course) moment() moment.Time {
	zone := c.set.zone()
	y, m, d := c.at.In(zone).Date()
	day := moment.Time{Nanos: time.Date(y, m, d, 0, 0, 0, 0, time.UTC).UnixNano(), Precision: moment.ToDay}
	if day.Start(zone).Equal(c.at) {
		return day
	}
	return moment.Instant(c.at)
}

// causes are the current causes that concern what the flag rests on; all of them if none is known
// to.
func (c *course) causes(to ahead.Becoming, was, is *Flag) []ahead.Cause {
	var refs []facts.Ref
	for _, f := range []*Flag{was, is} {
		if f != nil {
			refs = append(append(refs, f.Implicated...), f.Evidence...)
		}
	}
	all := slices.DeleteFunc(slices.Clone(c.because), func(x ahead.Cause) bool {
		answer := x.Kind == ahead.AnswerCounts || x.Kind == ahead.AnswerEnds
		return answer != (is != nil && was != nil && is.Severity == was.Severity && is.State != was.State)
	})
	if len(all) == 0 { // an answer lapsed because the flag now rests on something else
		all = slices.Clone(c.because)
	}
	if own := slices.DeleteFunc(slices.Clone(all), func(x ahead.Cause) bool {
		return !slices.Contains(refs, x.Ref)
	}); len(own) > 0 {
		all = own
	}
	return withoutSteps(all)
}

// withoutSteps drops the start or end of a dosage if the order has another cause.
func withoutSteps(list []ahead.Cause) []ahead.Cause {
	return slices.DeleteFunc(slices.Clone(list), func(x ahead.Cause) bool {
		return x.Kind == ahead.DoseChanges && slices.ContainsFunc(list, func(y ahead.Cause) bool {
			return y.Ref == x.Ref && y.Kind != ahead.DoseChanges
		})
	})
}

// foresee sets what is next for open flags. The course is at their as-of time.
func (c *course) foresee(flags []*Flag) {
	for n := 0; n < mostMoments && len(flags) > 0 && c.goOn(time.Time{}); n++ {
		turns := c.turns(nil)
		flags = slices.DeleteFunc(flags, func(f *Flag) bool {
			i := slices.IndexFunc(turns, func(t Turn) bool {
				return t.Check == f.Check && t.Ingredient == f.Ingredient
			})
			if i >= 0 {
				f.Next = turns[i].Next
			}
			return i >= 0
		})
	}
}

// foreseen are the flags whose next change is to be told: the open ones.
func foreseen(flags []Flag) []*Flag {
	var open []*Flag
	for i := range flags {
		if flags[i].State != Resolved {
			open = append(open, &flags[i])
		}
	}
	return open
}
