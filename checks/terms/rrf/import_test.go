package rrf

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rlsguard/rlsguard/checks/terms"
	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/checks/terms/site"
)

// brief is the outcome for a code: its ingredients with strengths, where it acts, and what is said
// of the code.
func brief(rows []site.Row, system, code string) string {
	var parts []string
	for _, r := range rows {
		if r.System != system || r.Code != code {
			continue
		}
		unit := ""
		if r.PerML {
			unit = "/mL"
		}
		parts = append(
			parts,
			strings.TrimSpace(
				strings.Join(
					[]string{r.Ingredient, r.Strength + unit, r.Systemic.String(), r.Route, r.Kind, r.Status},
					" ",
				),
			),
		)
	}
	return strings.Join(strings.Fields(strings.Join(parts, " + ")), " ")
}

func TestImportConcepts(t *testing.T) {
	table := importSmall(t)
	for _, c := range []struct{ code, want, why string }{
		{"36437", "sertraline unknown IN", "an ingredient"},
		{"990010", "sertraline unknown PIN", "a salt that the tables do not list"},
		{"991001", "sertraline 50 unknown SCDC", "a component"},
		{"992001", "sertraline 50 yes oral SCD", "a product"},
		{"993001", "sertraline yes oral SCDF", "a form"},
		{"993002", "sertraline yes oral SCDG", "a dose group"},
		{"994001", "sertraline unknown BN", "a brand"},
		{"995001", "sertraline 50 unknown SBDC", "a branded component"},
		{"996001", "sertraline 50 yes oral SBD", "a branded product"},
		{"997001", "sertraline yes oral SBDF", "a branded form, whose dose form only its name tells"},
		{"997002", "sertraline yes oral SBDG", "a branded dose group"},
		{"992002", "oxycodone 5 yes oral SCD", "a combination with one drug of ours"},
		{"998001", "oxycodone unknown MIN", "its set of ingredients"},
		{"992003", "diphenhydramine 25 yes oral SCD + oxycodone 5 yes oral SCD", "two drugs of ours, a strength each"},
		{"992004", "", "its partner alone"},
		{"991002", "", "the component of the partner"},
		{"161", "", "the partner as ingredient takes nothing from its combinations"},
		{"992005", "doxylamine 10 yes oral SCD", "a partner that matters is in the name"},
		{"992006", "gabapentin enacarbil 300 yes oral SCD", "a prodrug is a drug of its own"},
		{"991007", "gabapentin enacarbil 300 unknown SCDC", "its component, which has both"},
		{"993003", "gabapentin yes oral SCDF", "a form that is broader than the prodrug"},
		{"992007", "gabapentin 50/mL yes oral SCD", "a strength per millilitre"},
		{"992008", "bilastine 20 yes oral SCD", "an ingredient without code in the tables"},
		{"992020", "diphenhydramine 20/mL no topical SCD", "a cream"},
		{"996020", "diphenhydramine 20/mL no topical SBD", "a branded cream"},
		{"994020", "diphenhydramine no BN", "a brand of creams only"},
		{"992022", "doxepin 50/mL low_absorbed topical SCD", "the cream that is absorbed"},
		{"992023", "azelastine no nasal SCD", "an antihistamine into the nose"},
		{"992024", "butorphanol yes nasal SCD", "an opioid into the nose"},
		{"992030", "sertraline 200 yes oral SCD obsolete", "withdrawn, known by its name only"},
		{"992031", "diphenhydramine 25 yes oral SCD obsolete", "a withdrawn combination"},
		{"992032", "diphenhydramine 10/mL no topical SCD obsolete", "a withdrawn cream"},
		{"992033", "", "a withdrawn ordinary drug"},
		{"992034", "sertraline 30 yes oral SCD suppressed", "suppressed, with relations"},
		{"999001", "sertraline yes oral GPCK", "a pack with an ordinary drug"},
		{"999002", "diphenhydramine no topical BPCK + sertraline yes oral BPCK", "a pack of a tablet and a cream"},
	} {
		if got := brief(table.Rows, codes.RxNorm, c.code); got != c.want {
			t.Errorf("%s (%s): %q, want %q", c.code, c.why, got, c.want)
		}
	}
}

func TestImportPackages(t *testing.T) {
	table := importSmall(t)
	var held []string
	for _, r := range table.Rows {
		if r.System == codes.NDC && !slices.Contains(held, r.Code) {
			held = append(held, r.Code)
		}
	}
	want := []string{
		"00000-0001", "00000000101", "00069-4900", "00069490030", "00069490041", "00268-0430", "00268043005",
		"11111-0222", "11111-2222",
		"11111022233", "11111222203", "22222-3333", "22222333344", "33333-4444", "33333444455", "44444-3333",
		"44444333322",
	}
	if diff := cmp.Diff(want, held); diff != "" {
		t.Errorf("codes (-want +got):\n%s", diff)
	}
	for code, want := range map[string]string{
		"00069490030": "sertraline 50 yes oral",
		"00268043005": "sertraline 50 yes oral obsolete",
		"22222333344": "diphenhydramine 20/mL no topical",
		"00000000101": "diphenhydramine 25 yes oral obsolete + oxycodone 5 yes oral obsolete",
		"44444333322": "sertraline yes oral",
		"00069-4900":  "sertraline 50 yes oral",
	} {
		if got := brief(table.Rows, codes.NDC, code); got != want {
			t.Errorf("%s: %q, want %q", code, got, want)
		}
	}
}

func TestImportTells(t *testing.T) {
	f := small()
	f.concept(312938, "SCD", "gabapentin 100 MG Oral Capsule") // sertraline in the tables
	f.relate(312938, "has_ingredient", gabapentin)
	f.concept(4493, "IN", "notfluoxetine") // fluoxetine in the tables
	f.ndc(992001, "RXNORM", "77777777777", "N")
	f.ndc(992007, "RXNORM", "77777777777", "N")
	table, err := Import(f.release())
	if err != nil {
		t.Fatal(err)
	}
	r := table.Report
	if !slices.ContainsFunc(r.Contradictions, func(c Contradiction) bool {
		return cmp.Equal(c, Contradiction{"312938", "SCD", []string{"sertraline"}, []string{"gabapentin"}})
	}) {
		t.Errorf("contradictions: %+v", r.Contradictions)
	}
	if diff := cmp.Diff([]Contradiction{{"4493", "IN", []string{"fluoxetine"}, []string{"notfluoxetine"}}},
		r.Renamed); diff != "" {
		t.Errorf("renamed (-want +got):\n%s", diff)
	}
	got := []int{
		r.Ingredients,
		r.Packages,
		r.Withdrawn,
		r.ByName,
		r.Reversed,
		r.Dangling,
		r.OddPackages,
		r.PackageConflicts,
	}
	if diff := cmp.Diff([]int{11, 10, 4, 3, 0, 0, 1, 1}, got); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	if got, want := brief(table.Rows, codes.NDC, "77777777777"),
		"gabapentin 50/mL yes oral + sertraline 50 yes oral"; got != want {
		t.Errorf("a package code of two products: %q, want %q", got, want)
	}
}

// The table loads as written, and answers for its codes.
func TestTheTableLoads(t *testing.T) {
	table := importSmall(t)
	var text strings.Builder
	for _, r := range table.Rows {
		text.WriteString(r.String() + "\n")
	}
	read, err := site.Read("rxnorm.tsv", strings.NewReader(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	own, err := terms.New(terms.Options{SiteTables: []*site.Table{read}})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range table.Rows {
		m := own.Classify([]codes.Coding{{System: r.System, Code: r.Code}}, nil)
		if m.SiteTable != "rxnorm.tsv" || !slices.ContainsFunc(m.Found, func(f terms.Found) bool {
			return f.Name == r.Ingredient && f.Strength == r.Strength && f.PerML == r.PerML
		}) {
			t.Errorf("%s %s: %+v", r.System, r.Code, m)
		}
	}
	if m := own.Classify([]codes.Coding{{System: codes.NDC, Code: "33333-4444-55"}}, nil); !slices.Equal(
		m.With,
		[]string{"pyridoxine"},
	) {
		t.Errorf("doxylamine by package code stands with %v", m.With)
	}
	if m := own.Classify([]codes.Coding{{System: codes.RxNorm, Code: "994001"}, {System: codes.RxNorm, Code: "992020"}},
		nil); m.Matched != "992020" {
		t.Errorf("a brand decides over a product: %+v", m)
	}
}

// Windows line ends, a byte order mark and one direction of each relation change nothing.
func TestVariantsOfAFile(t *testing.T) {
	want := importSmall(t).Rows
	f := small()
	crlf := func(s string) *strings.Reader {
		return strings.NewReader("\ufeff" + strings.ReplaceAll(s, "\n", "\r\n"))
	}
	table, err := Import(
		Release{Concepts: crlf(f.conso.String()), Relations: crlf(f.rel.String()), Attributes: crlf(f.sat.String())},
	)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(rowsText(want), rowsText(table.Rows)); diff != "" {
		t.Errorf("CRLF (-want +got):\n%s", diff)
	}
	for parity := range 2 {
		var half strings.Builder
		n := 0
		for line := range strings.Lines(f.rel.String()) {
			if n++; n%2 == parity {
				half.WriteString(line)
			}
		}
		table, err := Import(
			Release{Concepts: strings.NewReader(f.conso.String()), Relations: strings.NewReader(half.String())},
		)
		if err != nil {
			t.Fatal(err)
		}
		without := slices.DeleteFunc(slices.Clone(want), func(r site.Row) bool { return r.System == codes.NDC })
		if diff := cmp.Diff(rowsText(without), rowsText(table.Rows)); diff != "" {
			t.Errorf("one direction (-want +got):\n%s", diff)
		}
	}
}

// A term type of a later release, and source atoms, are skipped.
func TestUnknownTermTypes(t *testing.T) {
	f := small()
	for id := 880001; id < 880050; id++ {
		f.concept(id, "SCDX", "sertraline of a new kind")
		f.relate(id, "has_ingredient", sertraline)
		f.atom(id+1000, "MTHSPL:SU", "sertraline", "N")
	}
	f.atom(992001, "PSN", "sertraline 50 MG tablet", "N")
	table, err := Import(f.release())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(rowsText(importSmall(t).Rows), rowsText(table.Rows)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if table.Report.Dangling != 0 {
		t.Errorf("%d relations lead nowhere", table.Report.Dangling)
	}
}

func rowsText(rows []site.Row) []string {
	lines := make([]string, len(rows))
	for i, r := range rows {
		lines[i] = r.String()
	}
	return lines
}

func checkLoads(t *testing.T, table *Table) {
	t.Helper()
	if _, err := site.Read("", strings.NewReader(strings.Join(rowsText(table.Rows), "\n"))); err != nil {
		t.Fatal(err)
	}
	if !slices.IsSortedFunc(table.Rows, site.Compare) {
		t.Fatal("not sorted")
	}
}
