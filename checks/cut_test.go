package checks

import (
	"strings"
	"testing"
	"time"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/terms/labs"
	"github.com/rlsguard/rlsguard/checks/words"
)

func TestWordsOfACut(t *testing.T) {
	analyte := func(a labs.Analyte) Cut { return cutOf(place{groupResults, 1 + int(a)}) }
	conditions, orders := Cut(1<<groupConditions), Cut(1<<groupOrders)
	for _, c := range []struct {
		cut   Cut
		words string
		kinds string
	}{
		{0, "", ""},
		{conditions, "Only the newest 1,000 diagnoses are kept; older ones were left out.", "conditions"},
		{analyte(labs.Ferritin), "Only the newest 200 ferritin results are kept; older ones were left out.",
			"ferritin"},
		{analyte(labs.None), "Only the newest 200 results of unnamed tests are kept; older ones were left out.",
			"unnamed-results"},
		{orders | analyte(labs.TSAT) | analyte(labs.Weight),
			"Only the newest 2,000 orders, 200 transferrin saturation results and 200 body weight results are kept; " +
				"older ones were left out.", "orders transferrin-saturation body-weight"},
		// If marks were cut, fewer facts than the limit may remain.
		{cutOf(place{groupOrders, 0}).tidy(), "Only the newest orders are kept; older ones were left out.", "orders"},
		{(cutOf(place{groupResults, 0}) | analyte(labs.Weight)).tidy(),
			"Only the newest test results are kept; older ones were left out.", "results"},
		{CutEarlier, "Only the newest records are kept; older ones were left out.", "earlier"},
	} {
		if got := c.cut.Words(defaultFactLimits()); got != c.words {
			t.Errorf("%b: %q, want %q", c.cut, got, c.words)
		}
		if got := strings.Join(c.cut.Kinds(), " "); got != c.kinds {
			t.Errorf("%b: %q, want %q", c.cut, got, c.kinds)
		}
	}
}

// Stored bits keep their meaning.
func TestBitsOfPlacesStay(t *testing.T) {
	if labs.None != 0 || labs.Ferritin != 1 || labs.Weight != 14 || labs.PregnancyTestQuantitative != 17 {
		t.Error("the number of an analyte changed: stored places would be misread")
	}
	if placeMark != 1 || placeContent != 2 || groupConditions != 0 || groupOthers != 4 || cutMarks != 5 ||
		cutEarlier != 10 ||
		cutAnalytes != 16 {
		t.Error("a bit changed: stored states would be misread")
	}
}

// A flag says what was left out, and so does the last word on it; to a patient, without numbers.
func TestFlagsTellTheCut(t *testing.T) {
	s := parseScenarios(t, "# one\nrls confirmed\nrequest active \"mirtazapine 15 mg tablet\" 2026-10-14\ncut "+
		"ferritin")[0]
	const told = "Only the newest 200 ferritin results are kept; older ones were left out."
	set := DefaultSettings()
	flags := decide(&s.st, set, []byte("key"), "r", s.AsOf)
	s.st.Facts = nil
	flags = append(flags, decide(&s.st, set, []byte("key"), "r", s.AsOf)...)
	if len(flags) < 4 {
		t.Fatalf("%d transitions", len(flags))
	}
	for _, f := range flags {
		if !strings.HasSuffix(f.Summary, " "+told) {
			t.Errorf("%s %s: %s", f.Check, f.Change, f.Summary)
		}
	}
	s = parseScenarios(t, "# one\nrls confirmed\ncut ferritin")[0]
	set.Audience = ForPatients
	for _, f := range Evaluate(&s.st, set, s.AsOf) {
		if !strings.HasSuffix(f.Summary, words.Say("leaflet.cut")) {
			t.Error(f.Summary)
		}
	}
}

// A flag whose diagnosis or order was cut is not called refuted or stopped.
func TestReasonOfACutFlag(t *testing.T) {
	for name, c := range map[string]struct {
		cut  string
		gone string
		want Reason
	}{
		"diagnosis":             {"conditions", "Condition", reasonLeftOut},
		"order":                 {"orders", "Medication", reasonLeftOut},
		"diagnosis, orders cut": {"orders", "Condition", reasonRLSRefuted},
	} {
		s := parseScenarios(t, "# one\nrls confirmed\nlab ferritin 152 ng/mL 2026-10-24\nrequest active "+
			"\"mirtazapine 15 mg tablet\" 2026-10-14\ncut "+c.cut)[0]
		decide(&s.st, DefaultSettings(), []byte("key"), "r", s.AsOf)
		var left []facts.Fact
		for _, f := range s.st.Facts {
			if !strings.HasPrefix(string(f.Ref), c.gone) {
				left = append(left, f)
			}
		}
		s.st.Facts = left
		flags := decide(&s.st, DefaultSettings(), []byte("key"), "r", s.AsOf.Add(time.Hour))
		if len(flags) != 1 || flags[0].Reason != c.want {
			t.Errorf("%s: %+v, want %s", name, flags, c.want)
		}
	}
}

func TestFactLimitsAreValidated(t *testing.T) {
	set := DefaultSettings()
	set.Facts.Results = 9
	if err := set.Validate(); err == nil || err.Error() != "facts.results: 9 is below 10" {
		t.Error(err)
	}
}
