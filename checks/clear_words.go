package checks

import (
	"slices"
	"strconv"
	"strings"

	"github.com/rlsguard/rlsguard/checks/clears"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/measure"
	"github.com/rlsguard/rlsguard/checks/terms/conditions"
	"github.com/rlsguard/rlsguard/checks/terms/labs"
	"github.com/rlsguard/rlsguard/checks/words"
)

// told adds the words to a change: what the record would say, never what somebody should do.
func (w *whatIf) told(c *clears.Change, f *Flag) clears.Change {
	out := *c
	out.Text = w.changeWords(c, f)
	if len(c.Opens) > 0 {
		out.Text = words.Say("clear.opens", "what", out.Text, "checks", words.And(c.Opens))
	}
	return out
}

func (w *whatIf) changeWords(c *clears.Change, f *Flag) string {
	drug := w.drugWords(c, f)
	switch c.Kind {
	case clears.Lab:
		return resultWords(c, f)
	case clears.Unit:
		date := c.From
		if date == "" {
			date = words.Say("iron.undated")
		}
		name := analyteName(c.Results[0].Analyte)
		return words.Say("clear.unit", "analyte", name, "date", date, "unit", measure.UnitWords(c.Value))
	case clears.Medication:
		return medicationWords(c)
	case clears.Dose:
		return words.Say("clear.dose", "drug", drug, "most", c.Dose.Value+" mg")
	case clears.Reason:
		for _, r := range reasonsOf[f.Check] {
			if r.Code == c.Value {
				return words.Say("clear.reason", "drug", drug, "reason", r.Display)
			}
		}
		return ""
	case clears.OrderEnd:
		return endWords(c, drug)
	case clears.Route:
		if drug == "" {
			drug = words.Say("clear.its-drug")
		}
		return words.Say("clear.route", "drug", drug)
	default:
		return w.diagnosisWords(c)
	}
}

// MoreClears tells a reader that some changes were not tried.
func MoreClears() string { return words.Say("clear.cut") }

// resultWords reads like "ferritin above 75 ng/mL with TSAT 20 % or more, drawn from 2026-10-26
// on".
func resultWords(c *clears.Change, f *Flag) string {
	var results []string
	for _, r := range c.Results {
		key := map[string]string{">": "clear.above", ">=": "clear.from", "": "clear.usable"}[r.Comparator]
		name, limit := r.Analyte, r.Value+" "+measure.UnitWords(r.Unit)
		if name == egfrTest.analyte { // labels dose by clearance, which serves as well
			name, limit = words.Say("clear.egfr"), r.Value+" mL/min"
		}
		results = append(results, words.Say(key, "analyte", name, "limit", limit))
	}
	together := results[0]
	if len(results) > 1 {
		together = words.Say("clear.with", "first", results[0], "second", results[1])
	}
	key := "clear.lab"
	switch {
	case c.From == "" && len(results) > 1:
		key = "clear.lab.any.together"
	case c.From == "":
		key = "clear.lab.any"
	}
	text := words.Say(key, "results", together, "date", c.From)
	if f.Check == checkIronStale || f.Check == checkIronUnchecked {
		text = words.Say("clear.recent", "what", text, "days", strconv.Itoa(c.Days))
	}
	return text
}

// drugWords names the drug, and the order too if there are several for it.
func (w *whatIf) drugWords(c *clears.Change, f *Flag) string {
	drug := words.And(strings.Split(c.Drug, ", "))
	if c.Drug == "" || len(c.Targets) != 1 {
		return drug
	}
	same := 0
	for i := range w.ev.orders {
		o := &w.ev.orders[i]
		_, behind := slices.BinarySearch(f.Implicated, o.ref)
		if behind && strings.Join(o.ingredients(), ", ") == c.Drug {
			same++
		}
	}
	if same < 2 {
		return drug
	}
	return words.Say("clear.of-several", "drug", drug, "ref", string(c.Targets[0]))
}

func endWords(c *clears.Change, drug string) string {
	one := len(c.Targets) == 1
	switch {
	case drug == "" && !one:
		return words.Say("clear.end.unnamed.all")
	case drug == "" && c.Value != "":
		return words.Say("clear.draft.unnamed", "ref", string(c.Targets[0]))
	case drug == "":
		return words.Say("clear.end.unnamed", "ref", string(c.Targets[0]))
	case c.Value != "":
		return words.Say("clear.draft", "drug", drug)
	case c.Days > 0:
		return words.Say("clear.end.tail", "drug", drug, "days", strconv.Itoa(c.Days))
	}
	return words.Say("clear.end", "drug", drug)
}

func medicationWords(c *clears.Change) string {
	if len(c.Targets) != 1 {
		return words.Say("clear.medication.all")
	}
	key := "clear.medication.named"
	if c.Targets[0].Type() == "Medication" {
		key = "clear.medication"
	}
	return words.Say(key, "ref", string(c.Targets[0]))
}

// diagnosisWords names RLS; other diagnoses by reference, since only their codes are kept.
func (w *whatIf) diagnosisWords(c *clears.Change) string {
	if len(c.Targets) != 1 {
		return words.Say("clear.diagnosis.all")
	}
	f := w.st.Find(c.Targets[0])
	rls := f.Kind == facts.KindCondition && w.ev.namesRLS(&f.Condition.Code) > conditions.CountsNo
	key := "clear.diagnosis.over"
	switch active := c.Value == diagnosisActive; {
	case rls && active:
		key = "clear.diagnosis.active.rls"
	case rls:
		key = "clear.diagnosis.over.rls"
	case active:
		key = "clear.diagnosis.active"
	}
	return words.Say(key, "ref", string(c.Targets[0]))
}

func analyteName(name string) string {
	switch name {
	case labs.TSAT.String():
		return tsatTest.analyte
	case labs.EGFR.String():
		return egfrTest.analyte
	}
	return name
}
