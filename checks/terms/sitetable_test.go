package terms

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
	"github.com/rlsguard/rlsguard/checks/terms/site"
)

func ReadSite(t testing.TB, text string) *site.Table {
	t.Helper()
	table, err := site.Read("own.tsv", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func siteTerms(t testing.TB, tables ...*site.Table) *Terms {
	t.Helper()
	own, err := New(Options{SiteTables: tables})
	if err != nil {
		t.Fatal(err)
	}
	return own
}

func TestSiteColumns(t *testing.T) {
	own := siteTerms(t, ReadSite(t, strings.Join([]string{
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
	first := ReadSite(t, codes.RxNorm+"\t312938\tfluoxetine\ns\t1\t-\n")
	second := ReadSite(t, "s\t1\tsertraline\ns\t2\tsertraline\ns\tBN\tsertraline\tunknown\t\t\tBN\n")
	own := siteTerms(t, first, second)
	for _, c := range []struct {
		codings []codes.Coding
		want    string
		why     string
	}{
		{[]codes.Coding{{System: codes.RxNorm, Code: "312938"}}, "fluoxetine", "over the embedded tables"},
		{[]codes.Coding{{System: "urn:oid:2.16.840.1.113883.6.88", Code: "312938"}}, "fluoxetine",
			"by another name of the system"},
		{[]codes.Coding{{System: codes.RxNorm, Code: "36437"}}, "sertraline", "what the site does not have stays"},
		{[]codes.Coding{{System: "s", Code: "1", Display: "sertraline"}}, "", "an ordinary drug whatever its name"},
		{[]codes.Coding{{System: "s", Code: "2"}}, "sertraline", "from the second table"},
		{[]codes.Coding{{System: "s", Code: "BN"}, {System: codes.RxNorm, Code: "310384"}}, "fluoxetine 10",
			"a brand gives way to a product"},
	} {
		if got := drugsIn(own.Classify(c.codings, nil)); got != c.want {
			t.Errorf("%s: %q, want %q", c.why, got, c.want)
		}
	}
}

func TestSiteRowsOfNoFile(t *testing.T) {
	for _, row := range []site.Row{
		{System: "s", Code: "c", Ingredient: "sertraline", Name: "a\tb"},
		{System: "s", Code: "c\nd", Ingredient: "-"},
	} {
		if _, err := New(Options{Site: []site.Row{row}}); err == nil {
			t.Errorf("%+v is taken", row)
		}
	}
}

func TestFingerprintCoversSiteTables(t *testing.T) {
	const row = "s\t1\tgabapentin\n"
	if siteTerms(t, ReadSite(t, row)).Fingerprint() == siteTerms(t,
		ReadSite(t, row+"s\t9\tsertraline\n")).Fingerprint() {
		t.Error("an added row leaves no trace in the fingerprint")
	}
}

// BenchmarkSiteTable measures what a table of 300,000 rows costs at the start, including the
// fingerprint in the ruleset.
func BenchmarkSiteTable(b *testing.B) {
	var text strings.Builder
	all := drugs.All()
	for i := range 300_000 {
		fmt.Fprintln(&text, site.Row{
			System: codes.NDC, Code: fmt.Sprintf("%011d", i*7919), Ingredient: all[i/7%len(all)].Name,
			Systemic: drugs.SystemicYes, Strength: "50",
			Name: "made-up 50 MG Extended Release Oral Tablet [Brand]", Route: "oral",
		})
	}
	b.Run("load", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			ReadSite(b, text.String())
		}
	})
	b.Run("sealed", func(b *testing.B) {
		var sealed strings.Builder
		if err := site.Write(&sealed, slices.Collect(ReadSite(b, text.String()).Rows())); err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			ReadSite(b, sealed.String())
		}
	})
	table := ReadSite(b, text.String())
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
