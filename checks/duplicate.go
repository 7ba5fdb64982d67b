package checks

import (
	"slices"
	"strconv"
	"strings"

	"github.com/rlsguard/rlsguard/checks/ahead"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/silence"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
	"github.com/rlsguard/rlsguard/checks/words"
)

func duplicateCheck() Check {
	return Check{
		ID: checkDuplicate, Title: "Two gabapentinoids at once",
		Severity: "moderate; low while the later one began less than 28 d ago (a switch)",
		Trigger:  "two different alpha2delta ingredients at once; independent of the RLS evidence",
		Citations: []Citation{
			{Source: "Labels (gabapentin, pregabalin)", Strength: "label; duplication lists", Review: rulePending},
		},
		Rule:       pending(1),
		Classes:    []drugs.Class{drugs.Alpha2Delta},
		WithoutRLS: true,
		Thresholds: func(s *Settings) []threshold {
			return append(
				[]threshold{convention("orders.switch_days", s.Orders.SwitchDays, "d")},
				orderThresholds(s)...)
		},
		run: (*evaluation).duplicates,
	}
}

// duplicates flags two gabapentinoids at once: one flag per patient, with the highest severity of
// the combinations.
func (ev *evaluation) duplicates(c Check) {
	groups := ev.byIngredient(func(x *exposure) bool { return x.Class == drugs.Alpha2Delta })
	if len(groups) < 2 {
		for _, group := range groups {
			ev.quiet(group[0].orderView, c.ID, group[0].Name, silence.NoSecond, "")
		}
		return
	}
	own := Moderate
	if ev.switching(groups) {
		own = Low
	}
	severity := None
	var names []string
	var all []*exposure
	var refs []facts.Ref
	for _, group := range groups {
		p := ev.pair(group, func(x *exposure) Severity {
			if x.Class != drugs.Alpha2Delta || x.Name == group[0].Name {
				return None
			}
			return ev.base(c, own)
		})
		severity = max(severity, p.severity)
		if p.severity > None {
			names, all, refs = append(names, group[0].Name), append(all, group...), append(refs, p.refs...)
		}
	}
	if severity == None {
		ev.quiet(groups[0][0].orderView, c.ID, groups[0][0].Name, silence.OnlyDrafts, "")
		return
	}
	f := Finding{Implicated: refs, Basis: "of=" + strings.Join(names, ",")}
	key := "duplicate.summary"
	if own == Low {
		key = "duplicate.switch"
	}
	f.Summary = joinSentences(
		words.Say(key, "drugs", words.And(names), "days", strconv.Itoa(ev.set.Orders.SwitchDays)),
		notes(all),
	)
	f.Action = words.Say("duplicate.action")
	ev.flag(c, severity, f, leaflet{About: "duplicate", Do: []string{"duplicate.do"}, Partners: names})
}

// switching reports whether the drug started last is so recent that it may be replacing the other;
// false if either has no date.
func (ev *evaluation) switching(groups [][]*exposure) bool {
	var last int64
	for _, group := range groups {
		name := group[0].Name
		taken := func(o *orderView) bool { return o.everTaken() && o.holds(name) }
		if !slices.ContainsFunc(group, func(x *exposure) bool { return !x.draft }) {
			taken = func(o *orderView) bool { return o.counts && o.holds(name) }
		}
		day, ok := ev.firstDay(taken, civilDayOf)
		if !ok {
			return false
		}
		last = max(last, day)
	}
	return ev.within(last, ev.set.Orders.SwitchDays-1, ahead.SwitchOver)
}
