package outcomes

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/rlsguard/rlsguard/checks"
)

// group is a row in the making.
type group struct {
	Row
	times    [5][]int64 // in the order of Medians
	patients map[uint64]struct{}
	maybe    int // of Settled, perhaps acted upon
}

func newGroup(check, severity string) *group {
	return &group{
		Row: Row{
			Check: check, Severity: severity, PerhapsBy: map[string]int{}, OtherwiseBy: map[string]int{},
			OverriddenBy: map[string]int{}, Cards: Cards{OverriddenBy: map[string]int{}},
		},
		patients: map[uint64]struct{}{},
	}
}

// key of a group; the zero value is for all.
type key struct {
	check    string
	severity checks.Severity
}

// tally folds what a counter keeps.
type tally struct {
	*Counter
	groups map[key]*group
	cards  map[string][]Answer // by flag
	low    map[lowIron]struct{}
}

// lowIron is a moment at which a result turned out low.
type lowIron struct {
	patient uint64
	at      int64 // Unix nanoseconds
}

// checkLow is the check that opens with a low result.
const checkLow = "iron-low"

// readLow finds those moments. A wanted result that is low resolves the flag that wanted it in
// favour of another (superseded), and so does an order that makes another flag say more: only the
// first was a named change.
func (t *tally) readLow() {
	for _, h := range t.flags {
		for i := range h.spans {
			if h.check == checkLow {
				t.low[lowIron{h.patient, h.spans[i].opened.UnixNano()}] = struct{}{}
			}
		}
	}
}

// settle is how a span ended, in the light of the patient's other flags.
func (t *tally) settle(h *history, s span) *span {
	if s.end == perhaps && s.reason == string(superseded) {
		if _, came := t.low[lowIron{h.patient, s.ended.UnixNano()}]; !came {
			s.end = otherwise
		}
	}
	return &s
}

// both are the groups a figure belongs to.
func (t *tally) both(check string, s checks.Severity) [2]*group {
	k := key{check, s}
	if t.groups[k] == nil {
		t.groups[k] = newGroup(check, s.String())
	}
	return [2]*group{t.groups[k], t.groups[key{}]}
}

// Report closes the count. More may be added after it.
func (c *Counter) Report() *Report {
	t := &tally{Counter: c, groups: map[key]*group{{}: newGroup("", "")}, cards: map[string][]Answer{},
		low: map[lowIron]struct{}{}}
	for _, a := range c.answers {
		t.cards[a.Flag] = append(t.cards[a.Flag], a)
	}
	t.readLow()
	for id, h := range c.flags {
		t.flag(h, t.cards[id])
	}
	for id, list := range t.cards {
		t.answers(list, c.flags[id])
	}
	return t.report()
}

func (t *tally) flag(h *history, cards []Answer) {
	returns := map[*group]int{}
	for i := range h.spans {
		s := t.settle(h, h.spans[i])
		for _, g := range t.both(h.check, s.severity) {
			g.span(s, &t.period, acceptedIn(cards, s))
			if s.opened.IsZero() || !t.period.holds(s.opened) {
				continue
			}
			g.patients[h.patient] = struct{}{}
			if s.returned {
				returns[g]++
			}
		}
	}
	for g, n := range returns {
		g.Returned += n
		g.MostOften = max(g.MostOften, n)
	}
}

// span counts a flag from opening to end.
func (g *group) span(s *span, p *Period, accepted bool) {
	if s.opened.IsZero() || s.opened.Before(p.From) {
		g.OpenBefore++
	} else {
		g.Opened++
	}
	if !s.noted.IsZero() {
		g.Acknowledged++
		g.took(4, s, s.noted)
	}
	if !s.overridden.IsZero() {
		g.Overridden++
		g.OverriddenBy[s.override]++
		g.took(3, s, s.overridden)
	}
	g.ending(s)
	if !s.ended.IsZero() || !s.overridden.IsZero() || accepted {
		g.Settled++
	}
	switch {
	case accepted || !s.ended.IsZero() && s.end == advised:
		g.ActedUpon++
	case !s.ended.IsZero() && s.end == perhaps:
		g.maybe++
	}
}

func (g *group) ending(s *span) {
	switch {
	case s.ended.IsZero():
		g.Open++
		if s.state == checks.Open {
			g.Unanswered++
		}
		return
	case s.end == advised:
		g.Advised++
	case s.end == perhaps:
		g.Perhaps++
		g.PerhapsBy[s.reason]++
	default:
		g.Otherwise++
		g.OtherwiseBy[s.reason]++
	}
	if s.reason != notKept {
		g.took(int(advised-s.end), s, s.ended)
	}
}

// took notes how long something took from the opening, if that is kept. An answer older than the
// opening took no time.
func (g *group) took(which int, s *span, until time.Time) {
	if !s.opened.IsZero() {
		g.times[which] = append(g.times[which], int64(max(until.Sub(s.opened), 0)/time.Second))
	}
}

// acceptedIn reports whether a card was accepted while a flag was open.
func acceptedIn(cards []Answer, s *span) bool {
	return slices.ContainsFunc(cards, func(a Answer) bool {
		return a.Accepted && !a.At.Before(s.opened) && (s.ended.IsZero() || !a.At.After(s.ended))
	})
}

// answers counts those to the cards of a flag. A draft order has cards of flags that never open, or
// that open after the answer.
func (t *tally) answers(list []Answer, h *history) {
	for _, a := range list {
		inSpan := h != nil && slices.ContainsFunc(h.spans, func(s span) bool { return acceptedIn([]Answer{a}, &s) })
		for _, g := range t.both(a.Check, a.Severity) {
			g.card(&a, inSpan, h != nil && len(h.spans) > 0)
		}
	}
}

// card counts an answer. inSpan: its flag was open by then, and is counted with it; shown: its flag
// was open at some time in the period, and reports overrides itself.
func (g *group) card(a *Answer, inSpan, shown bool) {
	if !a.Accepted {
		g.Cards.Overridden++
		g.Cards.OverriddenBy[a.Reason]++
		if !shown {
			g.Settled++
		}
		return
	}
	g.Cards.Accepted++
	if !inSpan {
		g.Settled++
		g.ActedUpon++
	}
}

func (t *tally) report() *Report {
	r := &Report{Zone: t.zone().String(), Rows: []Row{}, Unclear: len(t.unknown), Notes: notes}
	if !t.period.From.IsZero() {
		r.From = t.period.From.In(t.zone()).Format(time.DateOnly)
	}
	if !t.period.Before.IsZero() {
		r.To = t.period.Before.Add(-1).In(t.zone()).Format(time.DateOnly)
	}
	for _, k := range slices.SortedFunc(maps.Keys(t.groups), key.compare) {
		g := t.groups[k]
		g.finish()
		if k == (key{}) {
			r.All = g.Row
		} else {
			r.Rows = append(r.Rows, g.Row)
		}
	}
	return r
}

// compare sorts by check, worst severity first.
func (k key) compare(other key) int {
	return cmp.Or(cmp.Compare(k.check, other.check), cmp.Compare(other.severity, k.severity))
}

func (t *tally) zone() *time.Location {
	if t.period.Zone == nil {
		return time.UTC
	}
	return t.period.Zone
}

func (g *group) finish() {
	g.Patients = len(g.patients)
	if g.Patients > 0 {
		g.PerPatient = float64(g.Returned) / float64(g.Patients)
	}
	for i, to := range []**int64{
		&g.Medians.Advised, &g.Medians.Perhaps, &g.Medians.Otherwise, &g.Medians.Overridden, &g.Medians.Acknowledged,
	} {
		*to = median(g.times[i])
	}
	if g.Settled > 0 {
		share, most := float64(g.ActedUpon)/float64(g.Settled), float64(g.ActedUpon+g.maybe)/float64(g.Settled)
		g.Share, g.ShareAtMost = &share, &most
	}
}

// median is the middle one; for an even number, the mean of the two in the middle.
func median(times []int64) *int64 {
	if len(times) == 0 {
		return nil
	}
	slices.Sort(times)
	m := (times[(len(times)-1)/2] + times[len(times)/2]) / 2
	return &m
}

// sorted are the keys of a map, most frequent first.
func sorted(by map[string]int) []string {
	keys := slices.Sorted(maps.Keys(by))
	slices.SortStableFunc(keys, func(a, b string) int { return by[b] - by[a] })
	return keys
}
