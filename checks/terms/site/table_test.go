package site

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
)

func TestErrors(t *testing.T) {
	for text, want := range map[string]string{
		"s\tc\tsertraline\tmaybe":                       `line 1: systemic is "maybe"`,
		"s\tc\tsertraline\t\t50 mg":                     `line 1: strength is "50 mg"`,
		"s\tc\tsertraline\t\t/mL":                       `line 1: strength is ""`,
		"s\tc\tsertraline\t\t\t\t\t\told":               `line 1: status is "old"`,
		"s\tc\tsertraline\n\n#\ns\tc":                   "line 4: 2 fields",
		"s\tc\tsertraline\t\t\t\t\t\t\t":                "line 1: 10 fields",
		"s\tc\t":                                        `line 1: no ingredient ""`,
		"s\tc\tsertraline\ns\tc\t":                      `line 2: no ingredient ""`,
		"s\tc\tsertraline\n\tc\tsertraline":             "line 2: system or code is empty",
		"x\ty\tz\nsystem\tcode\tingredient\ns\tc\tsalt": "line 1: no ingredient",
	} {
		if _, err := Read("", strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// The order of the rows changes no answer: a sorted table is searched, any other is indexed.
func TestOrderChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		systems := []string{
			codes.RxNorm,
			codes.NDC,
			"http://fhir.de/CodeSystem/ifa/pzn",
			"urn:oid:2.16.840.1.113883.6.69",
			"s",
		}
		asked := []string{"1", "12", "2", "0069-4900-30", "00069490030", "000069490030", "01234567", "1234567", "a b"}
		rows := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
			return Row{
				System: rapid.SampledFrom(systems).Draw(t, "system"), Code: rapid.SampledFrom(asked).Draw(t, "code"),
				Ingredient: rapid.SampledFrom([]string{"sertraline", "Gabapentin", "-"}).Draw(t, "ingredient"),
				Systemic: rapid.SampledFrom(
					[]drugs.Systemic{drugs.SystemicUnknown, drugs.SystemicYes, drugs.SystemicNo},
				).Draw(
					t,
					"systemic",
				),
			}.String()
		}), 1, 20).Draw(t, "rows")
		answers := func(rows []string) map[string]string {
			table, err := Read("", strings.NewReader(strings.Join(rows, "\n")))
			if err != nil {
				t.Fatal(err)
			}
			all := map[string]string{}
			for _, system := range systems {
				for _, code := range asked {
					found := map[string]bool{}
					for _, r := range table.exact(codes.Canonical(system), code) {
						found[strings.ToLower(r.Ingredient)+r.Systemic.String()] = true
					}
					all[system+" "+code] = fmt.Sprint(found)
				}
			}
			return all
		}
		sorted := slices.Sorted(slices.Values(rows))
		shuffled := append([]string(nil), rows...)
		rand.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if diff := cmp.Diff(answers(sorted), answers(shuffled)); diff != "" {
			t.Error(diff)
		}
	})
}

// A row is read back as written.
func TestRowRoundTrip(t *testing.T) {
	for _, row := range []Row{
		{System: "s", Code: "c", Ingredient: "sertraline"},
		{System: "s", Code: "c", Ingredient: "-", Status: "suppressed"},
		{System: codes.NDC, Code: "1", Ingredient: "gabapentin", Systemic: drugs.SystemicYes, Strength: "50",
			PerML: true, Name: "a | b", Kind: "SCD", Route: "oral", Status: "obsolete"},
		{System: "s", Code: "c", Ingredient: "doxepin", Systemic: drugs.SystemicLowAbsorbed, Strength: "0.5"},
	} {
		got, err := parseRow(row.String())
		if err != nil {
			t.Errorf("%+v: %v", row, err)
		}
		if diff := cmp.Diff(row, got); diff != "" {
			t.Error(diff)
		}
	}
}

// A sealed table answers like one read row by row; an edited one is checked again.
func TestSeal(t *testing.T) {
	var text strings.Builder
	rows := []Row{
		{
			System:     "s",
			Code:       "2",
			Ingredient: "sertraline",
			Systemic:   drugs.SystemicYes,
		}, {System: "s", Code: "1", Ingredient: "gabapentin"},
		{
			System:     codes.NDC,
			Code:       "00069490030",
			Ingredient: "sertraline",
			Strength:   "50",
		}, {System: "s", Code: "2", Ingredient: "gabapentin"},
	}
	if err := Write(&text, rows); err != nil {
		t.Fatal(err)
	}
	sealed := readTable(t, text.String())
	if openSealed("", []byte(text.String())) == nil || !sealed.sorted || sealed.Len() != len(rows) {
		t.Errorf("%d rows, sorted %t:\n%s", sealed.Len(), sealed.sorted, text.String())
	}
	_, plain, _ := strings.Cut(text.String(), "\n")
	open := readTable(t, plain)
	for _, key := range []codes.Key{{System: "s", Code: "1"}, {System: "s", Code: "2"}, {System: "s", Code: "3"},
		{System: codes.NDC, Code: "0069-4900-30"}, {System: "", Code: ""}, {System: "z", Code: "1"}} {
		if diff := cmp.Diff(open.exact(key.System, key.Code), sealed.exact(key.System, key.Code)); diff != "" {
			t.Errorf("%v (-open +sealed):\n%s", key, diff)
		}
	}
	if open := len(open.exact("s", "2")); open != 2 {
		t.Errorf("%d rows of a combination", open)
	}
	edited := strings.Replace(text.String(), "sertraline", "salt", 1)
	if _, err := Read("", strings.NewReader(edited)); err == nil ||
		!strings.Contains(err.Error(), "site table, line ") {
		t.Errorf("an edited table: %v", err)
	}
	var unsealed strings.Builder
	if err := Write(&unsealed, []Row{{System: codes.NDC, Code: "0069-4900-30", Ingredient: "sertraline"}}); err != nil {
		t.Fatal(err)
	}
	if found := readTable(t, unsealed.String()).exact(codes.NDC, "00069490030"); len(found) != 1 {
		t.Errorf("a code that is not in its compared form: %v", found)
	}
	if err := Write(&unsealed, []Row{{System: "s", Code: "1", Ingredient: "salt"}}); err == nil {
		t.Error("an unknown ingredient is written")
	}
}

// FuzzTable: a table is read or refused with its line, and whatever passes the fast check passes
// the parser too.
func FuzzTable(f *testing.F) {
	f.Add("s\tc\tsertraline\tyes\t50/mL\tname\tSCD\toral\tobsolete\n# x\n\ns\td\t-\r\n")
	f.Add("system\tcode\t")
	f.Add("\n")
	f.Add("s\tc\rd\tsertraline")
	f.Add("system\tcode\tingredient\n\ufeffs\tc\tGabapentin\t\t.5")
	f.Add(codes.NDC + "\t0069-4900-30\tsertraline\n" + codes.NDC + "\t00069490030\tsertraline")
	f.Fuzz(func(t *testing.T, text string) {
		table, err := Read("", strings.NewReader(text))
		if err != nil {
			if !strings.HasPrefix(err.Error(), "site table, line ") {
				t.Fatal(err)
			}
			return
		}
		index := table.buildIndex()
		n := 0
		for key, starts := range index {
			n += len(starts)
			if found := table.exact(key.System, key.Code); len(found) != len(starts) {
				t.Fatalf("%q: %d rows, want %d", key, len(found), len(starts))
			}
		}
		if n != table.Len() {
			t.Fatalf("%d rows are indexed of %d", n, table.Len())
		}
	})
}

func readTable(t testing.TB, text string) *Table {
	t.Helper()
	table, err := Read("own.tsv", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return table
}
