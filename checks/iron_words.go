package checks

import (
	"strconv"
	"strings"

	"github.com/rlsguard/rlsguard/checks/decimal"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/measure"
	"github.com/rlsguard/rlsguard/checks/words"
)

// groupWords names the limits that apply, for the basis of an answer.
func (c *ironCase) groupWords() string {
	return [...]string{"adult limits", "limit for children", "adult limits, birth date not known",
		"limits for dialysis"}[c.panel.group]
}

// value reads like "ferritin 71.2 ng/mL, sent as 160 pmol/L (2026-10-24)".
func (c *ironCase) value(name string, r *labReading) string {
	key, m := "iron.value", r.measure
	if r.calculated {
		m.Value = decimal.Of(m.Value.Cut(2))
		key = "iron.value.calculated"
	}
	text := m.Text()
	if r.status != facts.LabFinal {
		text += ", " + statusWords(r.status)
	}
	return words.Say(key, "analyte", name, "value", text, "date", r.date(c.Labs.zone))
}

func statusWords(s facts.LabStatus) string {
	if s == facts.LabPreliminary {
		return words.Say("iron.preliminary")
	}
	return words.Say("iron.unknown-status")
}

func (c *ironCase) state(name string, res *analyteResult) string {
	var parts []string
	if res.shown != nil {
		parts = append(parts, c.value(name, res.shown))
	}
	if res.blocked != nil {
		parts = append(parts, c.blocked(name, res))
	}
	if res.pending != nil {
		parts = append(parts, words.Say("iron.pending", "analyte", name, "date", res.pending.date(c.Labs.zone)))
	}
	if len(parts) == 0 {
		return words.Say("iron.none", "analyte", name)
	}
	return strings.Join(parts, "; ")
}

// blocked says why the newest result cannot be evaluated.
func (c *ironCase) blocked(name string, res *analyteResult) string {
	why := res.why.Words()
	if res.why == measure.Straddles {
		why = words.Say("iron.blocked.straddles", "value", res.blocked.measure.Text())
	}
	if res.blocked.of != "" {
		why += " (" + res.blocked.of + ")"
	}
	key := "iron.blocked"
	if res.blocked.calculated {
		key = "iron.blocked.calculated"
	}
	return words.Say(key, "analyte", name, "date", res.blocked.date(c.Labs.zone), "why", why)
}

func (c *ironCase) known() string {
	return words.Say("iron.known", "known", c.state("ferritin", &c.panel.ferritin)+"; "+c.state("TSAT", &c.panel.tsat))
}

func (c *ironCase) gaps() string {
	var none, pending []string
	for _, a := range c.analytes() {
		switch a.res.state {
		case analytePending:
			pending = append(pending, a.name)
		case analyteNeverSeen:
			none = append(none, a.name)
		}
	}
	var parts []string
	for _, p := range pending {
		parts = append(parts, words.Say("iron.missing.pending", "analytes", p))
	}
	if len(none) > 0 {
		parts = append(parts, words.Say("iron.missing.none", "analytes", or(none)))
	}
	return words.Say("iron.missing", "what", strings.Join(parts, "; "))
}

func or(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return words.Say("list.or", "most", list[0], "last", list[1])
}

type namedAnalyte struct {
	name string
	res  *analyteResult
	age  labAge
}

func (c *ironCase) analytes() []namedAnalyte {
	return []namedAnalyte{{"ferritin", &c.panel.ferritin, c.ferritinAge}, {"TSAT", &c.panel.tsat, c.tsatAge}}
}

// knownBeside gives what is on record for the other analyte when one is missing or unusable.
func (c *ironCase) knownBeside() string {
	var parts []string
	for _, a := range c.analytes() {
		if a.res.state == analyteUsable || a.res.state == analyteUnusable && a.res.shown != nil {
			parts = append(parts, c.value(a.name, a.res.shown))
		} else if a.res.state == analyteUnusable && c.eitherMissing() {
			parts = append(parts, c.blocked(a.name, a.res))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return words.Say("iron.known", "known", strings.Join(parts, "; "))
}

func (c *ironCase) eitherMissing() bool {
	return min(c.panel.ferritin.state, c.panel.tsat.state) <= analytePending
}

func (c *ironCase) whyUnusable() string {
	var parts []string
	for _, a := range c.analytes() {
		if a.res.state == analyteUnusable {
			parts = append(parts, c.blocked(a.name, a.res))
		}
	}
	return strings.Join(parts, "; ")
}

// old says which results are not recent, and against which limit.
func (c *ironCase) old(limit int) string {
	var parts []string
	key := "iron.stale"
	for _, a := range c.analytes() {
		if a.age == labCurrent {
			continue
		}
		if !a.res.newest.dated {
			key = "iron.stale.undated"
		}
		parts = append(parts, c.value(a.name, a.res.newest))
	}
	return words.Say(key, "days", strconv.Itoa(limit), "old", strings.Join(parts, "; "))
}

// lowSummary says what is low, against which limit, and gives the other value.
func (c *ironCase) lowSummary() string {
	var low, rest []string
	for _, a := range c.analytes() {
		if a.res.low {
			limit := limitWords(a.res.limit, a.res.shown.measure.Unit)
			low = append(low, words.Say("iron.low.limit", "value", c.value(a.name, a.res.shown), "limit", limit))
		} else {
			rest = append(rest, c.state(a.name, a.res))
		}
	}
	text := words.Say("iron.low", "low", strings.Join(low, "; "))
	if len(rest) > 0 {
		text = joinSentences(text, words.Say("iron.also", "rest", strings.Join(rest, "; ")))
	}
	return text
}

func limitWords(l measure.IronLimit, unit string) string {
	key := "iron.limit.below"
	if l.Inclusive {
		key = "iron.limit.at"
	}
	return words.Say(key, "limit", l.Value.String()+" "+measure.UnitWords(unit))
}

// fact gives the newest iron values to checks about something else.
func (c *ironCase) fact() string {
	var low, known []string
	for _, a := range c.analytes() {
		if a.res.shown == nil {
			continue
		}
		if a.res.low && c.panel.low() {
			low = append(low, c.value(a.name, a.res.shown))
		} else {
			known = append(known, c.value(a.name, a.res.shown))
		}
	}
	switch why := c.whyUnusable(); {
	case len(low) > 1:
		return words.Say("iron.fact.low.both", "values", words.And(low))
	case len(low) > 0:
		return words.Say("iron.fact.low", "values", words.And(low))
	case why != "":
		return words.Say("iron.fact.unknown", "why", why)
	case len(known) > 0:
		return words.Say("iron.fact.known", "values", words.And(known))
	}
	return words.Say("iron.fact.none")
}
