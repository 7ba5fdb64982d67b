package terms

import (
	"slices"
	"strings"
	"testing"

	"github.com/rlsguard/rlsguard/checks/terms/data"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
	"github.com/rlsguard/rlsguard/checks/terms/names"
)

// The column others holds what the code makes of it, and a note that says it in words.
func TestOtherMeaningsAreWellFormed(t *testing.T) {
	for line := range data.Rows(data.Names) {
		note, others := data.Field(line, 5), data.Field(line, 6)
		reused := strings.Contains(note, "brand_reused: ") ||
			data.Field(line, 3) == "abbreviation" && strings.Contains(note, "ambiguous: ")
		if reused != (others != "") {
			t.Errorf("%s: others %q, note %q", data.Field(line, 1), others, note)
		}
		for meaning := range data.Values(others) {
			for part := range strings.SplitSeq(meaning, "+") {
				if drugs.Named(part) == nil && !slices.Contains([]string{names.OtherDrug, names.NoDrug}, part) {
					t.Errorf("%s: %q is no meaning", data.Field(line, 1), part)
				}
			}
		}
	}
}

func TestNamesWithSeveralMeanings(t *testing.T) {
	inUK, err := New(Options{Region: "GB"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ text, want, doubt string }{
		{"Sominex", "promethazine", "unsure"}, // diphenhydramine in the US: both sedating antihistamines
		{"Sominex (diphenhydramine)", "diphenhydramine", ""},
		{"Unisom SleepTabs", "doxylamine", "unsure"},
		{"Phensedyl", "chlorpheniramine + codeine", "unsure"}, // promethazine with codeine
		{"Neupax", "fluoxetine", "doubt"},                     // alprazolam in Mexico
		{"Benadryl", "diphenhydramine", "doubt"},              // cetirizine in the UK
		{"Fluviral", "chlorpheniramine", "doubt"},
		{"Fluviral influenza vaccine", "", ""},
		{"Dormicum 7,5 mg", "midazolam 7.5", ""},
		{"MCP", "metoclopramide", "doubt"},
		{"MCP 10 mg", "metoclopramide 10", ""},
		{"MCP-ratiopharm", "metoclopramide", ""},
		{"MCP Tabletten", "metoclopramide", ""},
		{"DPH 100 mg", "diphenhydramine 100", "doubt"}, // phenytoin comes in the same strengths
		{"patrol", "", ""},
		{"neighbourhood patrol", "", ""},
		{"Patrol 50 mg", "tramadol 50", ""},
		{"Solpadeine Headache soluble tablets", "", ""},
		{"Solpadeine Max", "codeine", ""},
		{"sennosides 8.6 MG Oral Tablet [Senexon]", "", ""},
		{"Senexon", "venlafaxine", "doubt"},
	} {
		m := Embedded().Classify(nil, []string{c.text})
		doubt := ""
		for _, f := range m.Found {
			switch {
			case f.Doubt != "":
				doubt = "doubt"
			case f.Unsure != "":
				doubt = "unsure"
			}
		}
		if got := strings.ReplaceAll(drugsIn(m), " (?)", ""); got != c.want || doubt != c.doubt {
			t.Errorf("%s: %q %s, want %q %s", c.text, got, doubt, c.want, c.doubt)
		}
	}
	if m := inUK.Classify(nil, []string{"Sominex"}); m.Found[0].Unsure != "" {
		t.Error("in the UK Sominex is promethazine")
	}
}
