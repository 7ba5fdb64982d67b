package terms

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/checks/terms/data"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
)

// saysOf is the outcome for one code: its drugs, or what is known of it.
func saysOf(system, code, display string) string {
	m := Embedded().Classify([]codes.Coding{{System: system, Code: code, Display: display}}, nil)
	if len(m.Found) == 0 {
		return cmp.Or(m.Known, m.NotKnown)
	}
	return drugsIn(m)
}

// A package or product code is known in every form in which it is written.
func TestNDCForms(t *testing.T) {
	for _, code := range []string{
		"00002-3230-30", "00002323030", "0002-3230-30", "0002323030", "0002-3230", "00002-3230", "000023230",
		"000002323030", " 0002-3230-30 ",
		"NDC 0002-3230-30", "ndc:00002323030", "N400002323030", "0002‑3230‑30", "0002 3230 30", "00002-3230-99",
		"00002323099", "*0002-3230-30",
	} {
		for _, system := range []string{codes.NDC, "urn:oid:2.16.840.1.113883.6.69", "https://hl7.org/fhir/sid/ndc",
			" http://hl7.org/fhir/sid/ndc/ "} {
			if got := saysOf(system, code, ""); got != "fluoxetine 25 + olanzapine 3" {
				t.Errorf("%s %q: %q", system, code, got)
			}
		}
	}
	for code, want := range map[string]string{
		"":                      "",
		"-":                     "",
		"0002-":                 "",
		"0002-3230-":            "",
		"99999-9999-99":         "", // may be any drug: the table has only ours
		"2323030":               "",
		"00002323030x":          "",
		"000023230301":          "",
		"012345678901234567890": "",
	} {
		m := Embedded().Classify([]codes.Coding{{System: codes.NDC, Code: code}}, nil)
		if got := drugsIn(m); got != want || m.Identified {
			t.Errorf("%q: %q, identified %t", code, got, m.Identified)
		}
	}
}

// A product whose packages contain several drugs, or another drug, is doubtful; if all are of one
// class, only the drug is.
func TestNDCProductsOfSeveralDrugs(t *testing.T) {
	for code, want := range map[string]struct {
		found         string
		doubt, unsure bool
	}{
		"00363-0034":  {"brompheniramine + chlorpheniramine", false, true}, // both sedating antihistamines
		"00363-0752":  {"chlorpheniramine + loratadine", true, false},
		"68016-0012":  {"diphenhydramine", true, false}, // and bisacodyl
		"00002323030": {"fluoxetine + olanzapine", false, false},
	} {
		m := Embedded().Classify([]codes.Coding{{System: codes.NDC, Code: code}}, nil)
		var names []string
		doubt, unsure := true, true
		for _, f := range m.Found {
			names = append(names, f.Name)
			doubt, unsure = doubt && f.Doubt != "", unsure && f.Unsure != ""
		}
		slices.Sort(names)
		if got := strings.Join(names, " + "); got != want.found || doubt != want.doubt || unsure != want.unsure {
			t.Errorf("%s: %s, doubt %t, unsure %t", code, got, doubt, unsure)
		}
	}
}

// Every code of the sources, in the form most orders use.
func TestEveryPackageIsFound(t *testing.T) {
	n := 0
	for line := range data.Rows(readSource(t, "ndc.tsv.gz")) {
		p, listed := findProduct(data.Field(line, 0))
		for code := range data.Values(data.Field(line, 1)) {
			m := Embedded().Classify([]codes.Coding{{System: codes.NDC, Code: code}}, nil)
			switch {
			case !listed && (len(m.Found) > 0 || m.Known == ""):
				t.Errorf("%s: %s, known %q", code, drugsIn(m), m.Known)
			case listed && !sameDrugs(m.Found, foundOf(drugs.List(p.ingredients))):
				t.Errorf("%s: %s, want %s", code, drugsIn(m), p.ingredients)
			case listed:
				n++
			}
		}
	}
	if n < 51_473 {
		t.Errorf("%d package codes of our drugs", n)
	}
}

func TestDMD(t *testing.T) {
	for _, system := range []string{codes.DMD, codes.SNOMED, "https://dmd.nhs.uk/VMP", "http://dmd.nhs.uk",
		"http://snomed.info/sct/83821000000107", "urn:oid:2.16.840.1.113883.6.96"} {
		if got := saysOf(system, " 19180811000001109 ", ""); got != "cyclizine 30 + dipipanone 10" {
			t.Errorf("%s: %q", system, got)
		}
	}
	n := 0
	for line := range data.Rows(readSource(t, "dmd.tsv.gz")) {
		m := Embedded().Classify([]codes.Coding{{System: codes.DMD, Code: data.Field(line, 0)}}, nil)
		if !sameDrugs(m.Found, foundOf(drugs.List(data.Field(line, 1)))) || m.Table != data.DMDFile {
			t.Errorf("%s: %s, want %s", data.Field(line, 0), drugsIn(m), data.Field(line, 1))
		}
		n++
	}
	if n < 6_685 {
		t.Errorf("%d dm+d codes", n)
	}
	for _, code := range []string{"1", "38341003", "999999999999999999", "1234567890123456789", "x"} {
		if m := Embedded().Classify([]codes.Coding{{System: codes.SNOMED, Code: code}}, nil); len(m.Found) > 0 ||
			m.Identified {
			t.Errorf("%s: %s, identified %t", code, drugsIn(m), m.Identified)
		}
	}
}

// Codes whose own names are unknown here: the names of the order say which other drugs the product
// contains.
func TestNamelessCodes(t *testing.T) {
	for _, c := range []struct{ code, display, want, why string }{
		{"141927", "", "alprazolam", "a brand of letter A"},
		{"1151204", "", "diphenhydramine", "a mixture, by the name of its clique"},
		{"1151204", "acetaminophen / diphenhydramine Oral Product", "diphenhydramine", "with that name"},
		{"1154057", "aspirin / butalbital / caffeine / codeine Pill", "butalbital + codeine",
			"a mixture of two of ours"},
		{"1151204", "chlorpheniramine / diphenhydramine Oral Product", "chlorpheniramine + diphenhydramine",
			"a name that adds a part"},
		{"1151204", "sertraline 50 mg", "diphenhydramine", "a name of another drug changes nothing"},
	} {
		if got := saysOf(codes.RxNorm, c.code, c.display); got != c.want {
			t.Errorf("%s %q (%s): %q, want %q", c.code, c.display, c.why, got, c.want)
		}
	}
	// A code that stands for one of two drugs of a class.
	for line := range data.Rows(data.RxNorm) {
		if data.Field(line, 3) == "" {
			continue
		}
		ask := func(display string) Match {
			return Embedded().Classify(
				[]codes.Coding{{System: codes.RxNorm, Code: data.Field(line, 0), Display: display}},
				nil,
			)
		}
		if m := ask(""); len(m.Found) != 1 || m.Found[0].Unsure == "" || m.Found[0].Doubt != "" {
			t.Fatalf("%s: %+v", line, m.Found)
		}
		if m := ask(data.Field(line, 3)); drugsIn(m) != data.Field(line, 3) {
			t.Fatalf("%s with the name of the other: %s", line, drugsIn(m))
		}
		if m := ask(data.Field(line, 1)); drugsIn(m) != data.Field(line, 1) || m.Found[0].Unsure != "" {
			t.Fatalf("%s with its own name: %+v", line, m.Found)
		}
	}
}

func TestNamelessCodesAreSorted(t *testing.T) {
	last := ""
	for line := range data.Rows(data.RxNorm) {
		code := data.Field(line, 0)
		if last != "" && compareNumbers(last, code) >= 0 {
			t.Errorf("%s after %s", code, last)
		}
		last = code
		_, product := findProduct(code)
		if _, ingredient := drugs.ByRxNorm(code); product || ingredient {
			t.Errorf("%s is in another table too", code)
		}
		for name := range data.Values(data.Field(line, 1) + "|" + data.Field(line, 3)) {
			if drugs.Named(name) == nil {
				t.Errorf("%s: no ingredient %q", code, name)
			}
		}
		if len(drugs.List(data.Field(line, 3))) > 0 &&
			!slices.Equal(drugs.Classes(drugs.List(data.Field(line, 1))),
				drugs.Classes(drugs.List(data.Field(line, 3)))) {
			t.Errorf("%s: others of another class", line)
		}
	}
}

// What is known of a code without a drug of ours, and whether it identifies an order.
func TestOtherDrugsAndUnknownCodes(t *testing.T) {
	const release = "RxNorm's prescribable release of February 2026"
	for _, c := range []struct {
		system, code, display, want string
		identified                  bool
	}{
		{codes.RxNorm, "197361", "", "RxNorm 197361: another drug in " + release, true},
		{codes.RxNorm, " 197361", "", "RxNorm 197361: another drug in " + release, true},
		{codes.RxNorm, "999999999", "", "RxNorm 999999999 is neither in our tables nor in " + release, false},
		{codes.RxNorm, "999999999", "Foobarol 5 mg", "RxNorm 999999999 is neither in our tables nor in " + release,
			true},
		{codes.RxNorm, "1151122", "", "RxNorm 1151122 is in " + release +
			", but our tables do not say which drug it is", false},
		{codes.RxNorm, "x", "", "", false},
		{codes.ATC, "C08CA01", "", "ATC C08CA01: its group holds none of our drugs", true},
		{codes.ATC, "c08ca", "", "ATC C08CA: its group holds none of our drugs", true},
		{codes.ATC, "C09", "", "ATC C09: its group holds none of our drugs", true},
		{codes.ATC, "N05AX99", "", "ATC N05AX99 is in none of our tables, and its group holds drugs that are", false},
		{codes.ATC, "N05AX", "", "ATC N05AX is in none of our tables, and its group holds drugs that are", false},
		{codes.ATC, "N05", "", "ATC N05 is in none of our tables, and its group holds drugs that are", false},
		{codes.ATC, "N", "", "ATC N is in none of our tables, and its group holds drugs that are", false},
		{codes.ATC, "N05AX99", "Foobarol", "ATC N05AX99 is in none of our tables, and its group holds drugs that are",
			true},
		{"urn:oid:2.16.840.1.113883.6.73", "C01EB15", "", "trimetazidine", true},
		{codes.NDC, "68016-0012-01", "", "", false},
	} {
		m := Embedded().Classify([]codes.Coding{{System: c.system, Code: c.code, Display: c.display}}, nil)
		got := cmp.Or(drugsIn(m), m.Known, m.NotKnown)
		if c.system != codes.NDC && (got != c.want || m.Identified != c.identified) {
			t.Errorf(
				"%s %s %q: %q %t, want %q %t",
				c.system,
				c.code,
				c.display,
				got,
				m.Identified,
				c.want,
				c.identified,
			)
		}
	}
	without, err := New(Options{WithoutATC: true})
	if err != nil {
		t.Fatal(err)
	}
	if m := without.Classify([]codes.Coding{{System: codes.ATC, Code: "C08CA01"}}, nil); m.Identified || m.Known != "" {
		t.Error("without the ATC table nothing is known of an ATC code")
	}
}

// No release code that the tables know as ours is called another drug, nor any that was ours when
// the release was read.
func TestTheReleaseContradictsNoTable(t *testing.T) {
	count := map[uint64]int{}
	data.Packed(data.RxNormRelease).Between(0, 1<<62, func(_, value uint64) { count[value]++ })
	if count[releaseListed]+count[releaseOther]+count[releaseUnsaid] != 82_020 || count[releaseOther] < 58_000 {
		t.Errorf("%v codes of the release", count)
	}
	for line := range data.Rows(data.Products) {
		if s := standingOf(data.Field(line, 0)); s == standingOther {
			t.Errorf("%s is another drug by the release", line)
		}
	}
	for line := range data.Rows(data.RxNorm) {
		if s := standingOf(data.Field(line, 0)); s == standingOther {
			t.Errorf("%s is another drug by the release", line)
		}
	}
}

// A combination loses no part.
func TestCombinationsLoseNoPart(t *testing.T) {
	for text, want := range map[string]string{
		"Dipipanone 10mg / Cyclizine 30mg tablets": "dipipanone 10 + cyclizine 30",
		"Diconal tablets":                          "cyclizine + dipipanone",
		"Dimotane Co oral solution":                "brompheniramine + codeine",
		"Nobritol":                                 "amitriptyline + medazepam",
		"Reladorm":                                 "cyclobarbital + diazepam",
		"Vyalev":                                   "carbidopa + foslevodopa",
	} {
		if got := saysOf("", "", text); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

// FuzzNDC: any text either reads as a code or does not, and the form used to compare codes reads as
// itself.
func FuzzNDC(f *testing.F) {
	for _, code := range []string{"0002-3230-30", "NDC 00002323030", "N4", "0002323030", "000002-3230", "-", "*",
		"‐0"} {
		f.Add(code)
	}
	f.Fuzz(func(t *testing.T, code string) {
		if once := codes.ComparableNDC(code); codes.ComparableNDC(once) != once {
			t.Errorf("%q: %q, then %q", code, once, codes.ComparableNDC(once))
		}
		Embedded().Classify(
			[]codes.Coding{
				{System: codes.NDC, Code: code},
				{System: codes.DMD, Code: code},
				{System: codes.RxNorm, Code: code},
			},
			nil,
		)
	})
}
