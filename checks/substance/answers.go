package substance

import (
	"fmt"
	"strings"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/exercise"
)

// Answer is what a check says to a case.
type Answer struct {
	Case     *exercise.Case
	Findings []checks.Finding // for professionals
	Leaflets []checks.Finding // the same for patients
}

// Answers are those of a check to every case, under the settings but for their approvals; cases to
// which it says nothing too.
func Answers(c checks.Check, s *checks.Settings) []Answer {
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
	for _, one := range exercise.Cases() {
		st, err := checks.Exercised(one)
		if err != nil {
			continue // a test reads every case
		}
		all = append(all, Answer{
			Case: one, Findings: checks.Evaluate(&st, &set, one.AsOf), Leaflets: checks.Evaluate(&st, &leaflets, one.AsOf),
		})
	}
	return all
}

// answers are a part for each file of cases: every word that the check says to them.
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
	return parts
}

// said is all that a finding says.
func said(f *checks.Finding) string {
	return fmt.Sprintf("%s %s %v %v %s | %s | %s | %s | %s", f.Ingredient, f.Severity, f.Implicated, f.Evidence, f.Basis,
		f.Summary, f.Action, strings.Join(f.Alternatives, "; "), strings.Join(f.Counsel, " "))
}
