package terms

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
)

func readSite(t testing.TB, text string) *SiteTable {
	t.Helper()
	table, err := ReadSiteTable("own.tsv", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func siteTerms(t testing.TB, tables ...*SiteTable) *Terms {
	t.Helper()
	own, err := New(Options{SiteTables: tables})
	if err != nil {
		t.Fatal(err)
	}
	return own
}

func TestSiteColumns(t *testing.T) {
	own := siteTerms(t, readSite(t, strings.Join([]string{
		"\ufeffsystem\tcode\tingredient\tsystemic\tstrength\tname\tkind\troute\tstatus\r",
		"s\tA\tsertraline\tyes\t50\t\tSCD\toral\tobsolete\r",
		"s\tA\tdiphenhydramine\tyes\t25",
		"s\tB\tGabapentin\tunknown\t50/mL",
		"s\tC\tdiphenhydramine\tno\t\t\t\ttopical",
		"s\tC\tsertraline\tyes\t\t\t\toral",
		"s\tD\tsertraline\t\t25\nS\tx\tsertraline\ns\tD\tsertraline\t\t50",
		"s\tE\t-",
		"s\tF\tsertraline\t\t\tBrandname\tBN",
		"s\tG\tdoxylamine\tyes\t10\tdoxylamine 10 MG / pyridoxine 10 MG Oral Tablet",
		codes.RxNorm + "\t312938\tfluoxetine",
		codes.RxNorm + "\t8\t-",
	}, "\n")))
	for code, want := range map[string]string{
		"A": "diphenhydramine 25 + sertraline 50 systemic yes group  specific true with []",
		"B": "gabapentin 50 per mL systemic unknown group  specific false with []",
		"C": "diphenhydramine + sertraline systemic unknown group  specific false with []",
		"D": "sertraline systemic unknown group  specific false with []",
		"E": " systemic unknown group  specific false with []",
		"F": "sertraline systemic unknown group  specific false with []",
		"G": "doxylamine 10 systemic yes group  specific true with [pyridoxine]",
	} {
		m := own.Classify([]codes.Coding{{System: "s", Code: code}}, nil)
		var found []string
		for _, f := range m.Found {
			line := strings.TrimSpace(f.Name + " " + f.Strength)
			if f.PerML {
				line += " per mL"
			}
			found = append(found, line)
		}
		if len(found) == 2 && found[0] > found[1] {
			found[0], found[1] = found[1], found[0]
		}
		got := fmt.Sprintf(
			"%s systemic %s group %s specific %t with %v",
			strings.Join(found, " + "),
			m.Systemic,
			m.RouteGroup,
			m.Specific,
			m.With,
		)
		if got != want || m.By != MatchedCode || m.Table != "site" || m.SiteTable != "own.tsv" || m.Matched != code ||
			!m.Identified {
			t.Errorf("%s: %q, want %q (%+v)", code, got, want, m)
		}
	}
}

func TestTheSiteDecides(t *testing.T) {
	first := readSite(t, codes.RxNorm+"\t312938\tfluoxetine\ns\t1\t-\n")
	second := readSite(t, "s\t1\tsertraline\ns\t2\tsertraline\ns\tBN\tsertraline\tunknown\t\t\tBN\n")
	own := siteTerms(t, first, second)
	for _, c := range []struct {
		codings []codes.Coding
		want    string
		why     string
	}{
		{[]codes.Coding{{System: codes.RxNorm, Code: "312938"}}, "fluoxetine", "over the embedded tables"},
		{[]codes.Coding{{System: "urn:oid:2.16.840.1.113883.6.88", Code: "312938"}}, "fluoxetine", "by another name of the system"},
		{[]codes.Coding{{System: codes.RxNorm, Code: "36437"}}, "sertraline", "what the site does not have stays"},
		{[]codes.Coding{{System: "s", Code: "1", Display: "sertraline"}}, "", "an ordinary drug whatever its name"},
		{[]codes.Coding{{System: "s", Code: "2"}}, "sertraline", "from the second table"},
		{[]codes.Coding{{System: "s", Code: "BN"}, {System: codes.RxNorm, Code: "310384"}}, "fluoxetine 10", "a brand gives way to a product"},
	} {
		if got := drugsIn(own.Classify(c.codings, nil)); got != c.want {
			t.Errorf("%s: %q, want %q", c.why, got, c.want)
		}
	}
}

func TestSiteRowErrors(t *testing.T) {
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
		if _, err := ReadSiteTable("", strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	for _, row := range []SiteRow{{System: "s", Code: "c", Ingredient: "sertraline", Name: "a\tb"}, {System: "s", Code: "c\nd", Ingredient: "-"}} {
		if _, err := New(Options{Site: []SiteRow{row}}); err == nil {
			t.Errorf("%+v is taken", row)
		}
	}
}

// The order of the rows changes no answer: a table in order is searched, any other is indexed.
func TestSiteOrderChangesNothing(t *testing.T) {
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
			return SiteRow{
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
			table, err := ReadSiteTable("", strings.NewReader(strings.Join(rows, "\n")))
			if err != nil {
				t.Fatal(err)
			}
			all := map[string]string{}
			for _, system := range systems {
				for _, code := range asked {
					found := map[string]bool{}
					for _, r := range table.find(codes.Canonical(system), code) {
						found[strings.ToLower(r.Ingredient)+r.Systemic.String()] = true
					}
					all[system+" "+code] = fmt.Sprint(found)
				}
			}
			return all
		}
		sorted := append([]string(nil), rows...)
		sortLines(sorted)
		shuffled := append([]string(nil), rows...)
		rand.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if diff := cmp.Diff(answers(sorted), answers(shuffled)); diff != "" {
			t.Error(diff)
		}
	})
}

func sortLines(lines []string) {
	for i := range lines { // few of them
		for j := i; j > 0 && lines[j] < lines[j-1]; j-- {
			lines[j], lines[j-1] = lines[j-1], lines[j]
		}
	}
}

// A row is read back as it was written.
func TestSiteRowRoundTrip(t *testing.T) {
	for _, row := range []SiteRow{
		{System: "s", Code: "c", Ingredient: "sertraline"},
		{System: "s", Code: "c", Ingredient: "-", Status: "suppressed"},
		{System: codes.NDC, Code: "1", Ingredient: "gabapentin", Systemic: drugs.SystemicYes, Strength: "50", PerML: true, Name: "a | b", Kind: "SCD", Route: "oral", Status: "obsolete"},
		{System: "s", Code: "c", Ingredient: "doxepin", Systemic: drugs.SystemicLowAbsorbed, Strength: "0.5"},
	} {
		got, err := parseSiteRow(row.String())
		if err != nil {
			t.Errorf("%+v: %v", row, err)
		}
		if diff := cmp.Diff(row, got); diff != "" {
			t.Error(diff)
		}
	}
}

// A sealed table answers like one that is read row by row; one that was edited is checked again.
func TestSeal(t *testing.T) {
	var text strings.Builder
	rows := []SiteRow{
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
	if err := WriteSiteTable(&text, rows); err != nil {
		t.Fatal(err)
	}
	sealed := readSite(t, text.String())
	if openSealed("", []byte(text.String())) == nil || !sealed.sorted || sealed.Len() != len(rows) {
		t.Errorf("%d rows, sorted %t:\n%s", sealed.Len(), sealed.sorted, text.String())
	}
	_, plain, _ := strings.Cut(text.String(), "\n")
	open := readSite(t, plain)
	for _, key := range []codes.Key{{System: "s", Code: "1"}, {System: "s", Code: "2"}, {System: "s", Code: "3"}, {System: codes.NDC, Code: "0069-4900-30"}, {System: "", Code: ""}, {System: "z", Code: "1"}} {
		if diff := cmp.Diff(open.find(key.System, key.Code), sealed.find(key.System, key.Code)); diff != "" {
			t.Errorf("%v (-open +sealed):\n%s", key, diff)
		}
	}
	if open := len(open.find("s", "2")); open != 2 {
		t.Errorf("%d rows of a combination", open)
	}
	edited := strings.Replace(text.String(), "sertraline", "salt", 1)
	if _, err := ReadSiteTable("", strings.NewReader(edited)); err == nil ||
		!strings.Contains(err.Error(), "site table, line ") {
		t.Errorf("an edited table: %v", err)
	}
	if siteTerms(
		t,
		sealed,
	).Fingerprint() == siteTerms(
		t,
		readSite(t, text.String()+"s\t9\tsertraline\n"),
	).Fingerprint() {
		t.Error("an added row leaves no trace in the fingerprint")
	}
	var unsealed strings.Builder
	if err := WriteSiteTable(&unsealed, []SiteRow{{System: codes.NDC, Code: "0069-4900-30", Ingredient: "sertraline"}}); err != nil {
		t.Fatal(err)
	}
	if found := readSite(t, unsealed.String()).find(codes.NDC, "00069490030"); len(found) != 1 {
		t.Errorf("a code that is not in its compared form: %v", found)
	}
	if err := WriteSiteTable(&unsealed, []SiteRow{{System: "s", Code: "1", Ingredient: "salt"}}); err == nil {
		t.Error("an unknown ingredient is written")
	}
}

func TestNDC11(t *testing.T) {
	for code, want := range map[string]string{
		"0069-4900-30": "00069490030", "12345-678-90": "12345067890", "12345-6789-0": "12345678900", "012345-6789-01": "12345678901",
		"00069490030": "00069490030", "000069490030": "00069490030", "0069490030": "0069490030", "0069-4900": "0069-4900",
		"123456-789-01": "123456-789-01", "": "", "-": "-", "--": "--", "--1": "--1",
	} {
		if got := codes.NDC11(code); got != want {
			t.Errorf("%q: %q, want %q", code, got, want)
		}
	}
}

// FuzzSiteTable: a table is read or refused with its line, and what the fast check passes, the
// parser passes too.
func FuzzSiteTable(f *testing.F) {
	f.Add("s\tc\tsertraline\tyes\t50/mL\tname\tSCD\toral\tobsolete\n# x\n\ns\td\t-\r\n")
	f.Add("system\tcode\t")
	f.Add("\n")
	f.Add("s\tc\rd\tsertraline")
	f.Add("system\tcode\tingredient\n\ufeffs\tc\tGabapentin\t\t.5")
	f.Add(codes.NDC + "\t0069-4900-30\tsertraline\n" + codes.NDC + "\t00069490030\tsertraline")
	f.Fuzz(func(t *testing.T, text string) {
		table, err := ReadSiteTable("", strings.NewReader(text))
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
			if found := table.find(key.System, key.Code); len(found) != len(starts) {
				t.Fatalf("%q: %d rows, want %d", key, len(found), len(starts))
			}
		}
		if n != table.Len() {
			t.Fatalf("%d rows are indexed of %d", n, table.Len())
		}
	})
}

// all are the rows of a table.
func (t *SiteTable) all() []SiteRow {
	var rows []SiteRow
	for line := range strings.Lines(string(t.data[t.body:])) {
		if row, err := parseSiteRow(strings.TrimSpace(line)); err == nil {
			rows = append(rows, row)
		}
	}
	return rows
}

// BenchmarkSiteTable measures what a table of 300,000 rows costs a start, with the fingerprint that
// goes into the ruleset.
func BenchmarkSiteTable(b *testing.B) {
	var text strings.Builder
	all := Embedded().Ingredients()
	for i := range 300_000 {
		fmt.Fprintln(&text, SiteRow{
			System: codes.NDC, Code: fmt.Sprintf("%011d", i*7919), Ingredient: all[i/7%len(all)].Name, Systemic: drugs.SystemicYes, Strength: "50",
			Name: "made-up 50 MG Extended Release Oral Tablet [Brand]", Route: "oral",
		})
	}
	b.Run("load", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			readSite(b, text.String())
		}
	})
	b.Run("sealed", func(b *testing.B) {
		var sealed strings.Builder
		if err := WriteSiteTable(&sealed, readSite(b, text.String()).all()); err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			readSite(b, sealed.String())
		}
	})
	table := readSite(b, text.String())
	b.Run("fingerprint", func(b *testing.B) {
		for b.Loop() {
			siteTerms(b, table).Fingerprint()
		}
	})
	b.Run("lookup", func(b *testing.B) {
		own := siteTerms(b, table)
		b.ReportAllocs()
		for b.Loop() {
			own.Classify([]codes.Coding{{System: codes.NDC, Code: "00079190000"}}, nil)
		}
	})
}
