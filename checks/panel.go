package checks

import (
	"cmp"
	"slices"
	"time"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/measure"
	"github.com/rlsguard/rlsguard/checks/terms"
	"github.com/rlsguard/rlsguard/checks/terms/labs"
)

// analyteState is what is known about ferritin or TSAT.
type analyteState uint8

// States of an analyte.
const (
	analyteNeverSeen analyteState = iota
	analytePending                // only results without a value yet
	analyteUnusable               // the newest result cannot be evaluated
	analyteUsable
)

// analyteResult is the outcome of all results of one analyte. In this table, "normal" is at or
// above the limit:
//
//	newest result                      older results          state      low
//	none, or only cancelled            -                      never seen no
//	registered only                    none with a value      pending    no
//	registered                         any with a value       as those say
//	final, low                         any                    usable     yes
//	final, normal                      any                    usable     no
//	preliminary or unknown, low        any                    usable     yes, provisionally
//	preliminary or unknown, normal     none usable, or normal unusable   no
//	preliminary or unknown, normal     newest usable is low   unusable   yes: it may not clear
//	unreadable (unit, text, absent, ...) none usable, or normal unusable no
//	unreadable                         newest usable is low   unusable   yes: "newest usable"
//
// Newest is by effective time. At equal times a usable result decides before an unusable one, but
// within one draw a result that was sent and could not be read outranks a normal one. An undated
// result is never newer than a dated one. A result whose time cannot be read may be the newest: if
// low it counts, otherwise it cannot be evaluated. The results of the newest usable draw count as
// one, which is low if any of them is.
type analyteResult struct {
	state   analyteState
	low     bool
	shown   *labReading       // the usable result that decides; nil if there is none
	newest  *labReading       // newest usable result, which sets the age
	atLimit bool              // shown lies within 1 % of the limit, after conversion from pmol/L or nmol/L
	limit   measure.IronLimit // limit applied to shown
	limited bool
	blocked *labReading // newest result, if it cannot be evaluated
	why     measure.Reason
	pending *labReading
	other   *labReading // a result of the same draw that disagrees with a low one
}

// judged is a reading and its verdict against the limit.
type judged struct {
	*labReading
	verdict measure.IronVerdict
	at      bool
	why     measure.Reason // why it can neither raise nor clear
}

// judgeReading weighs one reading. Only a final result may clear; a low one always counts.
func judgeReading(r *labReading, l measure.IronLimit, limited bool) judged {
	j := judged{labReading: r, why: r.reason}
	if j.why != measure.Usable {
		return j
	}
	if limited {
		j.verdict, j.at = l.Judge(&r.measure)
	}
	switch {
	case j.verdict == measure.VerdictStraddles:
		j.why = measure.Straddles
	case j.verdict == measure.VerdictNotLow:
		j.why = statusReason(r.status)
		if j.why == measure.Usable && r.unplaced {
			j.why = measure.TimeUnread
		}
	}
	return j
}

// decideAnalyte applies the table of analyteResult to readings sorted by compareReadings.
func decideAnalyte(readings []labReading, limitOf func(*labReading) (measure.IronLimit, bool)) analyteResult {
	var res analyteResult
	var usable []judged
	var unread []*labReading
	for i := range readings {
		r := &readings[i]
		l, limited := limitOf(r)
		j := judgeReading(r, l, limited)
		switch {
		case j.why == measure.Usable:
			usable = append(usable, j)
		case j.why == measure.Pending:
			res.pending = cmp.Or(res.pending, r)
		default:
			if j.why.Unreadable() {
				unread = append(unread, r)
			}
			if res.blocked == nil {
				res.blocked, res.why = r, j.why
			}
		}
	}
	if len(usable) > 0 {
		draw := newestDraw(usable)
		res.decide(draw)
		res.limit, res.limited = limitOf(res.shown)
		if res.blocked != nil && compareNewest(res.blocked, res.newest) >= 0 {
			res.blocked, res.why = nil, measure.Usable
		}
		if res.blocked == nil && !res.low {
			res.blocked = unreadOfDraw(draw, unread)
			res.why = unreadReason(res.blocked)
		}
	}
	switch {
	case res.blocked != nil:
		res.state = analyteUnusable
	case res.shown != nil:
		res.state = analyteUsable
	case res.pending != nil:
		res.state = analytePending
	}
	return res
}

// unreadOfDraw is an unreadable result of the same draw as usable ones; nil if there is none.
func unreadOfDraw(draw []judged, unread []*labReading) *labReading {
	if len(unread) == 0 {
		return nil
	}
	usable := make([]*labReading, 0, len(draw))
	for _, j := range draw {
		usable = append(usable, j.labReading)
	}
	index := indexDraws(usable)
	for _, r := range unread {
		if index.nearest(r) != nil {
			return r
		}
	}
	return nil
}

func unreadReason(r *labReading) measure.Reason {
	if r == nil {
		return measure.Usable
	}
	return r.reason
}

// newestDraw is the newest usable result with all others of its draw. Results of the same time from
// different specimens are taken together, since their order is unknown.
func newestDraw(usable []judged) []judged {
	anchors := usable[:1]
	for len(anchors) < len(usable) && compareNewest(anchors[0].labReading, usable[len(anchors)].labReading) == 0 {
		anchors = usable[:len(anchors)+1]
	}
	first := make([]*labReading, 0, len(anchors))
	for _, a := range anchors {
		first = append(first, a.labReading)
	}
	draw, index := slices.Clone(anchors), indexDraws(first)
	for _, u := range usable[len(anchors):] {
		if index.nearest(u.labReading) != nil {
			draw = append(draw, u)
		}
	}
	return draw
}

// decide prefers the low results of a draw, then the newest, then the lowest value.
func (res *analyteResult) decide(draw []judged) {
	lowFirst := func(j judged) int {
		if j.verdict == measure.VerdictLow {
			return 0
		}
		return 1
	}
	best := slices.MinFunc(draw, func(a, b judged) int {
		return cmp.Or(cmp.Compare(lowFirst(a), lowFirst(b)), compareNewest(a.labReading, b.labReading),
			a.measure.Value.Cmp(b.measure.Value), compareSource(a.labReading, b.labReading))
	})
	res.shown, res.newest, res.atLimit = best.labReading, draw[0].labReading, best.at
	res.low = best.verdict == measure.VerdictLow
	for _, j := range draw {
		if res.low && j.verdict == measure.VerdictNotLow && res.other == nil {
			res.other = j.labReading
		}
	}
}

func (res *analyteResult) evidence() []facts.Ref {
	var refs []facts.Ref
	for _, r := range []*labReading{res.shown, res.newest, res.blocked, res.pending, res.other} {
		if r != nil {
			refs = append(refs, r.refs...)
		}
	}
	return refs
}

// labAge is how old a result is, in the words of the contract.
type labAge uint8

// Ages: current, ageing (over 180 d, or undated) and stale (over 365 d).
const (
	labCurrent labAge = iota
	labAgeing
	labStale
)

// ageOf counts calendar days. next is when time alone next changes the age; zero if it never does.
func ageOf(r *labReading, b *labBook, s *ironSettings) (age labAge, next time.Time) {
	if !r.dated || r.unplaced {
		return labAgeing, time.Time{}
	}
	taken := civilDayOf(r.effective, b.zone)
	days := civilDay(b.asOf, b.zone) - taken
	switch {
	case days > int64(s.StaleDays):
		return labStale, time.Time{}
	case days > int64(s.AgeingDays):
		return labAgeing, civilStart(taken+int64(s.StaleDays)+1, b.zone)
	default:
		return labCurrent, civilStart(taken+int64(s.AgeingDays)+1, b.zone)
	}
}

// ironPanel is one patient's ferritin and TSAT, by the limits of their group.
type ironPanel struct {
	group          ironGroup
	ferritin, tsat analyteResult
}

func readPanel(b *labBook, t *terms.Terms, s *ironSettings, g ironGroup) ironPanel {
	p := ironPanel{group: g}
	p.ferritin = decideAnalyte(
		b.of(labs.Ferritin),
		func(r *labReading) (measure.IronLimit, bool) { return s.ferritinLimit(g, r.performer), true },
	)
	tsatLimit := func(*labReading) (measure.IronLimit, bool) { return s.tsatLimit(g) }
	p.tsat = decideAnalyte(saturations(b, t, s, g), tsatLimit)
	return p
}

// saturations are the TSAT results of a group, measured and calculated.
func saturations(b *labBook, t *terms.Terms, s *ironSettings, g ironGroup) []labReading {
	row, ok := labs.Find("2502-3")
	if !ok {
		row = &labs.Lab{LOINC: "2502-3", Analyte: labs.TSAT, CanonicalUnit: "%"}
	}
	return tsatReadings(b, row, s.TransferrinFactor, func(r *labReading) bool {
		l, limited := s.tsatLimit(g)
		return judgeReading(r, l, limited).why == measure.Usable
	})
}

// low reports whether iron is low: either value, or in end-stage renal disease and on dialysis
// both.
func (p *ironPanel) low() bool {
	if p.group == ironDialysis {
		return p.ferritin.low && p.tsat.low
	}
	return p.ferritin.low || p.tsat.low
}
