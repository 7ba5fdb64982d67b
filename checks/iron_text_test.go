package checks

import (
	"strings"
	"testing"
	"time"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
)

// checkIronTexts checks every text against the wording rules.
func checkIronTexts(t *testing.T, d ironDecision) {
	t.Helper()
	for _, text := range []string{d.Summary, d.Action, d.Known} {
		if w := ordersAnEnd.FindString(text); w != "" {
			t.Errorf("%q in %q", w, text)
		}
		for _, bad := range []string{"not done", "days old", "  ", "..", "%!", "<nil>"} {
			if strings.Contains(strings.ToLower(text), bad) {
				t.Errorf("%q in %q", bad, text)
			}
		}
	}
	if (d.Check == "") != (d.Severity == None) || (d.Check == "") != (d.Summary == "") ||
		(d.Check == "") != (len(d.Basis) == 0) {
		t.Errorf("half a decision: %+v", d)
	}
}

func TestIronTexts(t *testing.T) {
	order := func(date string, iv bool) func(*ironInput) {
		return func(in *ironInput) {
			in.Orders = []ironOrder{
				{Ref: "MedicationRequest/fe", Date: labTime(t, date), IV: iv, Current: true, Replaces: true},
			}
		}
	}
	for _, c := range []struct {
		name   string
		change func(*ironInput)
		labs   []string
		has    []string
		lacks  []string
	}{
		{"low", nil, []string{"14723-1 160 pmol/L 2026-10-24", okTSAT},
			[]string{"ferritin 71.2 ng/mL, sent as 160 pmol/L (2026-10-24), limit 75 ng/mL", "TSAT 31 % (2026-10-24)",
				"by mouth (65 mg", "If there is no iron overload"}, []string{"at the limit", "stale"}},
		{"at the limit", nil, []string{"14723-1 170 pmol/L 2026-10-24", okTSAT}, []string{"at the limit"}, nil},
		{"very low", nil, []string{"2276-4 29 ng/mL 2026-10-24", okTSAT}, []string{"above all with ferritin below 30"},
			nil},
		{"missing names TSAT", nil, []string{okFerritin}, []string{"No TSAT received", "ferritin 152 ng/mL", "TIBC"},
			[]string{"no ferritin"}},
		{"pending", nil, []string{okFerritin, "2502-3 none - 2026-11-20 registered"}, []string{"TSAT is pending"}, nil},
		{"why unusable", nil, []string{"2276-4 152 - 2026-10-24", okTSAT},
			[]string{"ferritin (2026-10-24): unit not given"}, nil},
		{"straddles", nil, []string{"2276-4 <100 ng/mL 2026-10-24", okTSAT}, []string{"given only as < 100 ng/mL"},
			nil},
		{"calculation failed", nil, []string{okFerritin, "2498-4 60 - 2026-10-24", "2500-7 400 ug/dL 2026-10-24"},
			[]string{"TSAT to be calculated", "iron: unit not given"}, nil},
		{"stale", nil, []string{"2276-4 152 ng/mL 2025-11-22", okTSAT}, []string{"limit 365 days",
			"ferritin 152 ng/mL (2025-11-22)"}, nil},
		{"stale and low", nil, []string{"2276-4 20 ng/mL 2025-11-22", okTSAT},
			[]string{"is not recent (limit 365 days)", "(2025-11-22)", "was due on 2026-02-20"}, nil},
		{"no date", nil, []string{"2276-4 152 ng/mL -", okTSAT}, []string{"without a date"}, nil},
		{"infusion band", nil, []string{"2276-4 100 ng/mL 2026-10-24", "2502-3 12 % 2026-10-24"},
			[]string{"only intravenous iron"}, []string{"65 mg"}},
		{"above the band", nil, []string{"2276-4 100.1 ng/mL 2026-10-24", "2502-3 12 % 2026-10-24"},
			[]string{"refer rather than choose"}, []string{"65 mg", "only intravenous"}},
		{"ferritin missing", nil, []string{"2502-3 12 % 2026-10-24"}, []string{"Measure ferritin",
			"no ferritin received"}, []string{"65 mg"}},
		{"contradiction", nil, []string{"2276-4 20 ng/mL 2026-10-24", "2502-3 46 % 2026-10-24"},
			[]string{"contradictory"}, []string{"65 mg"}},
		{"at the ceiling", nil, []string{"2276-4 20 ng/mL 2026-10-24", "2502-3 45 % 2026-10-24"}, []string{"65 mg"},
			[]string{"contradictory"}},
		{"haemochromatosis", func(in *ironInput) { in.IronCaution = []facts.Ref{"Condition/h"} },
			[]string{"2276-4 20 ng/mL 2026-10-24", okTSAT}, []string{"no iron on the basis of this result",
				"Refer to the specialist"}, []string{"65 mg", "intravenous"}},
		{"child", func(in *ironInput) { in.Birth = labTime(t, "2014-03-02") }, []string{"2276-4 20 ng/mL 2026-10-24",
			"2502-3 12 % 2026-10-24"}, []string{"TSAT has no limit", "ferrous sulfate", "below 50 ng/mL"},
			[]string{"65 mg"}},
		{"dialysis", func(in *ironInput) { in.ESRD = []facts.Ref{"Condition/e"} },
			[]string{"2276-4 120 ng/mL 2026-10-24", "2502-3 12 % 2026-10-24"}, []string{"both must be low",
				"(sucrose)"}, []string{"65 mg"}},
		{"age not known", func(in *ironInput) { in.Birth = moment.Time{} }, []string{"2276-4 60 ng/mL 2026-10-24",
			okTSAT}, []string{"Age unknown", "would not be low"}, nil},
		{"age not known, low for both", func(in *ironInput) { in.Birth = moment.Time{} },
			[]string{"2276-4 40 ng/mL 2026-10-24", okTSAT}, []string{"would be low as well"}, nil},
		{"already on iron", order("2026-11-01", false), []string{"2276-4 20 ng/mL 2026-10-24", okTSAT},
			[]string{"Iron has been ordered since the draw (2026-11-01)", "A repeat is due on 2027-01-22"}, nil},
		{"after an infusion", order("2026-10-01", true), []string{"2276-4 152 ng/mL 2026-10-24",
			"2502-3 12 % 2026-10-24"}, []string{"less than 28 days after intravenous iron (2026-10-01)"}, nil},
		{"28 days after an infusion", order("2026-09-26", true), []string{"2276-4 152 ng/mL 2026-10-24",
			"2502-3 12 % 2026-10-24"}, nil, []string{"28 days after intravenous"}},
		{"infusion after the draw", order("2026-10-25", true), []string{"2276-4 152 ng/mL 2026-10-24",
			"2502-3 12 % 2026-10-24"}, nil, []string{"28 days after intravenous"}},
		{"infusion on the day of the draw", order("2026-10-24", true), []string{"2276-4 152 ng/mL 2026-10-24",
			"2502-3 12 % 2026-10-24"}, []string{"28 days after intravenous"}, nil},
		{"earlier low, then iron", order("2026-09-02", false), []string{"2276-4 70 ng/mL 2026-09-01", okFerritin}, nil,
			[]string{"An earlier one"}},
		{"earlier low, too long ago", nil, []string{"2276-4 70 ng/mL 2026-07-25", okFerritin}, nil,
			[]string{"An earlier one"}},
		{"inflammation", nil, []string{okFerritin, "2502-3 12 % 2026-10-24", "1988-5 10.1 mg/L 2026-10-31"},
			[]string{"C-reactive protein was raised (10.1 mg/L, 2026-10-31)"}, nil},
		{"no inflammation", nil, []string{okFerritin, "2502-3 12 % 2026-10-24", "1988-5 10 mg/L 2026-10-24",
			"1988-5 99 mg/L 2026-11-01"}, nil, []string{"C-reactive"}},
		{"near the limit", nil, []string{okFerritin, "2498-4 59 ug/dL 2026-10-24", "2500-7 300 ug/dL 2026-10-24"},
			[]string{"The calculated TSAT is near the limit", "TSAT 19.66 %"}, nil},
		{"assay", nil, []string{"2276-4 121 ng/mL 2026-10-24", "2502-3 12 % 2026-10-24"}, []string{"assay not stated"},
			nil},
		{"no assay note", nil, []string{"2276-4 121.1 ng/mL 2026-10-24", "2502-3 12 % 2026-10-24"}, nil,
			[]string{"assay not stated"}},
		{"earlier low", nil, []string{"2276-4 70 ng/mL 2026-09-01", okFerritin},
			[]string{"An earlier result was low: ferritin 70 ng/mL (2026-09-01)"}, nil},
		{"disagreement", nil, []string{okFerritin, "2502-3 17 % 2026-11-14T04:00:00Z",
			"2502-3 26 % 2026-11-14T08:00:00Z"}, []string{"One draw, two results: TSAT 26 %", "due on 2027-02-12"},
			nil},
		{"provisional", nil, []string{okFerritin, "2502-3 12 % 2026-11-01 preliminary"},
			[]string{"The low TSAT is preliminary"}, nil},
		{"newer unreadable", nil, []string{"2276-4 20 ng/mL 2026-10-01", "2276-4 160 - 2026-11-01", okTSAT},
			[]string{"does not clear it"}, nil},
		{"afternoon", nil, []string{okFerritin, "2502-3 12 % 2026-11-01T12:00:00Z"}, []string{"drawn after noon"}, nil},
		{"measured unreadable", nil, []string{okFerritin, "2502-3 absent - 2026-10-24", "2498-4 30 ug/dL 2026-10-24",
			"2500-7 300 ug/dL 2026-10-24"}, []string{"could not be used (the value is stated to be absent)"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := ironOf(labState(t, c.labs...), labAsOf, c.change)
			text := d.Summary + " " + d.Action
			for _, w := range c.has {
				if !strings.Contains(text, w) {
					t.Errorf("%q is not in %q", w, text)
				}
			}
			for _, w := range c.lacks {
				if strings.Contains(text, w) {
					t.Errorf("%q is in %q", w, text)
				}
			}
			checkIronTexts(t, d)
		})
	}
}

// Ages count calendar days of the zone, across daylight saving time and leap years, and change
// exactly when Next says.
func TestIronAgesByCalendarDay(t *testing.T) {
	for _, zone := range []string{"UTC", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Pacific/Apia",
		"Asia/Kathmandu"} {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err) // time/tzdata has them all
		}
		for _, drawn := range []string{"2023-03-25T23:30:00Z", "2024-02-29T10:00:00Z", "2017-10-15T03:30:00Z",
			"2011-06-30T12:00:00Z", "2026-10-25"} {
			st := labState(t, "2276-4 152 ng/mL "+drawn, "2502-3 31 % "+drawn)
			at := labTime(t, drawn)
			day := at.Start(loc).In(loc)
			if at.Precision == moment.ToDay {
				day = at.Start(time.UTC)
			}
			start := func(days int) time.Time {
				return civilStart(
					time.Date(day.Year(), day.Month(), day.Day()+days, 0, 0, 0, 0, time.UTC).Unix()/86_400,
					loc,
				)
			}
			for _, c := range []struct {
				asOf time.Time
				want string
				next time.Time
			}{
				{start(181).Add(-1), " ", start(181)}, {start(181), "iron-labs-stale low", start(366)},
				{start(366).Add(-1), "iron-labs-stale low", start(366)}, {start(366), "iron-labs-stale moderate",
					time.Time{}},
			} {
				d := ironOf(
					st,
					labAsOf,
					func(in *ironInput) { in.Labs = readLabs(st, in.Terms, loc, in.Settings, c.asOf) },
				)
				if got := d.Check + " " + d.Severity.String(); got != c.want || !d.Next.Equal(c.next) {
					t.Errorf(
						"%s, drawn %s, as of %s: %q next %s, want %q next %s",
						zone,
						drawn,
						c.asOf,
						got,
						d.Next,
						c.want,
						c.next,
					)
				}
			}
		}
	}
}
