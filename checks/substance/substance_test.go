package substance

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/terms/data"
	"github.com/rlsguard/rlsguard/checks/words"
)

func check(t *testing.T, id string) checks.Check {
	t.Helper()
	i := slices.IndexFunc(checks.Catalogue(), func(c checks.Check) bool { return c.ID == id })
	if i < 0 {
		t.Fatalf("no check %s", id)
	}
	return checks.Catalogue()[i]
}

// rowsOfAll are the parts of all checks that are table rows.
func rowsOfAll(s *checks.Settings) map[string][]Part {
	by := map[string][]Part{}
	for _, c := range checks.Catalogue() {
		by[c.ID] = tables(c, s)
	}
	return by
}

func TestTheSameSettingsHaveOneSubstance(t *testing.T) {
	before, approved := checks.DefaultSettings(), checks.DefaultSettings()
	approved.RequireApproved = true
	approved.Approvals = map[string]checks.Rule{"rls-ssri": {Status: checks.RuleVoid}}
	for _, id := range []string{"rls-ssri", "iron-low"} {
		if diff := cmp.Diff(Of(check(t, id), before), Of(check(t, id), approved)); diff != "" {
			t.Errorf("approvals change what is approved of %s:\n%s", id, diff)
		}
	}
}

// A table row voids the rules that read it, and no others.
func TestARowIsAPartOfTheRulesThatReadIt(t *testing.T) {
	was := rowsOfAll(checks.DefaultSettings())
	for _, c := range []struct {
		table     *string
		row, part string
		in, notIn []string
	}{
		{&data.Names, "zoloft", "table names.tsv", []string{"rls-ssri"}, []string{"rls-lithium", "iron-low"}},
		{&data.Ingredients, "oxycodone", "table ingredients.tsv", []string{"gabapentinoid-respiratory-depression"},
			[]string{"rls-ssri"}},
		{&data.Ingredients, "haloperidol", "table ingredients.tsv", []string{"rls-antipsychotic",
			"dopamine-agonist-antagonist"}, []string{"iron-low"}},
		{&data.Labs, "2276-4", "table labs.tsv", []string{"iron-low", "dopamine-agonist-augmentation"},
			[]string{"rls-ssri"}},
		{&data.Conditions, "http", "table rls_conditions.tsv", []string{"rls-ssri", "iron-low"}, nil},
	} {
		old := *c.table
		i := strings.Index(old, "\n"+c.row)
		if i < 0 {
			t.Fatalf("no row %s", c.row)
		}
		end := i + 1 + strings.IndexByte(old[i+1:], '\n')
		*c.table = old[:end] + " edited" + old[end:]
		is := rowsOfAll(checks.DefaultSettings())
		*c.table = old
		for _, id := range c.in {
			if !slices.Contains(Changed(was[id], is[id]), c.part) {
				t.Errorf("%s: the row %s is no part of it", id, c.row)
			}
		}
		for _, id := range c.notIn {
			if changed := Changed(was[id], is[id]); len(changed) > 0 {
				t.Errorf("%s changes with the row %s: %q", id, c.row, changed)
			}
		}
	}
}

// Every text of a flag is part of one rule or of all.
func TestEveryTextIsAPart(t *testing.T) {
	for key := range words.All() {
		owners, others := 0, 0
		for _, c := range checks.Catalogue() {
			mine, other := belongs(key, c)
			if mine {
				owners++
			}
			if other {
				others++
			}
		}
		if owners == 0 && others > 0 {
			t.Errorf("%s is a part of no rule", key)
		}
	}
	for key, want := range map[string][]string{
		"effect.ssri":  {"rls-ssri"},
		"pair.action":  {"gabapentinoid-respiratory-depression"},
		"renal.action": {"gabapentinoid-renal-dose"},
		"iron.no-delay": {"dopamine-agonist-augmentation", "iron-labs-missing", "iron-labs-stale",
			"iron-labs-unusable", "iron-low", "rls-iron-unchecked"},
		"leaflet.pair.hey": {"gabapentinoid-respiratory-depression"},
	} {
		var got []string
		for _, c := range checks.Catalogue() {
			if mine, _ := belongs(key, c); mine {
				got = append(got, c.ID)
			}
		}
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", key, diff)
		}
	}
}

// Each rule answers to cases, so that a change of its logic shows.
func TestEveryRuleIsExercised(t *testing.T) {
	s := checks.DefaultSettings()
	for _, c := range checks.Catalogue() {
		fires := 0
		for _, a := range Answers(c, s) {
			fires += len(a.Findings)
			if len(a.Findings) != len(a.Leaflets) {
				t.Errorf("%s: %s has %d flags and %d leaflets", c.ID, a.Case.Name(), len(a.Findings), len(a.Leaflets))
			}
			for _, f := range a.Findings {
				if f.Check != c.ID {
					t.Errorf("%s answers as %s", c.ID, f.Check)
				}
			}
		}
		if fires == 0 {
			t.Errorf("no case makes %s open a flag", c.ID)
		}
	}
}

func TestChanged(t *testing.T) {
	was := []Part{{"a", "1"}, {"b", "2"}, {"c", "3"}}
	is := []Part{{"a", "1"}, {"b", "4"}, {"d", "3"}}
	if diff := cmp.Diff([]string{"b", "d", "c"}, Changed(was, is)); diff != "" {
		t.Error(diff)
	}
	if Hash(was) == Hash(is) || Hash(was) != Hash(slices.Clone(was)) {
		t.Error("hashes do not follow the parts")
	}
	if parts := Of(check(t, "rls-ssri"), checks.DefaultSettings()); len(
		slices.Collect(maps.Keys(byName(parts))),
	) != len(
		parts,
	) {
		t.Error("two parts have one name")
	}
}

func byName(parts []Part) map[string]string {
	by := map[string]string{}
	for _, p := range parts {
		by[p.Name] = p.Value
	}
	return by
}
