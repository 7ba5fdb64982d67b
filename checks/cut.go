package checks

import (
	"strconv"
	"strings"

	"github.com/rlsguard/rlsguard/checks/terms/labs"
	"github.com/rlsguard/rlsguard/checks/words"
)

// Cut records which kinds of facts of a patient were left out because there were more than the
// settings allow. It only ever grows, since what was left out is lost. Its bits are stored, so they
// must keep their meaning.
type Cut uint64

const (
	cutMarks    = int(groupCount)     // first bit of the groups that lost marks
	cutEarlier  = 2 * int(groupCount) // CutEarlier
	cutAnalytes = 16                  // first bit of the analytes
	cutBits     = cutAnalytes + int(labs.PregnancyTestQuantitative) + 1

	cutAllAnalytes = (Cut(1)<<(cutBits-cutAnalytes) - 1) << cutAnalytes

	// CutEarlier: an earlier version of this program cut facts without recording their kind.
	CutEarlier Cut = 1 << cutEarlier
	// CutKnown are all bits with a meaning.
	CutKnown = cutAllAnalytes | (CutEarlier<<1 - 1)
)

// cutOf is the bit that records a cut from a place.
func cutOf(p place) Cut {
	switch {
	case p.bit == 0:
		return 1 << (cutMarks + int(p.group))
	case p.group == groupResults:
		return 1 << (cutAnalytes + p.bit - 1)
	default:
		return 1 << p.group
	}
}

// has reports whether c includes d. A cut of results without an analyte stands for every analyte.
func (c Cut) has(d Cut) bool {
	if c&(1<<groupResults) != 0 {
		c |= cutAllAnalytes
	}
	return c&d == d
}

// tidy makes c independent of the order of cuts: a kind that lost marks lost everything older, of
// all analytes.
func (c Cut) tidy() Cut {
	c |= c >> cutMarks & (1<<groupCount - 1)
	if c&(1<<groupResults) != 0 {
		c &^= cutAllAnalytes
	}
	return c
}

// Kinds names what was left out, one word each, in a fixed order.
func (c Cut) Kinds() (kinds []string) {
	c.each(func(k cutKind) { kinds = append(kinds, k.name) })
	return kinds
}

// CutKinds are all names Kinds may return.
func CutKinds() []string { return CutKnown.Kinds() }

// cutKind is a kind of facts as readers see it.
type cutKind struct {
	name  string
	words string // plural
	limit func(*FactLimits) int
	whole bool // only the limit cut; the newest, up to the limit, are there
}

var cutGroups = [groupCount]cutKind{
	groupConditions: {name: "conditions", words: "diagnoses", limit: func(l *FactLimits) int { return l.Conditions }},
	groupOrders:     {name: "orders", words: "orders", limit: func(l *FactLimits) int { return l.Orders }},
	groupResults:    {name: "results", words: "test results", limit: func(l *FactLimits) int { return l.Results }},
	groupAnswers:    {name: "answers", words: "answers to flags", limit: func(l *FactLimits) int { return l.Answers }},
	groupOthers:     {name: "others", words: "other records", limit: func(l *FactLimits) int { return l.Others }},
}

func (c Cut) each(do func(cutKind)) {
	for g, k := range cutGroups {
		if c&(1<<g) != 0 {
			k.whole = c&(1<<(cutMarks+g)) == 0
			do(k)
		}
	}
	for a := labs.None; a <= labs.PregnancyTestQuantitative; a++ {
		if c&(1<<(cutAnalytes+a)) != 0 {
			do(analyteKind(a))
		}
	}
	if c&CutEarlier != 0 {
		do(cutKind{name: "earlier", words: "records"})
	}
}

func analyteKind(a labs.Analyte) cutKind {
	k := cutKind{
		name:  strings.ReplaceAll(a.String(), " ", "-"),
		words: a.String() + " results",
		whole: true,
		limit: func(l *FactLimits) int { return l.Results },
	}
	if a == labs.None {
		k.name, k.words = "unnamed-results", "results of unnamed tests"
	}
	return k
}

// Words tells a reader in one sentence what was left out; "" if nothing was.
func (c Cut) Words(l FactLimits) string {
	var parts []string
	c.each(func(k cutKind) {
		if k.whole && k.limit(&l) > 0 {
			k.words = thousands(k.limit(&l)) + " " + k.words
		}
		parts = append(parts, k.words)
	})
	if len(parts) == 0 {
		return ""
	}
	return words.Say("cut.kept", "kinds", words.And(parts))
}

func thousands(n int) string {
	s := strconv.Itoa(n)
	for at := len(s) - 3; at > 0; at -= 3 {
		s = s[:at] + "," + s[at:]
	}
	return s
}

// tellCut appends to a text that older facts were left out. set is nil if nothing is evaluated.
func (s *State) tellCut(set *Settings, text string) string {
	if s.Cut == 0 || set == nil {
		return text
	}
	if set.Audience == ForPatients {
		return text + " " + words.Say("leaflet.cut")
	}
	return text + " " + s.Cut.Words(set.Facts)
}
