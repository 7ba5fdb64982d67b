package substance

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/exercise"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
)

// Answer is what a check says to a case.
type Answer struct {
	Case     *exercise.Case
	Findings []checks.Finding // for professionals
	Leaflets []checks.Finding // the same for patients
}

// Answers are a check's answers to every case, even empty ones, under the settings without their
// approvals.
func Answers(c checks.Check, s *checks.Settings) []Answer {
	return answersTo(c, s, exercise.Cases(), true)
}

func answersTo(c checks.Check, s *checks.Settings, cases []*exercise.Case, withLeaflets bool) []Answer {
	set := *s
	set.RequireApproved, set.Approvals = false, nil
	set.Checks = map[string]checks.CheckSetting{}
	off := false
	for _, other := range checks.Catalogue() {
		if other.ID == c.ID {
			set.Checks[c.ID] = checks.CheckSetting{Severity: s.Checks[c.ID].Severity}
		} else {
			set.Checks[other.ID] = checks.CheckSetting{Enabled: &off}
		}
	}
	leaflets := set
	set.Audience, leaflets.Audience = "", checks.ForPatients
	var all []Answer
	for _, one := range cases {
		st, err := checks.Exercised(one)
		if err != nil {
			continue // a test reads every case
		}
		a := Answer{Case: one, Findings: checks.Evaluate(&st, &set, one.AsOf)}
		if withLeaflets {
			a.Leaflets = checks.Evaluate(&st, &leaflets, one.AsOf)
		}
		all = append(all, a)
	}
	return all
}

// answers has one part for each file of cases: every word the check says to them.
func answers(c checks.Check, s *checks.Settings) []Part {
	lines := map[string][]string{}
	var files []string
	for _, a := range Answers(c, s) {
		if _, known := lines[a.Case.File]; !known {
			files = append(files, a.Case.File)
			lines[a.Case.File] = nil
		}
		for _, f := range append(a.Findings, a.Leaflets...) {
			lines[a.Case.File] = append(lines[a.Case.File], a.Case.Title+": "+said(&f))
		}
	}
	var parts []Part
	for _, file := range files {
		parts = append(parts, Part{"answers to " + file, sum(lines[file])})
	}
	var own []string
	for _, drug := range drugsOf(c) {
		for _, a := range answersTo(c, s, ordering(drug), false) {
			for _, f := range a.Findings {
				own = append(own, drug+" in "+a.Case.Name()+": "+said(&f))
			}
		}
	}
	return append(parts, Part{"answers with its own drugs", sum(own)})
}

// drugsOf lists the first drug of each class of a check.
func drugsOf(c checks.Check) []string {
	var names []string
	for _, class := range c.Classes {
		for _, drug := range drugs.All() {
			if drug.Class == class {
				names = append(names, drug.Name)
				break
			}
		}
	}
	return names
}

// ordering is all cases with their first order changed to a drug: most cases are about orders,
// dates and statuses that concern every check, but use the drug of one.
func ordering(drug string) []*exercise.Case {
	var all []*exercise.Case
	for _, one := range exercise.Cases() {
		i := slices.IndexFunc(one.Facts, func(f facts.Fact) bool { return f.Order != nil })
		if i < 0 {
			continue
		}
		order := *one.Facts[i].Order
		order.Drug, order.MedicationRef = facts.Drug{Names: []string{drug}}, ""
		other := *one
		other.Facts = slices.Clone(one.Facts)
		other.Facts[i].Order = &order
		all = append(all, &other)
	}
	return all
}

func said(f *checks.Finding) string {
	return fmt.Sprintf(
		"%s %s %v %v %s | %s | %s | %s | %s",
		f.Ingredient,
		f.Severity,
		f.Implicated,
		f.Evidence,
		f.Basis,
		f.Summary,
		f.Action,
		strings.Join(f.Alternatives, "; "),
		strings.Join(f.Counsel, " "),
	)
}
