package cases

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/silence"
	"github.com/rlsguard/rlsguard/checks/terms"
	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/checks/terms/conditions"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
	"github.com/rlsguard/rlsguard/checks/terms/labs"
)

// Coverage is what cases reached and missed.
type Coverage struct {
	Checks   Reached `json:"checks"`
	Silences Reached `json:"silences"`
	Limits   []Limit `json:"limits"`
	// Rows of the tables that decide: ingredients, diagnoses, laboratory codes; and the tables in
	// which drugs were found.
	Rows []Reached `json:"rows"`
}

// Reached counts, for a closed list, by how many cases each entry was reached.
type Reached struct {
	What string         `json:"what"`
	By   map[string]int `json:"by"`
	Not  []string       `json:"not"`
}

// Text counts in words.
func (r *Reached) Text() string {
	return fmt.Sprintf("%s: %d of %d", r.What, len(r.By), len(r.By)+len(r.Not))
}

// CoverageOf examines what cases gave. Limits are moved one by one, in each case's own settings, to
// see whether a case notices.
func CoverageOf(results []Result) Coverage {
	tables := terms.Embedded()
	c := Coverage{
		Checks: newReached("checks"), Silences: newReached("reasons of silence"),
		Rows: []Reached{
			newReached("ingredients"),
			newReached("diagnosis codes"),
			newReached("laboratory codes"),
			newReached("drug tables"),
		},
	}
	for i := range results {
		if g := results[i].Got; g != nil && g.known != nil {
			c.add(g)
		}
	}
	var ids, reasons, ingredients, diagnoses []string
	for _, check := range checks.Catalogue() {
		ids = append(ids, check.ID)
	}
	for _, r := range silence.Reasons() {
		reasons = append(reasons, string(r))
	}
	for _, in := range drugs.All() {
		ingredients = append(ingredients, in.Name)
	}
	for _, code := range conditions.Codes() {
		diagnoses = append(diagnoses, codeText(code))
	}
	c.Checks.rest(ids)
	c.Silences.rest(reasons)
	for i, all := range [][]string{ingredients, diagnoses, labs.Codes(), tables.DrugTables()} {
		c.Rows[i].rest(all)
	}
	c.Limits = limitsOf(results)
	return c
}

func newReached(what string) Reached {
	return Reached{What: what, By: map[string]int{}, Not: []string{}}
}

// rest notes the entries of all that were missed.
func (r *Reached) rest(all []string) {
	for _, name := range all {
		if r.By[name] == 0 {
			r.Not = append(r.Not, name)
		}
	}
	slices.Sort(r.Not)
}

// add counts one case, each thing once.
func (c *Coverage) add(g *Got) {
	seen := map[string]bool{}
	reach := func(r *Reached, name string) {
		if key := r.What + "|" + name; name != "" && !seen[key] {
			seen[key] = true
			r.By[name]++
		}
	}
	for _, f := range g.Flags {
		reach(&c.Checks, f.Check)
	}
	set := g.rules.Engine.Settings
	for _, p := range g.known.Patients() {
		st := g.known.State(p)
		for _, s := range checks.Explain(st, set, g.AsOf) {
			reach(&c.Silences, string(s.Reason))
		}
		for i := range st.Facts {
			c.rows(set, &st.Facts[i], reach)
		}
	}
}

// rows counts the table rows a fact is about.
func (c *Coverage) rows(set *checks.Settings, f *facts.Fact, reach func(*Reached, string)) {
	t := set.Terms
	if t == nil {
		t = terms.Embedded()
	}
	drug := func(codings []codes.Coding, names []string) {
		m := t.Classify(codings, names)
		for _, found := range m.Found {
			reach(&c.Rows[0], found.Name)
		}
		if slices.Contains(t.DrugTables(), m.Table) {
			reach(&c.Rows[3], m.Table)
		}
	}
	switch f.Kind {
	case facts.KindOrder:
		drugOf(&f.Order.Drug, drug)
	case facts.KindMedication:
		drugOf(f.Medication, drug)
	case facts.KindCondition:
		for _, coding := range f.Condition.Code.Codings {
			if code, ok := conditions.Listed(coding); ok {
				reach(&c.Rows[1], codeText(code))
			}
		}
	case facts.KindLab:
		for _, code := range f.Lab.Loincs {
			reach(&c.Rows[2], code)
		}
		for _, component := range f.Lab.Components {
			for _, code := range component.Loincs {
				reach(&c.Rows[2], code)
			}
		}
	}
}

func drugOf(d *facts.Drug, classify func([]codes.Coding, []string)) {
	classify(d.Codings, d.Names)
	for i := range d.Parts {
		classify(d.Parts[i].Codings, d.Parts[i].Names)
	}
}

func codeText(c codes.Coding) string {
	return c.System[strings.LastIndexByte(c.System, '/')+1:] + " " + c.Code
}
