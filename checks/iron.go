package checks

import (
	"strings"
	"time"

	"github.com/rlsguard/rlsguard/checks/terms"
)

// Ids of the iron checks.
const (
	checkIronLow       = "iron-low"
	checkIronMissing   = "iron-labs-missing"
	checkIronUnusable  = "iron-labs-unusable"
	checkIronStale     = "iron-labs-stale"
	checkIronUnchecked = "rls-iron-unchecked"
)

// ironOrder is an order for iron, from which the text tells that treatment is under way and how results are to be read.
type ironOrder struct {
	Ref  Ref
	Date Time // authored; zero when not known
	IV   bool // class iron_iv
}

// ironInput is all that the iron checks look at.
type ironInput struct {
	Labs     *labBook
	Terms    *terms.Terms
	Settings *IronSettings
	// Alpha2Delta: there is an exposure to, or a draft of, an alpha-2-delta ligand.
	Alpha2Delta bool
	Birth       Time // zero when not known
	// ESRD are the Conditions of group context_esrd that count; results that mark dialysis are found in Labs.
	ESRD []Ref
	// IronCaution are the Conditions of group context_iron_caution (haemochromatosis) that count.
	IronCaution []Ref
	Pregnant    bool
	Orders      []ironOrder // counted orders for iron
}

// ironDecision says which iron check is open, if any: at most one of them is.
type ironDecision struct {
	Check    string // "" when none is open
	Severity Severity
	Evidence []Ref
	Summary  string
	Action   string
	// Basis is what an acknowledgement rests on: which values, and why they cannot be used. Dates are not in it: a repeat with the same value is no news.
	Basis []string
	// Next is the next instant after the as-of time at which time alone may change the decision or its text; zero when there is none.
	Next time.Time
	// Known says what is on record, for a reader who asks why no check is open.
	Known string
	// Need says which results the open check asks for.
	Need IronNeed
}

// ironCase is one patient's iron, gathered for deciding and telling.
type ironCase struct {
	*ironInput
	panel                ironPanel
	ferritinAge, tsatAge labAge
	next                 time.Time
}

// ironFinding decides the iron checks. iron-low outweighs the others, since one low value is enough and a low value never turns normal
// with age; then missing, unusable and stale, in this order.
func ironFinding(in ironInput) ironDecision {
	c := ironCase{ironInput: &in, next: in.Labs.next}
	c.panel = readPanel(in.Labs, in.Terms, in.Settings, c.group())
	c.ferritinAge = c.age(&c.panel.ferritin)
	c.tsatAge = c.age(&c.panel.tsat)
	var d ironDecision
	if in.Alpha2Delta {
		d = c.alpha2delta()
	} else {
		d = c.unchecked()
	}
	d.Next, d.Known = c.next, c.known()
	if d.Check != "" {
		d.Evidence = joinRefs(c.panel.ferritin.evidence(), c.panel.tsat.evidence(), c.groupEvidence(), in.IronCaution)
		d.Basis = append([]string{c.groupWords()}, d.Basis...)
		d.Need = c.need(d.Check)
	}
	return d
}

// group says whose limits apply: those of dialysis before those of age.
func (c *ironCase) group() ironGroup {
	if len(c.ESRD)+len(c.Labs.dialysis) > 0 {
		return ironDialysis
	}
	if c.Birth.IsZero() {
		return ironAgeUnknown
	}
	first, last := birthdays(c.Birth, c.Settings.AdultYears, c.Labs.zone)
	switch asOf := c.Labs.asOf; {
	case first.After(asOf):
		c.changesAt(first)
		return ironChild
	case last.After(asOf):
		c.changesAt(last)
		return ironAgeUnknown
	}
	return ironAdult
}

func (c *ironCase) groupEvidence() []Ref {
	if c.panel.group != ironDialysis {
		return nil
	}
	return append(append([]Ref{}, c.ESRD...), c.Labs.dialysis...)
}

func (c *ironCase) changesAt(t time.Time) { c.next = earlier(c.next, t) }

// age of the newest usable result of an analyte.
func (c *ironCase) age(res *analyteResult) labAge {
	if res.newest == nil {
		return labCurrent
	}
	age, next := ageOf(res.newest, c.Labs, c.Settings)
	if !next.IsZero() {
		c.changesAt(next)
	}
	return age
}

func (c *ironCase) alpha2delta() ironDecision {
	f, t := &c.panel.ferritin, &c.panel.tsat
	either := func(s analyteState) bool { return f.state == s || t.state == s }
	switch {
	case c.panel.low():
		return c.low()
	case either(analyteNeverSeen) || either(analytePending):
		return c.missing()
	case either(analyteUnusable):
		return c.unusable()
	case max(c.ferritinAge, c.tsatAge) > labCurrent:
		return c.stale()
	}
	return ironDecision{}
}

// unchecked is the check for a patient who takes no alpha-2-delta ligand: one usable value within the year, of either, keeps it quiet.
func (c *ironCase) unchecked() ironDecision {
	fresh := func(res *analyteResult, age labAge) bool { return res.shown != nil && age < labStale }
	if fresh(&c.panel.ferritin, c.ferritinAge) || fresh(&c.panel.tsat, c.tsatAge) {
		return ironDecision{}
	}
	return ironDecision{
		Check: checkIronUnchecked, Severity: Low,
		Summary: joinSentences("No usable ferritin or TSAT within "+dayCount(c.Settings.StaleDays)+".", c.known()),
		Action:  joinSentences("Iron should be looked at in everybody with RLS.", orderIron, sampling),
		Basis:   append(c.basisOf("ferritin", &c.panel.ferritin, c.ferritinAge), c.basisOf("tsat", &c.panel.tsat, c.tsatAge)...),
	}
}

func (c *ironCase) low() ironDecision {
	return ironDecision{
		Check: checkIronLow, Severity: Moderate,
		Summary: joinSentences(c.lowSummary(), c.lowNotes()),
		Action:  joinSentences(c.treatment(), c.caution(), c.therapy(), c.shortened(), c.repeat()),
		Basis:   append(c.basisOf("ferritin", &c.panel.ferritin, labCurrent), c.basisOf("tsat", &c.panel.tsat, labCurrent)...),
	}
}

func (c *ironCase) missing() ironDecision {
	return ironDecision{
		Check: checkIronMissing, Severity: Moderate,
		Summary: joinSentences("The set of iron results is not complete: "+c.gaps()+".", c.knownBeside(), c.readingNotes()),
		Action:  joinSentences(c.fill(), noDelay, c.therapy()),
		Basis:   append(c.basisOf("ferritin", &c.panel.ferritin, c.ferritinAge), c.basisOf("tsat", &c.panel.tsat, c.tsatAge)...),
	}
}

func (c *ironCase) unusable() ironDecision {
	return ironDecision{
		Check: checkIronUnusable, Severity: Moderate,
		Summary: joinSentences("The newest iron results cannot be evaluated: "+c.whyUnusable()+".", c.knownBeside(), c.readingNotes()),
		Action:  joinSentences("Ask the laboratory for the complete result (value, unit, status), or have it repeated.", sampling, noDelay, c.therapy()),
		Basis:   append(c.basisOf("ferritin", &c.panel.ferritin, c.ferritinAge), c.basisOf("tsat", &c.panel.tsat, c.tsatAge)...),
	}
}

func (c *ironCase) stale() ironDecision {
	d := ironDecision{Check: checkIronStale, Severity: Low, Action: joinSentences("Have ferritin and TSAT repeated.", sampling, noDelay, c.therapy(), c.shortened())}
	limit := c.Settings.AgeingDays
	if max(c.ferritinAge, c.tsatAge) == labStale {
		d.Severity, limit = Moderate, c.Settings.StaleDays
	}
	d.Summary = joinSentences("The iron results are "+c.olderThan(limit)+".", c.known(), c.readingNotes())
	d.Basis = append(c.basisOf("ferritin", &c.panel.ferritin, c.ferritinAge), c.basisOf("tsat", &c.panel.tsat, c.tsatAge)...)
	return d
}

// basisOf is one analyte in the terms that an acknowledgement rests on.
func (c *ironCase) basisOf(name string, res *analyteResult, age labAge) []string {
	value := "none"
	if res.shown != nil {
		value = res.shown.measure.comparator + res.shown.measure.value.cut(10)
	}
	out := []string{name + "=" + value}
	switch {
	case res.state == analyteUnusable:
		out = append(out, name+" "+string(res.why))
	case res.state == analytePending:
		out = append(out, name+" pending")
	case age == labStale:
		out = append(out, name+" stale")
	case age == labAgeing:
		out = append(out, name+" ageing")
	}
	return out
}

// joinSentences puts sentences together, leaving empty ones out.
func joinSentences(sentences ...string) string {
	kept := sentences[:0:0]
	for _, s := range sentences {
		if s != "" {
			kept = append(kept, s)
		}
	}
	return strings.Join(kept, " ")
}
