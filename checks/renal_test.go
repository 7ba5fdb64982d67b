package checks

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rlsguard/rlsguard/checks/decimal"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/checks/terms"
	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/checks/terms/conditions"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
)

// renalOf decides for one order of mg a day of a drug; "" is an unknown dose. The patient is a
// woman born in 1974.
func renalOf(t *testing.T, drug, mg string, change func(*renalInput), labs ...string) renalDecision {
	t.Helper()
	s, iron := defaultRenalSettings(), defaultIronSettings()
	order := doseOrder{Ref: "MedicationRequest/1", Order: &facts.Order{}, Ingredient: drug}
	if mg != "" {
		order.Order.Dosages = []facts.Dosage{{Dose: mgOf(mg), Timing: every(1, "1", "d")}}
	}
	in := renalInput{
		Settings:   &s,
		Birth:      labTime(t, "1974-05-14"),
		Sex:        facts.Female,
		Ingredient: drug,
		Orders:     []doseOrder{order},
		Labs:       readLabs(labState(t, labs...), terms.Embedded(), time.UTC, &iron, labAsOf),
	}
	if change != nil {
		change(&in)
	}
	return renalFinding(in)
}

func TestRenalMaxima(t *testing.T) {
	maxima := map[string][4]string{
		"gabapentin": {"3600", "1400", "700", "300"}, "pregabalin": {"600", "300", "150", "75"},
		"gabapentin enacarbil": {"600", "600", "300", "150"}, "mirogabalin": {"30", "15", "7.5", "7.5"},
	}
	bands := map[string]int{"90": 0, "60": 0, "59.999": 1, "45": 1, "30.001": 1, "30": 2, "15.001": 2, "15": 3, "5": 3}
	for drug, row := range maxima {
		for egfr, band := range bands {
			lab := "98979-8 " + egfr + " mL/min/{1.73_m2} 2026-10-24"
			most := row[band]
			if drug == "gabapentin" && egfr == "5" {
				most = "100" // in proportion below 15 mL/min
			}
			if d := renalOf(t, drug, most, nil, lab); d.Severity != None || !d.Within {
				t.Errorf("%s %s mg at %s: %s", drug, most, egfr, d.Severity)
			}
			if d := renalOf(t, drug, most+".1", nil, lab); !strings.Contains(most, ".") && d.Severity != Moderate {
				t.Errorf("%s %s.1 mg at %s: %s", drug, row[band], egfr, d.Severity)
			}
			want := None
			if egfr == "15.001" || band == 3 {
				want = Low
			}
			if d := renalOf(t, drug, "", nil, lab); d.Severity != want || d.Within {
				t.Errorf("%s, dose unknown, at %s: %s", drug, egfr, d.Severity)
			}
		}
	}
	for drug := range defaultRenalSettings().Maxima {
		if _, ok := drugs.Find(drug); !ok || maxima[drug] == [4]string{} {
			t.Errorf("%s has a maximum but is not in ingredients.tsv, or has no test", drug)
		}
	}
}

func TestKidneyFunction(t *testing.T) {
	const egfr45, weight = "98979-8 45 mL/min/{1.73_m2} 2026-10-24", "29463-7 60 kg 2026-09-01"
	man := func(in *renalInput) { in.Sex = facts.Male }
	dialysis := func(in *renalInput) { in.Dialysis = true }
	ckd := func(in *renalInput) { in.CKD = true }
	for _, c := range []struct {
		name   string
		change func(*renalInput)
		labs   []string
		want   string // part of Known
		over   bool   // pregabalin 450 mg is too much
	}{
		{"nothing", nil, nil, "kidney function is not known", false},
		{"eGFR", nil, []string{egfr45}, "eGFR 45 mL/min/1.73 m², 2026-10-24, an approximation", true},
		{"eGFR above 60", nil, []string{"33914-3 >60 mL/min/{1.73_m2} 2026-10-24"}, "eGFR > 60", false},
		{"eGFR below 60", nil, []string{"33914-3 <60 mL/min/{1.73_m2} 2026-10-24"}, "eGFR < 60", true},
		{"eGFR above 30 says little", nil, []string{"33914-3 >30 mL/min/{1.73_m2} 2026-10-24"},
			"which spans the limit", false},
		// (140 - 52) x 60 x 0.85 / (72 x 1.5) = 41.55
		{"Cockcroft-Gault", nil, []string{"2160-0 1.5 mg/dL 2026-10-24", weight},
			"creatinine clearance 41.5 mL/min by Cockcroft-Gault", true},
		{"Cockcroft-Gault, man", man, []string{"2160-0 1.5 mg/dL 2026-10-24", weight},
			"creatinine clearance 48.8 mL/min", true},
		{"Cockcroft-Gault, umol/L", nil, []string{"14682-9 132.626 umol/L 2026-10-24", weight},
			"creatinine clearance 41.5 mL/min", true},
		{"age on the day of the creatinine", nil, []string{"2160-0 1.5 mg/dL 2026-05-13", weight},
			"creatinine clearance 42 mL/min", true},
		{"no weight: eGFR", nil, []string{"2160-0 1.5 mg/dL 2026-10-24", egfr45}, "eGFR 45", true},
		{"no weight, no eGFR", nil, []string{"2160-0 1.5 mg/dL 2026-10-24"},
			"eGFR 41.6 mL/min per 1.73 m² by CKD-EPI 2021 (creatinine 1.5 mg/dL", true},
		{"weight too old", nil, []string{"2160-0 1.5 mg/dL 2026-10-24", "29463-7 60 kg 2025-10-23"}, "by CKD-EPI 2021",
			true},
		{"sex unknown", func(in *renalInput) { in.Sex = facts.SexUnknown }, []string{"2160-0 1.5 mg/dL 2026-10-24",
			weight}, "not known", false},
		{"birth date unknown", func(in *renalInput) { in.Birth = moment.Time{} },
			[]string{"2160-0 1.5 mg/dL 2026-10-24", weight}, "not known", false},
		{"child", func(in *renalInput) { in.Birth = labTime(t, "2012-01-01") }, []string{"2160-0 1.5 mg/dL 2026-10-24",
			weight}, "not known", false},
		{"Cockcroft-Gault before eGFR of the day", nil, []string{"2160-0 1.5 mg/dL 2026-10-24", weight,
			"98979-8 80 mL/min/{1.73_m2} 2026-10-24"}, "41.5 mL/min", true},
		{"clearance of the day first", nil, []string{"2164-2 80 mL/min 2026-10-24", egfr45},
			"creatinine clearance 80 mL/min, 2026", false},
		{"newer eGFR decides", nil, []string{"2164-2 80 mL/min 2026-03-01", egfr45}, "eGFR 45", true},
		{"365 days", nil, []string{"98979-8 45 mL/min/{1.73_m2} 2025-11-23"}, "eGFR 45", true},
		{"366 days", nil, []string{"98979-8 45 mL/min/{1.73_m2} 2025-11-22"}, "not known", false},
		{"90 days in kidney disease", ckd, []string{"98979-8 45 mL/min/{1.73_m2} 2026-08-25"}, "eGFR 45", true},
		{"91 days in kidney disease", ckd, []string{"98979-8 45 mL/min/{1.73_m2} 2026-08-24"}, "not known", false},
		{"no date", nil, []string{"98979-8 45 mL/min/{1.73_m2} -"}, "eGFR 45 mL/min/1.73 m², without a date", true},
		{"no date in kidney disease", ckd, []string{"98979-8 45 mL/min/{1.73_m2} -"}, "not known", false},
		{"no date is never newer", nil, []string{"98979-8 45 mL/min/{1.73_m2} -", "2164-2 80 mL/min 2026-03-01"},
			"creatinine clearance 80", false},
		{"creatinine as a bound", nil, []string{"2160-0 <1.5 mg/dL 2026-10-24", weight}, "not known", false},
		{"preliminary", nil, []string{"98979-8 45 mL/min/{1.73_m2} 2026-10-24 preliminary"},
			"eGFR 45 mL/min/1.73 m², preliminary", true},
		{"preliminary and normal", nil, []string{"98979-8 88 mL/min/{1.73_m2} 2026-10-24 preliminary"},
			"a preliminary result, which cannot clear", false},
		{"no unit", nil, []string{"98979-8 45 - 2026-10-24"}, "not known", false},
		{"dialysis", dialysis, []string{egfr45, "2160-0 6 mg/dL 2026-10-24", weight},
			"dialysis is on record and no clearance", false},
		{"dialysis by a result", nil, []string{egfr45, "51619-5 6 mg/dL 2026-10-24"}, "dialysis is on record", false},
		{"dialysis with a clearance", dialysis, []string{egfr45, "2164-2 8 mL/min 2026-10-24"},
			"creatinine clearance 8 mL/min", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := renalOf(t, "pregabalin", "450", c.change, c.labs...)
			if text := d.Summary + d.Known; !strings.Contains(text, c.want) || (d.Severity == Moderate) != c.over {
				t.Errorf("%s %q, want %q over %v", d.Severity, text, c.want, c.over)
			}
			if w := ordersAnEnd.FindString(d.Summary + " " + d.Action); w != "" {
				t.Errorf("%q in %q", w, d.Summary+d.Action)
			}
			if (len(d.Evidence) > 0) != (d.Severity != None) {
				t.Errorf("evidence %v with severity %s", d.Evidence, d.Severity)
			}
		})
	}
}

func TestRenalDecision(t *testing.T) {
	const egfr45 = "98979-8 45 mL/min/{1.73_m2} 2026-10-24"
	d := renalOf(t, "pregabalin", "450", nil, egfr45)
	for _, want := range []string{"Pregabalin 450 mg a day is above the maximum of 300 mg a day",
		"a clearance of 30 to 60 mL/min"} {
		if !strings.Contains(d.Summary, want) {
			t.Errorf("%q is not in %q", want, d.Summary)
		}
	}
	if !slices.Equal(d.Evidence, []facts.Ref{"Observation/a"}) ||
		!slices.Equal(d.Basis, []string{"dose=450 mg a day", "band=above 30 and below 60 mL/min"}) {
		t.Errorf("evidence %v, basis %v", d.Evidence, d.Basis)
	}
	if want := time.Date(2027, 10, 25, 0, 0, 0, 0, time.UTC); !d.Next.Equal(want) {
		t.Errorf("next %s, want %s", d.Next, want)
	}
	// The known part is already too much, whatever the unreadable dosage adds.
	two := func(in *renalInput) {
		in.Orders = append(
			in.Orders,
			doseOrder{Ref: "MedicationRequest/2", Order: &facts.Order{}, Ingredient: "pregabalin"},
		)
	}
	if d := renalOf(t, "pregabalin", "450", two, egfr45); d.Severity != Moderate ||
		!strings.Contains(d.Summary, "at least 450 mg") {
		t.Errorf("known part alone is too much: %s %q", d.Severity, d.Summary)
	}
	if d := renalOf(t, "pregabalin", "150", two, egfr45); d.Severity != None || d.Within {
		t.Errorf("unknown part at 45 mL/min: %s", d.Severity)
	}
	if d := renalOf(t, "pregabalin", "75", two, "98979-8 29.9 mL/min/{1.73_m2} 2026-10-24"); d.Severity != Low {
		t.Errorf("unknown part below 30 mL/min: %s", d.Severity)
	}
	if d := renalOf(t, "crisugabalin", "450", nil, egfr45); d.Severity != None || d.Within {
		t.Errorf("a drug without a maximum: %+v", d)
	}
	if d := renalOf(t, "gabapentin enacarbil", "300",
		func(in *renalInput) { in.Orders[0].Order.Dosages[0].Timing = every(1, "2", "d") },
		"98979-8 10 mL/min/{1.73_m2} 2026-10-24"); d.Severity != None {
		t.Errorf("300 mg every other day: %s %s", d.Severity, d.Summary)
	}
}

func TestRenalSettings(t *testing.T) {
	s := defaultRenalSettings()
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*renalSettings){
		"must rise":                  func(s *renalSettings) { s.Moderate = decimal.Of("70") },
		"renal.creatinine_days is 0": func(s *renalSettings) { s.CreatinineDays = 0 },
		"renal.maxima.x has no source": func(s *renalSettings) {
			s.Maxima["x"] = RenalMaximum{Normal: decimal.Of("1"), Moderate: decimal.Of("1"), Severe: decimal.Of("1"),
				Failure: decimal.Of("1")}
		},
		"renal.maxima.x must not rise": func(s *renalSettings) {
			s.Maxima["x"] = RenalMaximum{Normal: decimal.Of("1"), Moderate: decimal.Of("1"), Severe: decimal.Of("1"),
				Failure: decimal.Of("2"), Source: "label"}
		},
		"renal.maxima.x is 0, but must be": func(s *renalSettings) {
			s.Maxima["x"] = RenalMaximum{Normal: decimal.Of("1"), Source: "label"}
		},
		"renal.normal_from is 201, but must be": func(s *renalSettings) { s.Normal = decimal.Of("201") },
	} {
		s := defaultRenalSettings()
		change(&s)
		if err := s.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}

// The label differs by country and by coded reason.
func TestRenalVariants(t *testing.T) {
	egfr := func(v string) string { return "98979-8 " + v + " mL/min/{1.73_m2} 2026-10-24" }
	japan := func(in *renalInput) { in.Region = "JP" }
	zoster := func(in *renalInput) { in.Reasons = []string{postherpetic} }
	for _, c := range []struct {
		mg, egfr string
		change   func(*renalInput)
		want     Severity
	}{
		{"600", "60", japan, None}, {"601", "60", japan, Moderate}, {"301", "59", japan, Moderate},
		{"300", "59", japan, None},
		{"300", "30", japan, None}, {"300", "29.9", japan, Moderate}, {"", "29.9", japan, Moderate},
		{"1", "10", japan, Moderate}, {"", "45", japan, None},
		{"1200", "90", zoster, None}, {"1201", "90", zoster, Moderate}, {"1200", "45", zoster, None},
		{"601", "30", zoster, Moderate}, {"300", "15", zoster, None},
		{"601", "90", nil, Moderate}, {"300", "30", nil, None},
	} {
		if d := renalOf(t, "gabapentin enacarbil", c.mg, c.change, egfr(c.egfr)); d.Severity != c.want {
			t.Errorf("%q mg at %s: %s, want %s: %s", c.mg, c.egfr, d.Severity, c.want, d.Summary)
		}
	}
}

func TestDialysisCodes(t *testing.T) {
	for c, want := range map[codes.Coding]bool{
		{System: codes.SNOMED, Code: "236435004"}: true, {System: codes.ICD10CM, Code: "Z99.2"}: true,
		{System: codes.ICD10GM, Code: "Z992"}: true,
		{System: codes.ICD10, Code: "Z49.1"}:  true, {System: codes.ICD9CM, Code: "V56.0"}: true,
		{System: codes.ICD9CM, Code: "V4511"}:     true,
		{System: codes.SNOMED, Code: "236434000"}: false, {System: codes.ICD10CM, Code: "N18.6"}: false,
		{System: "http://local", Code: "Z99.2"}: false,
	} {
		if row, ok := conditions.Find(c); want != (ok && row.Group == "context_dialysis") {
			t.Errorf("%v: %v", c, row)
		}
	}
}
