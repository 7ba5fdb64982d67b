package cases

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/fhir"
)

var asOf = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

func rules() *Rules {
	return &Rules{
		Engine: fold.Engine{Settings: checks.DefaultSettings(), Key: []byte("a key of sixteen")},
		Reader: fhir.DefaultOptions(),
	}
}

const (
	rls = `{"resourceType":"Condition","id":"c","subject":{"reference":"Patient/1"},` +
		`"code":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"G25.81"}]}}`
	sertraline = `{"resourceType":"MedicationRequest","id":"m","status":"active","intent":"order",` +
		`"subject":{"reference":"Patient/1"},"medicationCodeableConcept":{"text":"sertraline 50 mg tablet"},` +
		`"authoredOn":"2026-11-01"}`
	gabapentin = `{"resourceType":"MedicationRequest","id":"g","status":"active","intent":"order",` +
		`"subject":{"reference":"Patient/1"},"medicationCodeableConcept":{"text":"gabapentin 300 mg capsule"},` +
		`"authoredOn":"2026-11-01"}`
)

func ferritin(value string) string {
	return `{"resourceType":"Observation","id":"f` + value + `","status":"final","subject":{"reference":"Patient/1"},` +
		`"code":{"coding":[{"system":"http://loinc.org","code":"2276-4"}]},"valueQuantity":{"value":` + value +
		`,"unit":"ng/mL","system":"http://unitsofmeasure.org","code":"ng/mL"},"effectiveDateTime":"2026-10-01"}`
}

// archive writes the files of a txtar archive and loads the cases in them.
func archive(t *testing.T, text string) []*Case {
	t.Helper()
	dir := t.TempDir()
	for _, f := range txtar.Parse([]byte(text)).Files {
		path := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	found, _, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func result(t *testing.T, c *Case) Result {
	t.Helper()
	g, err := c.Run(rules(), asOf)
	r := Result{Case: c, Got: g, Err: err}
	if err == nil {
		r.Differences = c.Compare(g)
	}
	return r
}

// TestLimitsFromBothSides: a ferritin of 75 and one of 76 fix the limit of 75 to the digit; one of
// 40 alone bounds it from one side.
func TestLimitsFromBothSides(t *testing.T) {
	limit := func(values ...string) Limit {
		var results []Result
		for _, v := range values {
			c := archive(t, "-- x/expected.tsv --\npatient\tcheck\tseverity\n-- x/a.ndjson --\n"+rls+"\n"+gabapentin+
				"\n"+ferritin(v)+"\n")[0]
			results = append(results, result(t, c))
		}
		for _, l := range CoverageOf(results).Limits {
			if l.Name == "iron.ferritin_low" {
				return l
			}
		}
		t.Fatal("no such limit")
		return Limit{}
	}
	if l := limit("75", "76"); l.Lower != "by 1" || l.Raise != "by 1" || !l.Both() || l.Value != "75" {
		t.Errorf("75 and 76: %+v", l)
	}
	if l := limit("40"); l.Lower != "by half" || l.Raise != "" || l.Both() {
		t.Errorf("40 alone: %+v", l)
	}
}

// TestLimitsLeaveSettingsAlone: moving a limit does not change the settings a case was decided by.
func TestLimitsLeaveSettingsAlone(t *testing.T) {
	s := checks.DefaultSettings()
	before := numbers(s)
	for name := range before {
		if moved(s, name, func(x float64) float64 { return x + 1 }) == nil {
			t.Errorf("%s does not move", name)
		}
	}
	if diff := cmp.Diff(before, numbers(s)); diff != "" {
		t.Error(diff)
	}
	for _, name := range []string{"iron.ferritin_low", "orders.tail_days.fluoxetine", "renal.maxima.gabapentin.severe",
		"iron.stale_days"} {
		if before[name] == "" {
			t.Errorf("no limit %s among %d", name, len(before))
		}
	}
}

func TestCoverageOfRows(t *testing.T) {
	c := archive(t, "-- x/expected.tsv --\npatient\tcheck\tseverity\n-- x/a.ndjson --\n"+rls+"\n"+sertraline+"\n"+
		ferritin("120")+"\n")[0]
	cov := CoverageOf([]Result{result(t, c)})
	for i, name := range []string{"sertraline", "icd-10-cm G2581", "2276-4", "names.tsv"} {
		if cov.Rows[i].By[name] != 1 && i < 3 {
			t.Errorf("%s: %s was not reached: %v", cov.Rows[i].What, name, cov.Rows[i].By)
		}
	}
	if cov.Checks.By["rls-ssri"] != 1 || len(cov.Checks.Not) != len(checks.Catalogue())-len(cov.Checks.By) {
		t.Errorf("checks %+v", cov.Checks)
	}
}

// TestFaults: a fault in a case is reported with its place, and the case does not pass.
func TestFaults(t *testing.T) {
	for _, tc := range []struct{ name, files, fault string }{
		{"no patient", "-- x/expected.tsv --\npatient\tcheck\tseverity\n\trls-ssri\tlow\n-- x/a.json --\n{}\n",
			"x/expected.tsv:2: no patient"},
		{"no column", "-- x/expected.tsv --\npatient\tcheck\n-- x/a.json --\n{}\n",
			`x/expected.tsv: no column "severity" in its first line; its header, with tabs between, is: ` +
				`patient check ingredient severity`},
		{"too many cells", "-- x/expected.tsv --\npatient\tcheck\tseverity\na\tb\tlow\td\n-- x/a.json --\n{}\n",
			"x/expected.tsv:2: 4 cells under a header of 3"},
		{"twice", "-- x/expected.tsv --\npatient\tcheck\tseverity\n1\tb\tlow\n1\tb\thigh\n-- x/a.json --\n{}\n",
			"expected twice"},
		{"count", "-- x/rejected.tsv --\nreason\tcount\ninvalid-json\t0\n-- x/a.json --\n{}\n",
			"x/rejected.tsv:2: a reason and a count"},
		{"as-of", "-- x/expected.tsv --\npatient\tcheck\tseverity\n-- x/as-of --\ntomorrow\n-- x/a.json --\n{}\n",
			`as-of: "tomorrow"`},
		{"no folder", "-- index.tsv --\nscenario\ttitle\nx\tX\n", "no such folder"},
		{"numbers", "-- index.tsv --\nscenario\tn_flags\nx\t1\n-- x/a.json --\n{}\n",
			"n_flags is 1, but the tables have 0"},
	} {
		r := result(t, archive(t, tc.files)[0])
		if r.Err == nil || !strings.Contains(r.Err.Error(), tc.fault) {
			t.Errorf("%s: %v, want %s", tc.name, r.Err, tc.fault)
		}
	}
}

// TestEmptyTable: a table without a line expects nothing, and an update fills it, also one above many
// cases.
func TestEmptyTable(t *testing.T) {
	const header = "patient\tcheck\tingredient\tseverity\n"
	const row = "Patient/1\trls-iron-unchecked\t\tlow\nPatient/1\trls-ssri\tsertraline\tmoderate\n"
	input := rls + "\n" + sertraline + "\n"
	for name, tc := range map[string]struct{ table, text, other, in, want string }{
		"no byte":      {"expected.tsv", "", "", "a.ndjson", header + row},
		"blank lines":  {"expected.tsv", "\ufeff\r\n\r\n", "", "a.ndjson", header + row},
		"header alone": {"expected.tsv", header, "", "a.ndjson", header + row},
		"above many": {"expected.tsv", "\n", "scenario\ttitle\nx\tX\n", "x/a.ndjson",
			"scenario\t" + header + "x\t" + strings.ReplaceAll(row, "low\n", "low\nx\t")},
	} {
		dir := t.TempDir()
		write := func(name, text string) {
			path := filepath.Join(dir, name)
			err := os.MkdirAll(filepath.Dir(path), 0o700)
			if err = errors.Join(err, os.WriteFile(path, []byte(text), 0o600)); err != nil {
				t.Fatal(err)
			}
		}
		write(tc.table, tc.text)
		write(tc.in, input)
		if tc.other != "" {
			write("index.tsv", tc.other)
		}
		found, _, err := Load(dir)
		if err != nil || len(found) != 1 {
			t.Errorf("%s: %v %v", name, found, err)
			continue
		}
		r := result(t, found[0])
		if r.Err != nil || len(r.Differences) != 2 || r.Differences[0].Kind != "unexpected" {
			t.Errorf("%s: %v, %v", name, r.Err, r.Differences)
			continue
		}
		if err := found[0].Update(r.Got); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		got, err := os.ReadFile(filepath.Join(dir, tc.table))
		if text := strings.ReplaceAll(string(got), "\r", ""); err != nil || text != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}

// TestPassedOver: what looks like a case and is not run is reported.
func TestPassedOver(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"tables/index.tsv": "scenario\ttitle\none\tOne\n", "tables/one/a.json": "{}", "tables/two/a.json": "{}",
		"loose.json": "{}", "notes.txtar": "no case\n",
	} {
		path := filepath.Join(dir, name)
		os.MkdirAll(filepath.Dir(path), 0o700)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	found, notes, err := Load(dir)
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	all := strings.Join(notes, "\n")
	for _, want := range []string{"two: passed over", "loose.json: passed over", "notes.txtar: passed over"} {
		if !strings.Contains(all, want) {
			t.Errorf("no note %q in\n%s", want, all)
		}
	}
}

// TestShuffledVariantsDiffer: the same number gives the same variant, another number another one,
// and nothing gets lost.
func TestShuffledVariantsDiffer(t *testing.T) {
	entries := `{"resourceType":"Bundle","type":"collection","entry":[{"resource":` + rls + `},{"resource":` +
		sertraline + `},{"resource":` + gabapentin + `}]}`
	c := archive(t, "-- x/expected.tsv --\npatient\tcheck\tseverity\n-- x/a.json --\n"+entries+"\n-- x/b.ndjson --\n"+
		ferritin("12.50")+"\n"+ferritin("13")+"\n")[0]
	seen := map[string]bool{}
	for n := range 6 {
		g, err := c.RunShuffled(rules(), asOf, n)
		if err != nil {
			t.Fatal(err)
		}
		if d := c.CompareShuffled(g, n, c.Compare(mustRun(t, c))); len(d) > 0 {
			t.Fatal(d)
		}
		first, second := variantText(t, c, n), variantText(t, c, n)
		if first != second {
			t.Errorf("variant %d is not always the same", n)
		}
		if !strings.Contains(first, "12.50") {
			t.Errorf("variant %d lost digits: %s", n, first)
		}
		seen[first] = true
	}
	if len(seen) < 3 {
		t.Errorf("%d different variants of 6", len(seen))
	}
}

func mustRun(t *testing.T, c *Case) *Got {
	t.Helper()
	g, err := c.Run(rules(), asOf)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// variantText is everything variant n reads.
func variantText(t *testing.T, c *Case, n int) string {
	t.Helper()
	files, err := shuffled(variantSource(c.Name, n), c.inputs())
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, f := range files {
		data, err := f.read()
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(f.name + "\n" + string(data))
	}
	return b.String()
}

// TestAsOfInZone: a date as as-of ends at the settings' midnight, as for replay.
func TestAsOfInZone(t *testing.T) {
	c := archive(t, "-- x/expected.tsv --\npatient\tcheck\tseverity\n-- x/as-of --\n2026-11-23\n-- x/a.ndjson --\n"+rls+
		"\n")[0]
	r := rules()
	for zone, want := range map[string]string{"UTC": "2026-11-23T23:59:59Z", "Europe/Berlin": "2026-11-23T22:59:59Z"} {
		var err error
		if r.Engine.Settings.Zone, err = time.LoadLocation(zone); err != nil {
			t.Fatal(err)
		}
		g, err := c.Run(r, asOf)
		if err != nil || g.AsOf.Format(time.RFC3339) != want {
			t.Errorf("%s: %v %v", zone, g.AsOf, err)
		}
	}
}
