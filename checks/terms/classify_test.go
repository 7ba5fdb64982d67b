package terms

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/checks/terms/site"
)

// drugsIn writes what was found as "name" or "name strength" (with /ml), joined by " + ", so that
// the tables below read like a list of drugs.
func drugsIn(m Match) string {
	var list []string
	for _, f := range m.Found {
		s := f.Name
		if f.Strength != "" {
			s += " " + f.Strength
		}
		if f.PerML {
			s += "/ml"
		}
		if f.Hours != "" {
			s += " " + f.Released + "/" + f.Hours + " h"
		}
		if f.Doubt != "" {
			s += " (?)"
		}
		list = append(list, s)
	}
	return strings.Join(list, " + ")
}

func TestCodes(t *testing.T) {
	for _, c := range []struct {
		system, code string
		want         string
		systemic     string
		specific     bool
	}{
		// RxNorm, by kind of concept
		{codes.RxNorm, "36437", "sertraline", "unknown", false},             // ingredient
		{codes.RxNorm, "82112", "trazodone", "unknown", false},              // salt
		{codes.RxNorm, "6448", "lithium", "unknown", false},                 // the lithium rows are one drug
		{codes.RxNorm, "42351", "lithium", "unknown", false},                // lithium carbonate
		{codes.RxNorm, "52105", "lithium", "unknown", false},                // lithium citrate
		{codes.RxNorm, "28815", "lithium", "unknown", false},                // lithium orotate
		{codes.RxNorm, "1101333", "gabapentin enacarbil", "unknown", false}, // a prodrug is a drug of its own
		// also listed as a salt of ferric pyrophosphate
		{codes.RxNorm, "1607975", "ferric pyrophosphate citrate", "unknown", false},
		{codes.RxNorm, "312938", "sertraline 100", "yes", true},
		{codes.RxNorm, "483440", "pregabalin 150", "yes", true},
		{codes.RxNorm, "352272", "escitalopram 10", "yes", true},
		{codes.RxNorm, "309438", "codeine 2/ml + promethazine 1.25/ml", "yes", true},
		{codes.RxNorm, "1050077", "diphenhydramine 20/ml", "no", true},   // cream
		{codes.RxNorm, "1000091", "doxepin 50/ml", "low_absorbed", true}, // cream that is absorbed
		{codes.RxNorm, "103569", "lithium", "no", true},                  // ointment
		{codes.RxNorm, "1115573", "fentanyl", "yes", true},               // nasal opioid
		{codes.RxNorm, "1797895", "olopatadine", "no", true},             // nasal antihistamine
		{codes.RxNorm, "2119388", "esketamine", "yes", true},             // a pack tells no strength
		{codes.RxNorm, "214565", "fexofenadine", "unknown", false},       // several ingredients, one of ours
		// a brand's code decides, whatever its name means elsewhere
		{codes.RxNorm, "152371", "diphenhydramine", "unknown", false},
		{codes.RxNorm, "328670", "sertraline 100", "unknown", false}, // a component: ingredient and strength
		{codes.RxNorm, "197361", "", "unknown", false},               // amlodipine: an ordinary drug
		{"urn:oid:2.16.840.1.113883.6.88", "36437", "sertraline", "unknown", false},
		// ATC
		{codes.ATC, "N06AB06", "sertraline", "yes", false},
		{"http://fhir.de/CodeSystem/bfarm/atc", "N06AB06", "sertraline", "yes", false},
		{"http://fhir.de/CodeSystem/dimdi/atc", "N06AB06", "sertraline", "yes", false},
		{"urn:oid:2.16.840.1.113883.6.73", "N06AB06", "sertraline", "yes", false},
		{codes.ATC, "N02BF01", "gabapentin", "yes", false}, // shared with the prodrug: named after the first row
		{codes.ATC, "N03AX12", "gabapentin", "yes", false}, // the code before it moved
		{codes.ATC, "N05AX12", "aripiprazole", "yes", false},
		{codes.ATC, "N05AN01", "lithium", "yes", false},
		{codes.ATC, "N06CA03", "fluoxetine + olanzapine", "yes", false}, // rows of two classes: a combination
		{codes.ATC, "N05BB01", "hydroxyzine", "yes", false},
		{codes.ATC, "G04BX14", "dapoxetine", "yes", false},
		{codes.ATC, "N05BA05", "clorazepate", "yes", false},
		{codes.ATC, "M03BC01", "orphenadrine", "yes", false},
		{codes.ATC, "D11AX04", "lithium", "no", false},
		{codes.ATC, "D04AA32", "diphenhydramine", "no", false},
		{codes.ATC, "D04AX01", "doxepin", "low_absorbed", false},
		{codes.ATC, "S01GX08", "ketotifen", "no", false},
		{codes.ATC, "N06AX27", "esketamine", "yes", false}, // nasal, and central by intent
		{codes.ATC, "N05A", "", "unknown", false},          // a group is nobody's code
		{codes.ATC, "N06AB", "", "unknown", false},
		{codes.ATC, "N06AB06x", "", "unknown", false},
		{codes.ATC, "B01AB0asd1", "", "unknown", false},
		// Systems without a table
		{codes.SNOMED, "108505002", "", "unknown", false},
		{codes.NDC, "0069-4900-30", "", "unknown", false},
		{"", "36437", "", "unknown", false}, // a missing system is never guessed
	} {
		m := Embedded().Classify([]codes.Coding{{System: c.system, Code: c.code}}, nil)
		if got := drugsIn(m); got != c.want || m.Systemic.String() != c.systemic || m.Specific != c.specific {
			t.Errorf(
				"%s %s: %q systemic %s specific %t, want %q %s %t",
				c.system,
				c.code,
				got,
				m.Systemic,
				m.Specific,
				c.want,
				c.systemic,
				c.specific,
			)
		}
	}
}

func TestIdentified(t *testing.T) {
	for _, c := range []struct {
		why    string
		coding codes.Coding
		name   string
		want   bool
	}{
		{"nothing at all", codes.Coding{}, "", false},
		{"RxNorm code of an ordinary drug", codes.Coding{System: codes.RxNorm, Code: "197361"}, "", true},
		{"RxNorm code that nobody knows", codes.Coding{System: codes.RxNorm, Code: "99999999"}, "", false},
		{"RxNorm code of the release whose drug is not known here", codes.Coding{System: codes.RxNorm, Code: "1151122"},
			"", false},
		{"malformed RxNorm code", codes.Coding{System: codes.RxNorm, Code: "19736X"}, "", false},
		{"ATC code of an ordinary drug", codes.Coding{System: codes.ATC, Code: "C08CA01"}, "", true},
		{"ATC group", codes.Coding{System: codes.ATC, Code: "C09A"}, "", true},
		{"malformed ATC code", codes.Coding{System: codes.ATC, Code: "B01AB0asd1"}, "", false},
		{"NDC without a name", codes.Coding{System: codes.NDC, Code: "0069-4900-30"}, "", false},
		{"NDC with a display", codes.Coding{System: codes.NDC, Code: "0069-4900-30", Display: "Coumadin 5mg tablet"},
			"", true},
		{"SNOMED CT without a name", codes.Coding{System: codes.SNOMED, Code: "322236009"}, "", false},
		{"PZN with a text", codes.Coding{System: "http://fhir.de/CodeSystem/ifa/pzn", Code: "08999233"},
			"METFORMIN STADA 850 mg", true},
		{"data absent", codes.Coding{System: codes.Absent, Code: "unknown", Display: "Unknown"}, "", false},
		{"null flavour with a display", codes.Coding{System: codes.NullFlav, Code: "OTH", Display: "ask the wife"}, "",
			false},
		{"no system", codes.Coding{Code: "36437"}, "", false},
		{"placeholder", codes.Coding{}, "see comments", false},
		{"placeholder in German", codes.Coding{}, "Unbekannt", false},
		{"placeholder in capitals", codes.Coding{}, "N/A", false},
		{"only a dose form and a number", codes.Coding{}, "Tablet 10 mg", false},
		{"punctuation", codes.Coding{}, "--- ???", false},
		{"a name of nobody's", codes.Coding{}, "Foobarol", true},
		{"a statement", codes.Coding{}, "No known current medicines", false},
	} {
		var codings []codes.Coding
		if c.coding != (codes.Coding{}) {
			codings = append(codings, c.coding)
		}
		m := Embedded().Classify(codings, []string{c.name})
		if m.Identified != c.want || len(m.Found) > 0 {
			t.Errorf("%s: identified %t, found %q", c.why, m.Identified, drugsIn(m))
		}
	}
}

func TestSeveralCodings(t *testing.T) {
	sertraline := codes.Coding{System: codes.RxNorm, Code: "312938"}
	for _, c := range []struct {
		why     string
		codings []codes.Coding
		want    string
		by      matchedBy
		told    string
	}{
		{"a product over its ingredient", []codes.Coding{{System: codes.RxNorm, Code: "36437"}, sertraline},
			"sertraline 100", MatchedCode, ""},
		{"a product over another drug's ATC code, and that is told",
			[]codes.Coding{{System: codes.ATC, Code: "N06AB04"}, sertraline}, "sertraline 100", MatchedCode,
			"atc.tsv has citalopram for N06AB04, products.tsv has sertraline for 312938"},
		{"two ingredients of one rank both count", []codes.Coding{{System: codes.RxNorm, Code: "36437"},
			{System: codes.ATC, Code: "N06AB04"}}, "sertraline + citalopram", MatchedCode,
			"ingredients.tsv has sertraline for 36437, atc.tsv has citalopram for N06AB04"},
		{"a recognised code decides before any display", []codes.Coding{{System: codes.RxNorm, Code: "312938",
			Display: "citalopram 20 MG"}}, "sertraline 100", MatchedCode, ""},
		{"a product over its component", []codes.Coding{{System: codes.RxNorm, Code: "328670"}, sertraline},
			"sertraline 100", MatchedCode, ""},
		{"an ordinary code leaves it to the display",
			[]codes.Coding{{System: codes.RxNorm, Code: "8", Display: "Sertraline 100MG"}}, "sertraline 100",
			matchedName, ""},
		{"an unknown code beside a known one", []codes.Coding{{System: codes.SNOMED, Code: "1"},
			{System: codes.ATC, Code: "N06AB06"}}, "sertraline", MatchedCode, ""},
	} {
		m := Embedded().Classify(c.codings, nil)
		if drugsIn(m) != c.want || m.By != c.by || m.Disagreement != c.told {
			t.Errorf("%s: %q by %s, told %q", c.why, drugsIn(m), m.By, m.Disagreement)
		}
	}
}

func TestOptions(t *testing.T) {
	table, err := site.Read(
		"own.tsv",
		strings.NewReader("# local codes\n\nhttp://fhir.de/CodeSystem/ifa/pzn\t00408362\tgabapentin\n"+
			"urn:oid:2.16.840.1.113883.6.69\t0069-4900-30\tsertraline\n"+
			"http://snomed.info/sct\t1\tfluoxetine\nhttp://snomed.info/sct\t1\tolanzapine\n"),
	)
	if err != nil {
		t.Fatal(err)
	}
	own, err := New(Options{Region: "UK", WithoutATC: true, SiteTables: []*site.Table{table}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		coding codes.Coding
		want   string
	}{
		{codes.Coding{System: "http://fhir.de/CodeSystem/ifa/pzn", Code: "00408362"}, "gabapentin"},
		{codes.Coding{System: codes.NDC, Code: "00069490030"}, "sertraline"},
		{codes.Coding{System: codes.NDC, Code: "0069-4900-30"}, "sertraline"},
		{codes.Coding{System: codes.SNOMED, Code: "1", Display: "whatever"}, "fluoxetine + olanzapine"},
		{codes.Coding{System: codes.ATC, Code: "N06AB06", Display: "Foobarol"}, ""},
		{codes.Coding{Display: "Sominex"}, "promethazine"},
		{codes.Coding{Display: "Postafen"}, "meclizine"},
	} {
		m := own.Classify([]codes.Coding{c.coding}, nil)
		if got := drugsIn(m); got != c.want || !m.Identified {
			t.Errorf("%v: %q (%t), want %q", c.coding, got, m.Identified, c.want)
		}
	}
	if own.Fingerprint() == Embedded().Fingerprint() {
		t.Error("options leave no trace in the fingerprint")
	}
	if again, _ := New(Options{Region: "UK", WithoutATC: true,
		SiteTables: []*site.Table{table}}); again.Fingerprint() != own.Fingerprint() {
		t.Error("the same options have two fingerprints")
	}
}

func TestSiteTableErrors(t *testing.T) {
	for text, want := range map[string]string{
		"a\tb\n": "site table, line 1: 2 fields, want system, code and ingredient " +
			"separated by tabs, and at most 9",
		"# x\ns\tc\tsertraline\ns\tc\tsalt": `site table, line 3: no ingredient "salt" in the tables`,
		"s\t \tsertraline":                  "site table, line 1: system or code is empty",
	} {
		if _, err := site.Read("", strings.NewReader(text)); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	if _, err := New(Options{Site: []site.Row{{System: "s", Code: "c", Ingredient: "salt"}}}); err == nil {
		t.Error("New takes an ingredient that the tables do not hold")
	}
}

func TestATCTableMayBeEmpty(t *testing.T) {
	if codes := loadATC("").byCode; len(codes) != 0 {
		t.Errorf("%d codes", len(codes))
	}
	if codes := loadATC("ingredient\tatc\tatc_local\n").byCode; len(codes) != 0 {
		t.Errorf("%d codes", len(codes))
	}
}

// What is found belongs to the caller: changing it changes no later answer.
func TestAnswersAreNotShared(t *testing.T) {
	ask := func() Match { return Embedded().Classify([]codes.Coding{{System: codes.ATC, Code: "N06CA03"}}, nil) }
	before := ask()
	ask().Found[0].Ingredient = nil
	if diff := cmp.Diff(drugsIn(before), drugsIn(ask())); diff != "" {
		t.Error(diff)
	}
}
