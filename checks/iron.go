package checks

import (
	"strconv"
	"strings"
	"time"

	"github.com/rlsguard/rlsguard/checks/ahead"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/checks/terms"
	"github.com/rlsguard/rlsguard/checks/words"
)

// Ids of the iron checks.
const (
	checkIronLow       = "iron-low"
	checkIronMissing   = "iron-labs-missing"
	checkIronUnusable  = "iron-labs-unusable"
	checkIronStale     = "iron-labs-stale"
	checkIronUnchecked = "rls-iron-unchecked"
)

// ironOrder is an order for iron: treatment that is under way and affects how results are read.
type ironOrder struct {
	Ref     facts.Ref
	Date    moment.Time // authored; zero if unknown
	IV      bool        // class iron_iv
	Current bool        // it counts
	// Replaces: a real exposure that replaces iron, unlike the little in a multivitamin.
	Replaces bool
}

// ironInput is everything the iron checks look at.
type ironInput struct {
	Labs     *labBook
	Terms    *terms.Terms
	Settings *ironSettings
	// Alpha2Delta: there is an exposure to an alpha-2-delta ligand, or a draft of one.
	Alpha2Delta bool
	// Treated: there is an exposure to a medicine for RLS, or a draft of one: an alpha-2-delta
	// ligand, a dopamine agonist or levodopa.
	Treated bool
	Birth   moment.Time // zero if unknown
	// ESRD are the Conditions of group context_esrd that count; results that imply dialysis are in
	// Labs.
	ESRD []facts.Ref
	// IronCaution are the Conditions of group context_iron_caution (haemochromatosis) that count.
	IronCaution []facts.Ref
	Pregnant    bool
	Orders      []ironOrder
	// Bare skips what is on record.
	Bare bool
}

// ironDecision says which iron check is open; at most one is.
type ironDecision struct {
	Check    string // "" if none is open
	Severity Severity
	Evidence []facts.Ref
	Summary  string
	Action   string
	// Basis is what an acknowledgement rests on: the values, and why they cannot be used. It has no
	// dates: a repeat with the same value is no news.
	Basis []string
	// Next is the next instant after the as-of time at which time alone may change the decision or
	// its text; zero if there is none.
	Next time.Time
	// Causes are what happens then.
	Causes []ahead.Cause
	// Known says what is on record, for a reader who asks why no check is open.
	Known string
	// Need says which results the open check asks for.
	Need IronNeed
	// Low: the newest usable iron is low. Replaced: it is being replaced, so the flag is one step
	// lower.
	Low, Replaced bool
	// Fact gives the newest values, and Facts their sources, to checks about something else.
	Fact  string
	Facts []facts.Ref
	// Note is for prescribers: at this ferritin only intravenous iron is expected to help.
	Note string

	Leaflet leaflet
}

// ironCase is one patient's iron, gathered for a decision and its texts.
type ironCase struct {
	*ironInput
	panel                ironPanel
	ferritinAge, tsatAge labAge
	next                 upcoming
	replaced             bool
	replacedSince        moment.Time
}

// ironFinding decides the iron checks. iron-low outranks the others, since one low value is enough
// and never turns normal with age; then missing, unusable and stale, in this order.
func ironFinding(in ironInput) ironDecision {
	c := ironCase{ironInput: &in}
	c.next.join(&in.Labs.next)
	c.panel = readPanel(in.Labs, in.Terms, in.Settings, c.group())
	c.ferritinAge = c.age(&c.panel.ferritin)
	c.tsatAge = c.age(&c.panel.tsat)
	c.replaced = c.panel.low() && c.replacing()
	var d ironDecision
	switch {
	case c.panel.low():
		d = c.low()
	case in.Alpha2Delta:
		d = c.alpha2delta()
	default:
		d = c.unchecked()
	}
	d.Next, d.Causes = c.next.at, c.next.all()
	d.Low, d.Replaced = c.panel.low(), c.replaced
	if in.Bare {
		return d
	}
	d.Known = joinSentences(c.known(), c.groupNote(), c.bandNote())
	d.Note = c.bandNote()
	d.Fact, d.Facts = c.fact(), joinRefs(c.panel.ferritin.evidence(), c.panel.tsat.evidence())
	if d.Check != "" {
		d.Evidence = joinRefs(d.Facts, c.groupEvidence(), in.IronCaution)
		d.Basis = append([]string{c.groupWords()}, d.Basis...)
		d.Need = c.need(d.Check)
		d.Leaflet = c.leaflet(d.Check)
	}
	return d
}

// group says whose limits apply; dialysis outranks age.
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
		c.changesAt(first, ahead.Birthday, "")
		return ironChild
	case last.After(asOf):
		c.changesAt(last, ahead.Birthday, "")
		return ironAgeUnknown
	}
	return ironAdult
}

func (c *ironCase) groupEvidence() []facts.Ref {
	if c.panel.group != ironDialysis {
		return nil
	}
	return append(append([]facts.Ref{}, c.ESRD...), c.Labs.dialysis...)
}

func (c *ironCase) changesAt(t time.Time, why ahead.Kind, ref facts.Ref) { c.next.add(t, why, ref) }

// age of the newest usable result of an analyte.
func (c *ironCase) age(res *analyteResult) labAge {
	if res.newest == nil {
		return labCurrent
	}
	age, next := ageOf(res.newest, c.Labs, c.Settings)
	why := ahead.ResultAgeing
	if age == labAgeing {
		why = ahead.ResultStale
	}
	c.changesAt(next, why, res.newest.refs[0])
	return age
}

func (c *ironCase) alpha2delta() ironDecision {
	f, t := &c.panel.ferritin, &c.panel.tsat
	either := func(s analyteState) bool { return f.state == s || t.state == s }
	switch {
	case either(analyteNeverSeen) || either(analytePending):
		return c.missing()
	case either(analyteUnusable):
		return c.unusable()
	case max(c.ferritinAge, c.tsatAge) > labCurrent:
		return c.stale()
	}
	return ironDecision{}
}

// unchecked is the check for a patient who takes no alpha-2-delta ligand. Results within StaleDays
// keep it quiet: either of the two for an adult, both in end-stage renal disease or dialysis,
// ferritin for a child.
func (c *ironCase) unchecked() ironDecision {
	fresh := func(res *analyteResult, age labAge) bool { return res.state == analyteUsable && age < labStale }
	f, t := fresh(&c.panel.ferritin, c.ferritinAge), fresh(&c.panel.tsat, c.tsatAge)
	enough := f || t
	switch c.panel.group {
	case ironDialysis:
		enough = f && t
	case ironChild:
		enough = f
	}
	if enough {
		return ironDecision{}
	}
	return ironDecision{
		Check: checkIronUnchecked, Severity: Low,
		Summary: joinSentences(words.Say("iron.unchecked", "days", strconv.Itoa(c.Settings.StaleDays)), c.known()),
		Action:  joinSentences(words.Say("iron.unchecked.action"), words.Say("iron.order"), words.Say("iron.sampling")),
		Basis: append(
			c.basisOf("ferritin", &c.panel.ferritin, c.ferritinAge),
			c.basisOf("tsat", &c.panel.tsat, c.tsatAge)...),
	}
}

// low is moderate beside a medicine for RLS, before which iron should have been checked.
func (c *ironCase) low() ironDecision {
	d := ironDecision{
		Check: checkIronLow, Severity: Low,
		Summary: joinSentences(c.lowSummary(), c.lowNotes()),
		Action:  joinSentences(c.treatment(), c.caution(), c.therapy(), c.due(), c.complete()),
		Basis: append(
			c.basisOf("ferritin", &c.panel.ferritin, labCurrent),
			c.basisOf("tsat", &c.panel.tsat, labCurrent)...),
	}
	if c.Treated {
		d.Severity = Moderate
	}
	return d
}

func (c *ironCase) missing() ironDecision {
	return ironDecision{
		Check: checkIronMissing, Severity: Moderate,
		Summary: joinSentences(c.gaps(), c.knownBeside(), c.readingNotes()),
		Action:  joinSentences(c.fill(), words.Say("iron.no-delay"), c.therapy()),
		Basis: append(
			c.basisOf("ferritin", &c.panel.ferritin, c.ferritinAge),
			c.basisOf("tsat", &c.panel.tsat, c.tsatAge)...),
	}
}

func (c *ironCase) unusable() ironDecision {
	return ironDecision{
		Check: checkIronUnusable, Severity: Moderate,
		Summary: joinSentences(words.Say("iron.unusable", "why", c.whyUnusable()), c.knownBeside(), c.readingNotes()),
		Action: joinSentences(
			words.Say("iron.unusable.action"),
			words.Say("iron.sampling"),
			words.Say("iron.no-delay"),
			c.therapy(),
		),
		Basis: append(
			c.basisOf("ferritin", &c.panel.ferritin, c.ferritinAge),
			c.basisOf("tsat", &c.panel.tsat, c.tsatAge)...),
	}
}

func (c *ironCase) stale() ironDecision {
	d := ironDecision{Check: checkIronStale, Severity: Low}
	limit := c.Settings.AgeingDays
	if max(c.ferritinAge, c.tsatAge) == labStale {
		d.Severity, limit = Moderate, c.Settings.StaleDays
	}
	d.Summary = joinSentences(c.old(limit), c.recent(), c.readingNotes())
	d.Action = joinSentences(
		words.Say("iron.stale.action"),
		words.Say("iron.sampling"),
		words.Say("iron.no-delay"),
		c.therapy(),
	)
	d.Basis = append(
		c.basisOf("ferritin", &c.panel.ferritin, c.ferritinAge),
		c.basisOf("tsat", &c.panel.tsat, c.tsatAge)...)
	return d
}

// recent gives the recent result beside an old one.
func (c *ironCase) recent() string {
	for _, a := range c.analytes() {
		if a.age == labCurrent && a.res.shown != nil {
			return words.Say("iron.also", "rest", c.value(a.name, a.res.shown))
		}
	}
	return ""
}

// basisOf is one analyte as an acknowledgement rests on it.
func (c *ironCase) basisOf(name string, res *analyteResult, age labAge) []string {
	value := "none"
	if res.shown != nil {
		value = res.shown.measure.Comparator + res.shown.measure.Value.Cut(10)
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

func joinSentences(sentences ...string) string {
	kept := sentences[:0:0]
	for _, s := range sentences {
		if s != "" {
			kept = append(kept, s)
		}
	}
	return strings.Join(kept, " ")
}
