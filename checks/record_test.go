package checks

import (
	"slices"
	"strings"
	"testing"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/record"
)

// The record agrees with the flags in every scenario: each order once, and whether it counts; a low
// value wherever iron is flagged as low; how RLS counts.
func TestRecordAgreesWithFlags(t *testing.T) {
	eachScenario(t, func(s *scenario) { t.Run(s.Name(), func(t *testing.T) { recordAgrees(t, s) }) })
}

func recordAgrees(t *testing.T, s *scenario) {
	set := DefaultSettings()
	r := RecordOf(&s.st, set, s.AsOf)
	findings := Evaluate(&s.st, set, s.AsOf)
	orders := 0
	for i := range s.st.Facts {
		if s.st.Facts[i].Kind == facts.KindOrder {
			orders++
		}
	}
	if len(r.Orders) != orders {
		t.Errorf("%d orders of %d", len(r.Orders), orders)
	}
	counts := map[facts.Ref]bool{}
	for _, o := range r.Orders {
		counts[o.Ref] = o.Counts
		if o.Counts == (o.Why != "") {
			t.Errorf("%s counts: %v, and why not: %q", o.Ref, o.Counts, o.Why)
		}
	}
	for _, f := range findings {
		if f.RLS.String() != r.RLS.Status {
			t.Errorf("RLS is %s in %s and %s on record", f.RLS, f.Check, r.RLS.Status)
		}
		for _, ref := range f.Implicated {
			if !counts[ref] {
				t.Errorf("%s is behind %s and does not count", ref, f.Check)
			}
		}
		if f.Check == checkIronLow && !beyond(&r, f.Evidence) {
			t.Errorf("iron is low, and no result of %v is beyond a limit", f.Evidence)
		}
	}
	for _, series := range r.Results {
		for _, p := range series.Points {
			if p.Usable && p.Value == "" || !p.Usable && p.Why == "" {
				t.Errorf("%s: %+v", series.Analyte, p)
			}
		}
	}
}

// beyond reports whether a ferritin or TSAT among refs lies beyond its limit.
func beyond(r *record.Record, refs []facts.Ref) bool {
	for _, s := range r.Results {
		for _, p := range s.Points {
			if p.Beyond && (s.Analyte == "ferritin" || s.Analyte == "tsat") &&
				slices.ContainsFunc(p.Refs, func(ref facts.Ref) bool { return slices.Contains(refs, ref) }) {
				return true
			}
		}
	}
	return false
}

// A creatinine becomes a clearance with a weight, an eGFR without one, and neither without sex.
func TestRecordedKidneys(t *testing.T) {
	series := func(lines ...string) string {
		st := labState(t, lines...)
		st.Merge(facts.Fact{Ref: "Patient/1", Kind: facts.KindPatient, Person: &facts.Person{
			Birth: labTime(t, "1958-04-02"), Sex: facts.Female,
		}})
		var said []string
		for _, s := range RecordOf(st, DefaultSettings(), labAsOf).Results {
			for _, p := range s.Points {
				usable := "usable"
				if !p.Usable {
					usable = "not"
				}
				said = append(said, s.Analyte+" "+p.Value+" "+usable)
			}
		}
		return strings.Join(said, ", ")
	}
	for want, lines := range map[string][]string{
		"egfr 34.9 usable, creatinine 1.6 usable": {"2160-0 1.6 mg/dL 2026-11-01"},
		"clearance 38.2 usable, creatinine 1.6 usable, weight 72 usable": {
			"2160-0 1.6 mg/dL 2026-11-01", "29463-7 72 kg 2026-10-01",
		},
		"creatinine  not": {"2160-0 1.6 - 2026-11-01"},
		"egfr 44 usable, creatinine 1.6 usable": {
			"2160-0 1.6 mg/dL 2026-11-01", "98979-8 44 mL/min/{1.73_m2} 2026-11-01",
		},
	} {
		if got := series(lines...); got != want {
			t.Errorf("%v: %s instead of %s", lines, got, want)
		}
	}
}
