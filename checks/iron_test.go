package checks

import (
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/rlsguard/rlsguard/checks/decimal"
	"github.com/rlsguard/rlsguard/checks/facts"
)

const (
	okFerritin = "2276-4 152 ng/mL 2026-10-24T08:00:00Z"
	okTSAT     = "2502-3 31 % 2026-10-24T08:00:00Z"
)

// ironCases are results of an adult on an alpha-2-delta ligand, and the open check with its
// severity.
var ironCases = []struct {
	name, want string
	labs       []string
}{
	{"nothing", "iron-labs-missing moderate", nil},
	{"both fine", " ", []string{okFerritin, okTSAT}},
	{"no TSAT", "iron-labs-missing moderate", []string{okFerritin}},
	{"no ferritin", "iron-labs-missing moderate", []string{okTSAT}},
	{"only one and low", "iron-low moderate", []string{"2276-4 20 ng/mL 2026-10-24"}},
	{"ferritin 75", "iron-low moderate", []string{"2276-4 75 ng/mL 2026-10-24", okTSAT}},
	{"ferritin just above", " ", []string{"2276-4 75.0000000001 ng/mL 2026-10-24", "2502-3 20 % 2026-10-24"}},
	{"TSAT just below", "iron-low moderate", []string{okFerritin, "2502-3 19.99 % 2026-10-24"}},
	{"ferritin 168.5 pmol/L", "iron-low moderate", []string{"14723-1 168.5 pmol/L 2026-10-24", okTSAT}},
	{"ferritin 170.3 pmol/L", " ", []string{"14723-1 170.3 pmol/L 2026-10-24", okTSAT}},
	{"bare 75 under the molar code", "iron-labs-unusable moderate", []string{"14723-1 75 - 2026-10-24", okTSAT}},
	{"TSAT as fraction", "iron-low moderate", []string{okFerritin, "14801-5 0.18 1 2026-10-24"}},
	{"fraction as percent", "iron-labs-unusable moderate", []string{okFerritin, "14801-5 0.18 % 2026-10-24"}},
	{"text", "iron-labs-unusable moderate", []string{"2276-4 text - 2026-10-24", okTSAT}},
	{"data absent", "iron-labs-unusable moderate", []string{"2276-4 absent - 2026-10-24", okTSAT}},
	{"below 50", "iron-low moderate", []string{"2276-4 <50 ng/mL 2026-10-24", okTSAT}},
	{"below 100", "iron-labs-unusable moderate", []string{"2276-4 <100 ng/mL 2026-10-24", okTSAT}},
	{"above 1000", " ", []string{"2276-4 >1000 ng/mL 2026-10-24", okTSAT}},

	{"newest decides: normal", " ", []string{"2276-4 20 ng/mL 2026-05-24", okFerritin, okTSAT}},
	{"newest decides: low", "iron-low moderate", []string{"2276-4 20 ng/mL 2026-11-01", okFerritin, okTSAT}},
	{
		"newest cannot be evaluated",
		"iron-labs-unusable moderate",
		[]string{okFerritin, "2276-4 160 - 2026-11-01", okTSAT},
	},
	{
		"newest cannot be evaluated, the one before is low",
		"iron-low moderate",
		[]string{"2276-4 20 ng/mL 2026-10-01", "2276-4 160 - 2026-11-01", okTSAT},
	},
	{"an older one cannot be evaluated", " ", []string{"2276-4 160 - 2026-10-01", okFerritin, okTSAT}},
	{"missing outweighs unusable", "iron-labs-missing moderate", []string{"2276-4 160 - 2026-11-01"}},
	{
		"unusable outweighs stale",
		"iron-labs-unusable moderate",
		[]string{"2276-4 160 - 2026-11-01", "2502-3 31 % 2024-01-01"},
	},

	{"pending only", "iron-labs-missing moderate", []string{okFerritin, "2502-3 none - 2026-11-20 registered"}},
	{"pending beside a result", " ", []string{okFerritin, okTSAT, "2276-4 none - 2026-11-20 registered"}},
	{"cancelled only", "iron-labs-missing moderate", []string{okFerritin, "2502-3 31 % 2026-11-20 cancelled"}},
	{"cancelled after a result", " ", []string{okFerritin, okTSAT, "2502-3 5 % 2026-11-20 cancelled"}},
	{"preliminary and low", "iron-low moderate", []string{okFerritin, "2502-3 12 % 2026-11-01 preliminary", okTSAT}},
	{
		"preliminary and normal",
		"iron-labs-unusable moderate",
		[]string{okFerritin, "2502-3 31 % 2026-11-01 preliminary"},
	},
	{
		"preliminary does not clear",
		"iron-low moderate",
		[]string{okFerritin, "2502-3 12 % 2026-10-01", "2502-3 31 % 2026-11-01 preliminary"},
	},
	{
		"unknown status and normal",
		"iron-labs-unusable moderate",
		[]string{okFerritin, "2502-3 31 % 2026-11-01 unknown"},
	},
	{"unknown status and low", "iron-low moderate", []string{okFerritin, "2502-3 12 % 2026-11-01 unknown"}},
	{"final after preliminary", " ", []string{okFerritin, "2502-3 12 % 2026-10-01 preliminary", okTSAT}},

	{
		"one draw disagrees",
		"iron-low moderate",
		[]string{okFerritin, "2502-3 17 % 2026-11-14T04:00:00Z", "2502-3 26 % 2026-11-14T08:00:00Z"},
	},
	{
		"25 h apart are two draws",
		" ",
		[]string{okFerritin, "2502-3 17 % 2026-11-13T07:00:00Z", "2502-3 26 % 2026-11-14T08:00:00Z"},
	},
	{
		"exactly 24 h are one draw",
		"iron-low moderate",
		[]string{okFerritin, "2502-3 17 % 2026-11-13T08:00:00Z", "2502-3 26 % 2026-11-14T08:00:00Z"},
	},
	{
		"two specimens are two draws",
		" ",
		[]string{
			okFerritin,
			"2502-3 17 % 2026-11-14T04:00:00Z specimen:a",
			"2502-3 26 % 2026-11-14T08:00:00Z specimen:b",
		},
	},
	{
		"one specimen is one draw",
		"iron-low moderate",
		[]string{
			okFerritin,
			"2502-3 17 % 2026-11-10T04:00:00Z specimen:a",
			"2502-3 26 % 2026-11-14T08:00:00Z specimen:a",
		},
	},
	{
		"specimen named once",
		"iron-low moderate",
		[]string{okFerritin, "2502-3 17 % 2026-11-14T04:00:00Z specimen:a", "2502-3 26 % 2026-11-14T08:00:00Z"},
	},
	{
		"two specimens of one instant",
		"iron-low moderate",
		[]string{
			okFerritin,
			"2502-3 17 % 2026-11-14T08:00:00Z specimen:a",
			"2502-3 26 % 2026-11-14T08:00:00Z specimen:b",
		},
	},
	{
		"two specimens of one instant, the other way",
		"iron-low moderate",
		[]string{
			okFerritin,
			"2502-3 26 % 2026-11-14T08:00:00Z specimen:a",
			"2502-3 17 % 2026-11-14T08:00:00Z specimen:b",
		},
	},
	{"unreadable twin of one instant", " ", []string{okFerritin, okTSAT, "2276-4 152 - 2026-10-24T08:00:00Z"}},

	{"180 days", " ", []string{"2276-4 152 ng/mL 2026-05-27", okTSAT}},
	{"181 days", "iron-labs-stale low", []string{"2276-4 152 ng/mL 2026-05-26", okTSAT}},
	{"181 days, TSAT", "iron-labs-stale low", []string{okFerritin, "2502-3 31 % 2026-05-26"}},
	{"365 days", "iron-labs-stale low", []string{okFerritin, "2502-3 31 % 2025-11-23"}},
	{"366 days", "iron-labs-stale moderate", []string{okFerritin, "2502-3 31 % 2025-11-22"}},
	{"stale and low", "iron-low moderate", []string{"2276-4 20 ng/mL 2019-01-01", okTSAT}},
	{"no date", "iron-labs-stale low", []string{"2276-4 152 ng/mL -", okTSAT}},
	{"no date is never newer", " ", []string{"2276-4 20 ng/mL -", okFerritin, okTSAT}},
	{
		"no date and the other is stale",
		"iron-labs-stale moderate",
		[]string{"2276-4 152 ng/mL -", "2502-3 31 % 2025-01-01"},
	},
	{"month only", "iron-labs-stale low", []string{"2276-4 152 ng/mL 2026-05", okTSAT}},
	{"dated tomorrow", "iron-labs-missing moderate", []string{okFerritin, "2502-3 31 % 2026-11-24T09:00:00Z"}},
	{"low but dated tomorrow", " ", []string{okFerritin, okTSAT, "2276-4 5 ng/mL 2026-11-24"}},
	{"this instant", " ", []string{okFerritin, "2502-3 31 % 2026-11-23T08:00:00Z"}},

	{"goal", "iron-labs-missing moderate", []string{"86914-9 152 ng/mL 2026-10-24", okTSAT}},
	{"goal beside the code", "iron-labs-missing moderate", []string{"2276-4+86914-9 152 ng/mL 2026-10-24", okTSAT}},
	{"two codes of one test", " ", []string{"2276-4+20567-4 152 ng/mL 2026-10-24", okTSAT}},
	{"codes of two tests", "iron-labs-unusable moderate", []string{okFerritin, "2502-3+2500-7 31 % 2026-10-24"}},
	{"panel is no result", "iron-labs-missing moderate", []string{okFerritin, "50190-8 31 % 2026-10-24"}},

	{
		"calculated from TIBC",
		"iron-low moderate",
		[]string{okFerritin, "14798-3 5 umol/L 2026-10-24", "14800-7 60 umol/L 2026-10-24"},
	},
	{
		"calculated, mixed units",
		"iron-low moderate",
		[]string{okFerritin, "2498-4 500 ug/L 2026-10-24", "2500-7 300 ug/dL 2026-10-24"},
	},
	{"calculated from UIBC", " ", []string{okFerritin, "2498-4 60 ug/dL 2026-10-24", "2501-5 240 ug/dL 2026-10-24"}},
	{
		"calculated from UIBC, just below",
		"iron-low moderate",
		[]string{okFerritin, "2498-4 60 ug/dL 2026-10-24", "2501-5 240.0000000001 ug/dL 2026-10-24"},
	},
	{
		"calculated from transferrin",
		"iron-low moderate",
		[]string{okFerritin, "2498-4 60 ug/dL 2026-10-24", "3034-6 2.5 g/L 2026-10-24"},
	},
	{
		"calculated from two draws: never",
		"iron-labs-missing moderate",
		[]string{okFerritin, "2498-4 60 ug/dL 2026-10-20", "2500-7 400 ug/dL 2026-10-24"},
	},
	{
		"two capacities: the one that gives the lower saturation",
		"iron-low moderate",
		[]string{
			okFerritin,
			"2498-4 70 ug/dL 2026-10-24",
			"2500-7 300 ug/dL 2026-10-24",
			"2500-7 400 ug/dL 2026-10-24",
		},
	},
	{
		"iron pending",
		"iron-labs-missing moderate",
		[]string{okFerritin, "2498-4 none - 2026-10-24 registered", "2500-7 400 ug/dL 2026-10-24"},
	},
	{
		"capacity pending",
		"iron-labs-missing moderate",
		[]string{okFerritin, "2498-4 60 ug/dL 2026-10-24", "2500-7 none - 2026-10-24 registered"},
	},
	{
		"calculated from results without dates: never",
		"iron-labs-missing moderate",
		[]string{okFerritin, "2498-4 60 ug/dL -", "2500-7 400 ug/dL -"},
	},
	{
		"calculated from one specimen without dates",
		"iron-low moderate",
		[]string{okFerritin, "2498-4 60 ug/dL - specimen:a", "2500-7 400 ug/dL - specimen:a"},
	},
	{"iron alone", "iron-labs-missing moderate", []string{okFerritin, "2498-4 60 ug/dL 2026-10-24"}},
	{"measured wins", " ", []string{okFerritin, okTSAT, "2498-4 60 ug/dL 2026-10-24", "2500-7 400 ug/dL 2026-10-24"}},
	{
		"measured and low wins",
		"iron-low moderate",
		[]string{okFerritin, "2502-3 12 % 2026-10-24", "2498-4 100 ug/dL 2026-10-24", "2500-7 300 ug/dL 2026-10-24"},
	},
	{
		"a newer calculated one decides",
		"iron-low moderate",
		[]string{okFerritin, okTSAT, "2498-4 40 ug/dL 2026-11-10", "2500-7 400 ug/dL 2026-11-10"},
	},
	{
		"measured without a number",
		" ",
		[]string{
			okFerritin,
			"2502-3 absent - 2026-10-24",
			"2498-4 100 ug/dL 2026-10-24",
			"2500-7 300 ug/dL 2026-10-24",
		},
	},
	{
		"iron without unit",
		"iron-labs-unusable moderate",
		[]string{okFerritin, "2498-4 60 - 2026-10-24", "2500-7 400 ug/dL 2026-10-24"},
	},
	{
		"calculated from preliminary ones",
		"iron-labs-unusable moderate",
		[]string{okFerritin, "2498-4 100 ug/dL 2026-10-24 preliminary", "2500-7 300 ug/dL 2026-10-24"},
	},
	{
		"iron below detection",
		"iron-low moderate",
		[]string{okFerritin, "2498-4 <10 ug/dL 2026-10-24", "2500-7 400 ug/dL 2026-10-24"},
	},
	{
		"iron above capacity",
		"iron-labs-unusable moderate",
		[]string{okFerritin, "2498-4 900 ug/dL 2026-10-24", "2500-7 300 ug/dL 2026-10-24"},
	},
}

func TestIronAdult(t *testing.T) {
	for _, c := range ironCases {
		t.Run(c.name, func(t *testing.T) {
			d := ironOf(labState(t, c.labs...), labAsOf, nil)
			if got := d.Check + " " + d.Severity.String(); got != c.want {
				t.Errorf("got %q, want %q\n%s\n%s", got, c.want, d.Summary, d.Known)
			}
			checkIronTexts(t, d)
		})
	}
}

func TestIronByGroup(t *testing.T) {
	birth := func(s string) func(*ironInput) { return func(in *ironInput) { in.Birth = labTime(t, s) } }
	esrd := func(in *ironInput) { in.ESRD = []facts.Ref{"Condition/esrd"} }
	for _, c := range []struct {
		name, want string
		change     func(*ironInput)
		labs       []string
	}{
		{"child 60", "", birth("2014-03-02"), []string{"2276-4 60 ng/mL 2026-10-24", okTSAT}},
		{"child 50", "", birth("2014-03-02"), []string{"2276-4 50 ng/mL 2026-10-24", okTSAT}},
		{"child 49.999", checkIronLow, birth("2014-03-02"), []string{"2276-4 49.999 ng/mL 2026-10-24", okTSAT}},
		{"child, TSAT 5: not decided on", "", birth("2014-03-02"), []string{"2276-4 60 ng/mL 2026-10-24",
			"2502-3 5 % 2026-10-24"}},
		{"child, TSAT missing", checkIronMissing, birth("2014-03-02"), []string{"2276-4 60 ng/mL 2026-10-24"}},
		{"18 today", checkIronLow, birth("2008-11-23"), []string{"2276-4 60 ng/mL 2026-10-24", okTSAT}},
		{"18 tomorrow", "", birth("2008-11-24"), []string{"2276-4 60 ng/mL 2026-10-24", okTSAT}},
		{"born in 2008: adult limits, not certain", checkIronLow, birth("2008"), []string{"2276-4 60 ng/mL 2026-10-24",
			okTSAT}},
		{"born in 2009", "", birth("2009"), []string{"2276-4 60 ng/mL 2026-10-24", okTSAT}},
		{"born in November 2008: not certain", checkIronLow, birth("2008-11"), []string{"2276-4 60 ng/mL 2026-10-24",
			okTSAT}},
		{"birth date not known", checkIronLow, birth(""), []string{"2276-4 60 ng/mL 2026-10-24", okTSAT}},
		{"dialysis, both low", checkIronLow, esrd, []string{"2276-4 199.9 ng/mL 2026-10-24",
			"2502-3 19.9 % 2026-10-24"}},
		{"dialysis, ferritin 200", "", esrd, []string{"2276-4 200 ng/mL 2026-10-24", "2502-3 19.9 % 2026-10-24"}},
		{"dialysis, TSAT 20", "", esrd, []string{"2276-4 20 ng/mL 2026-10-24", "2502-3 20 % 2026-10-24"}},
		{"dialysis, ferritin low alone", checkIronMissing, esrd, []string{"2276-4 20 ng/mL 2026-10-24"}},
		{"dialysis by a result", checkIronLow, nil, []string{"2276-4 180 ng/mL 2026-10-24", "2502-3 19.9 % 2026-10-24",
			"11041-1 8 mg/dL 2025-01-01"}},
		{"dialysis by a result that is pending", checkIronLow, nil, []string{"2276-4 70 ng/mL 2026-10-24",
			"2502-3 31 % 2026-10-24", "11041-1 none - 2026-11-01 registered"}},
		{"dialysis by a result that was cancelled", checkIronLow, nil, []string{"2276-4 70 ng/mL 2026-10-24",
			"2502-3 31 % 2026-10-24", "11041-1 8 mg/dL 2025-01-01 cancelled"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := ironOf(labState(t, c.labs...), labAsOf, c.change)
			if d.Check != c.want {
				t.Errorf("got %q, want %q: %s", d.Check, c.want, d.Summary)
			}
			checkIronTexts(t, d)
		})
	}
}

func TestIronUnchecked(t *testing.T) {
	off := func(in *ironInput) { in.Alpha2Delta, in.Treated = false, false }
	for _, c := range []struct {
		name, want string
		labs       []string
	}{
		{"nothing", checkIronUnchecked, nil},
		{"ferritin", "", []string{okFerritin}},
		{"TSAT, low", checkIronLow, []string{"2502-3 5 % 2026-10-24"}},
		{"365 days", "", []string{"2502-3 31 % 2025-11-23"}},
		{"366 days", checkIronUnchecked, []string{"2502-3 31 % 2025-11-22"}},
		{"no unit", checkIronUnchecked, []string{"2276-4 152 - 2026-10-24"}},
		{"no unit, one before: the older one speaks for nothing", checkIronUnchecked,
			[]string{"2276-4 152 - 2026-11-20", okFerritin}},
		{"pending", checkIronUnchecked, []string{"2276-4 none - 2026-11-20 registered"}},
		{"preliminary and normal", checkIronUnchecked, []string{"2276-4 152 ng/mL 2026-11-20 preliminary"}},
		{"no date", "", []string{"2276-4 152 ng/mL -"}},
		{"calculated", "", []string{"2498-4 100 ug/dL 2026-10-24", "2500-7 300 ug/dL 2026-10-24"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := ironOf(labState(t, c.labs...), labAsOf, off)
			if d.Check != c.want || d.Check != "" && d.Severity != Low {
				t.Errorf("got %q %s, want %q", d.Check, d.Severity, c.want)
			}
			checkIronTexts(t, d)
		})
	}
}

// A panel that contains its results, and one that only links them.
func TestIronPanels(t *testing.T) {
	part := func(loinc, value, unit string) facts.Component {
		return facts.Component{Loincs: []string{loinc}, Value: labValue(value, unit)}
	}
	panel := facts.Fact{
		Ref:  "Observation/p",
		Kind: facts.KindLab,
		Lab: &facts.LabResult{
			Status:    facts.LabFinal,
			Loincs:    []string{"50190-8"},
			Effective: facts.Period{Start: labTime(t, "2026-10-24")},
			Components: []facts.Component{
				part("2498-4", "60", "ug/dL"),
				part("2500-7", "400", "ug/dL"),
				part("2276-4", "152", "ng/mL"),
			},
		},
	}
	d := ironOf(&State{Facts: []facts.Fact{panel}}, labAsOf, nil)
	if d.Check != checkIronLow || !slices.Equal(d.Evidence, []facts.Ref{"Observation/p"}) {
		t.Errorf("components: %q, evidence %v", d.Check, d.Evidence)
	}
	panel.Lab.Components, panel.Lab.Members = nil, []facts.Ref{"Observation/a", "Observation/b"}
	st := labState(t, okFerritin, okTSAT)
	st.Merge(panel)
	if d := ironOf(st, labAsOf, nil); d.Check != "" {
		t.Errorf("members: %q", d.Check)
	}
	panel.Lab.Status = facts.LabRegistered
	st = labState(t, okFerritin)
	st.Merge(panel)
	if d := ironOf(st, labAsOf, nil); d.Check != checkIronMissing || !strings.Contains(d.Summary, "TSAT is pending") {
		t.Errorf("registered panel: %q %s", d.Check, d.Summary)
	}
}

func TestLaboratoryLimits(t *testing.T) {
	own := decimal.Of("121")
	site := func(in *ironInput) {
		in.Settings.Laboratories = []laboratoryLimits{{Performer: "Organization/roche", FerritinLow: &own}}
	}
	for line, want := range map[string]string{
		"2276-4 121 ng/mL 2026-10-24 performer:roche":   checkIronLow,
		"2276-4 121.1 ng/mL 2026-10-24 performer:roche": "",
		"2276-4 121 ng/mL 2026-10-24 performer:other":   "",
		"2276-4 121 ng/mL 2026-10-24":                   "",
	} {
		if d := ironOf(labState(t, line, okTSAT), labAsOf, site); d.Check != want {
			t.Errorf("%s: %q, want %q", line, d.Check, want)
		}
	}
}

// The first instant of a day is on that day and the one before it is not, even where clocks change
// at midnight.
func TestCivilStart(t *testing.T) {
	for _, zone := range []string{"UTC", "Europe/Berlin", "America/Sao_Paulo", "America/Havana", "Asia/Beirut",
		"Pacific/Apia", "Australia/Lord_Howe"} {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err) // time/tzdata has them all
		}
		for day := int64(14_600); day < 18_300; day++ {
			at := civilStart(day, loc)
			if civilDay(at, loc) < day || civilDay(at.Add(-1), loc) >= day {
				t.Errorf("%s, day %d begins at %s", zone, day, at)
			}
		}
	}
}

func TestIronNext(t *testing.T) {
	for _, c := range []struct {
		name, want string
		change     func(*ironInput)
		labs       []string
	}{
		{"dated ahead", "2026-11-24T09:00:00Z", nil, []string{okFerritin, "2502-3 31 % 2026-11-24T09:00:00Z"}},
		{"18th birthday", "2027-02-28T00:00:00Z", func(in *ironInput) { in.Birth = labTime(t, "2009-02-28") },
			[]string{okFerritin, okTSAT}},
		{"18th birthday of a leap day", "2026-03-01T00:00:00Z", func(in *ironInput) {
			in.Birth = labTime(t, "2008-02-29")
			in.Labs = readLabs(&State{}, in.Terms, time.UTC, in.Settings, labTime(t, "2026-02-28").Start(time.UTC))
		}, nil},
		{"partial birth date", "2026-12-31T00:00:00Z", func(in *ironInput) { in.Birth = labTime(t, "2008") },
			[]string{okFerritin, okTSAT}},
		{"none", "", nil, []string{"2276-4 20 ng/mL 2019-01-01", "2502-3 20 % 2019-01-01"}},
	} {
		d := ironOf(labState(t, c.labs...), labAsOf, c.change)
		got := ""
		if !d.Next.IsZero() {
			got = d.Next.Format(time.RFC3339)
		}
		if got != c.want {
			t.Errorf("%s: next %q, want %q", c.name, got, c.want)
		}
	}
}

func TestIronSettings(t *testing.T) {
	s := defaultIronSettings()
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*ironSettings){
		"iron.ferritin_low is 0": func(s *ironSettings) { s.FerritinLow = decimal.Decimal{} },
		"iron.tsat_low is 101":   func(s *ironSettings) { s.TSATLow = decimal.Of("101") },
		"ageing_days (400)":      func(s *ironSettings) { s.AgeingDays = 400 },
		"iron.stale_days is 0":   func(s *ironSettings) { s.StaleDays = 0 },
		"iv_only_ferritin (70)":  func(s *ironSettings) { s.IVOnlyFerritin = decimal.Of("70") },
		"laboratories[0] has no " +
			"performer": func(s *ironSettings) { s.Laboratories = []laboratoryLimits{{FerritinLow: &s.FerritinLow}} },
		"laboratories[0] sets no " +
			"limit": func(s *ironSettings) { s.Laboratories = []laboratoryLimits{{Performer: "Organization/1"}} },
		"near_tsat_low (30)": func(s *ironSettings) { s.NearTSATLow = decimal.Of("30") },
	} {
		s := defaultIronSettings()
		change(&s)
		if err := s.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}
