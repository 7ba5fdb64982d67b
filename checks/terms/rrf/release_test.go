package rrf

import (
	"fmt"
	"strings"
	"testing"
)

// files builds a release in the exact format. Ingredients have their real codes, by which the
// tables know them; everything else is invented.
type files struct {
	conso, rel, sat strings.Builder
	rows            int
}

var inverses = map[string]string{
	"contains": "contained_in", "consists_of": "constitutes", "has_ingredient": "ingredient_of",
	"has_precise_ingredient": "precise_ingredient_of", "has_part": "part_of", "form_of": "has_form",
	"tradename_of": "has_tradename",
	"isa":          "inverse_isa", "has_ingredients": "ingredients_of", "has_dose_form": "dose_form_of",
	"has_doseformgroup": "doseformgroup_of",
}

// atom adds a concept; a source other than RxNorm precedes the term type, as in "MTHSPL:SU".
func (f *files) atom(id int, tty, name, suppress string) {
	f.rows++
	source, own, other := strings.Cut(tty, ":")
	if !other {
		source, own = "RXNORM", tty
	}
	fmt.Fprintf(
		&f.conso,
		"%d|ENG||||||%d|%d|%d||%s|%s|%d|%s||%s|4096|\n",
		id,
		f.rows,
		f.rows,
		id,
		source,
		own,
		id,
		name,
		suppress,
	)
}

func (f *files) concept(id int, tty, name string) { f.atom(id, tty, name, "N") }

// relate adds both directions of a relation from whole to each part.
func (f *files) relate(whole int, rela string, parts ...int) {
	for _, part := range parts {
		f.rows++
		fmt.Fprintf(&f.rel, "%d||CUI|RO|%d||CUI|%s|%d||RXNORM|||||4096|\n", part, whole, rela, f.rows)
		fmt.Fprintf(&f.rel, "%d||CUI|RO|%d||CUI|%s|%d||RXNORM|||||4096|\n", whole, part, inverses[rela], f.rows)
	}
}

func (f *files) ndc(id int, source, value, suppress string) {
	f.rows++
	fmt.Fprintf(&f.sat, "%d|||%d|AUI|%d|%d||NDC|%s|%s|%s|4096|\n", id, f.rows, id, f.rows, source, value, suppress)
}

func (f *files) release() Release {
	return Release{
		Concepts: strings.NewReader(
			f.conso.String(),
		), Relations: strings.NewReader(f.rel.String()), Attributes: strings.NewReader(f.sat.String()),
	}
}

// Ingredients by their real codes.
const (
	sertraline, diphenhydramine, acetaminophen, oxycodone, gabapentin, enacarbil = 36437, 3498, 161, 7804, 25480,
		1101333
	doxylamine, doxepin, butorphanol, azelastine = 3642, 3638, 1841, 18603
	pyridoxine, bilastine, zinc                  = 990001, 990002, 990003
)

func ingredients(f *files) {
	for id, name := range map[int]string{
		sertraline: "sertraline", diphenhydramine: "diphenhydramine", acetaminophen: "acetaminophen",
		oxycodone:  "oxycodone",
		gabapentin: "gabapentin", doxylamine: "doxylamine", doxepin: "doxepin", butorphanol: "butorphanol",
		azelastine: "azelastine",
		pyridoxine: "pyridoxine", bilastine: "bilastine", zinc: "zinc acetate",
	} {
		f.concept(id, "IN", name)
	}
	f.concept(enacarbil, "PIN", "gabapentin enacarbil")
	f.relate(enacarbil, "form_of", gabapentin)
	f.concept(990010, "PIN", "sertraline hydrochloride")
	f.relate(990010, "form_of", sertraline)
	for i, form := range []string{"Oral Tablet", "Topical Cream", "Metered Dose Nasal Spray", "Oral Solution", "Pack",
		"Oral Capsule"} {
		f.concept(990100+i, "DF", form)
	}
	f.concept(990110, "DFG", "Oral Product")
	f.concept(990111, "DFG", "Topical Product")
	f.relate(990100, "isa", 990110)
}

const tablet, cream, nasal, solution, pack, capsule = 990100, 990101, 990102, 990103, 990104, 990105

// product adds a product of components with their form, and links it to its forms and groups.
func (f *files) product(id int, name string, form int, components ...int) {
	f.concept(id, "SCD", name)
	f.relate(id, "consists_of", components...)
	f.relate(id, "has_dose_form", form)
}

func (f *files) component(id int, name string, ingredients ...int) {
	f.concept(id, "SCDC", name)
	f.relate(id, "has_ingredient", ingredients...)
}

// small is a release with something of everything.
func small() *files {
	f := &files{}
	ingredients(f)
	f.component(991001, "sertraline 50 MG", sertraline)
	f.relate(991001, "has_precise_ingredient", 990010)
	f.product(992001, "sertraline 50 MG Oral Tablet", tablet, 991001)
	f.relate(992001, "isa", 993001, 993002)
	f.concept(993001, "SCDF", "sertraline Oral Tablet")
	f.relate(993001, "has_ingredient", sertraline)
	f.relate(993001, "has_dose_form", tablet)
	f.relate(993001, "isa", 993002)
	f.concept(993002, "SCDG", "sertraline Oral Product")
	f.relate(993002, "has_ingredient", sertraline)
	f.relate(993002, "has_doseformgroup", 990110)
	brand(f)
	combinations(f)
	local(f)
	withdrawn(f)
	packs(f)
	packages(f)
	return f
}

func brand(f *files) {
	f.concept(994001, "BN", "Madeupline")
	f.relate(994001, "tradename_of", sertraline)
	f.concept(995001, "SBDC", "sertraline 50 MG [Madeupline]")
	f.relate(995001, "tradename_of", 991001)
	f.relate(995001, "has_ingredient", 994001)
	f.concept(996001, "SBD", "sertraline 50 MG Oral Tablet [Madeupline]")
	f.relate(996001, "consists_of", 995001)
	f.relate(996001, "tradename_of", 992001)
	f.relate(996001, "has_ingredient", 994001)
	f.relate(996001, "has_dose_form", tablet)
	f.relate(996001, "isa", 997001, 997002)
	f.concept(997001, "SBDF", "sertraline Oral Tablet [Madeupline]")
	f.relate(997001, "tradename_of", 993001)
	f.relate(997001, "has_ingredient", 994001)
	f.concept(997002, "SBDG", "Madeupline Oral Product")
	f.relate(997002, "tradename_of", 993002)
	f.relate(997002, "has_ingredient", 994001)
	f.relate(997002, "has_doseformgroup", 990110)
}

func combinations(f *files) {
	f.component(991002, "acetaminophen 325 MG", acetaminophen)
	f.component(991003, "oxycodone hydrochloride 5 MG", oxycodone)
	f.component(991004, "diphenhydramine hydrochloride 25 MG", diphenhydramine)
	f.product(992002, "acetaminophen 325 MG / oxycodone hydrochloride 5 MG Oral Tablet", tablet, 991002, 991003)
	f.concept(998001, "MIN", "acetaminophen / oxycodone")
	f.relate(998001, "has_part", acetaminophen, oxycodone)
	f.relate(992002, "has_ingredients", 998001)
	f.product(
		992003,
		"diphenhydramine hydrochloride 25 MG / oxycodone hydrochloride 5 MG Oral Tablet",
		tablet,
		991004,
		991003,
	)
	f.product(992004, "acetaminophen 325 MG Oral Tablet", tablet, 991002)
	f.component(991005, "doxylamine succinate 10 MG", doxylamine)
	f.component(991006, "pyridoxine hydrochloride 10 MG", pyridoxine)
	f.product(992005, "doxylamine succinate 10 MG / pyridoxine hydrochloride 10 MG Oral Tablet", tablet, 991005, 991006)
	// A prodrug that RxNorm has as a form of another drug.
	f.component(991007, "gabapentin enacarbil 300 MG", gabapentin)
	f.relate(991007, "has_precise_ingredient", enacarbil)
	f.product(992006, "gabapentin enacarbil 300 MG Extended Release Oral Tablet", tablet, 991007)
	f.relate(992006, "isa", 993003)
	f.concept(993003, "SCDF", "gabapentin Oral Tablet")
	f.relate(993003, "has_ingredient", gabapentin)
	f.component(991008, "gabapentin 50 MG/ML", gabapentin)
	f.product(992007, "gabapentin 50 MG/ML Oral Solution", solution, 991008)
	f.component(991009, "bilastine 20 MG", bilastine)
	f.product(992008, "bilastine 20 MG Oral Tablet", tablet, 991009)
}

func local(f *files) {
	f.component(991020, "diphenhydramine hydrochloride 20 MG/ML", diphenhydramine)
	f.component(991021, "zinc acetate 1 MG/ML", zinc)
	f.product(
		992020,
		"diphenhydramine hydrochloride 20 MG/ML / zinc acetate 1 MG/ML Topical Cream",
		cream,
		991020,
		991021,
	)
	f.concept(994020, "BN", "Madeupitch")
	f.relate(994020, "tradename_of", diphenhydramine, zinc)
	f.concept(996020, "SBD", "diphenhydramine hydrochloride 20 MG/ML / zinc acetate 1 MG/ML Topical Cream [Madeupitch]")
	f.relate(996020, "tradename_of", 992020)
	f.relate(996020, "has_ingredient", 994020)
	f.relate(996020, "has_dose_form", cream)
	f.component(991022, "doxepin hydrochloride 50 MG/ML", doxepin)
	f.product(992022, "doxepin hydrochloride 50 MG/ML Topical Cream", cream, 991022)
	f.component(991023, "azelastine hydrochloride 0.137 MG/ACTUAT", azelastine)
	f.product(992023, "azelastine hydrochloride 0.137 MG/ACTUAT Metered Dose Nasal Spray", nasal, 991023)
	f.component(991024, "butorphanol tartrate 1 MG/ACTUAT", butorphanol)
	f.product(992024, "butorphanol tartrate 1 MG/ACTUAT Metered Dose Nasal Spray", nasal, 991024)
}

// withdrawn concepts, as a rule, no longer have relations.
func withdrawn(f *files) {
	f.atom(992030, "SCD", "sertraline 200 MG Oral Tablet", "O")
	f.atom(992031, "SCD", "acetaminophen 500 MG / diphenhydramine hydrochloride 25 MG Oral Tablet", "O")
	f.atom(992032, "SCD", "diphenhydramine hydrochloride 10 MG/ML Topical Cream", "O")
	f.atom(992033, "SCD", "amlodipine 5 MG Oral Tablet", "O")
	f.atom(992034, "SCD", "sertraline 30 MG Oral Capsule", "E")
	f.relate(992034, "consists_of", 991034)
	f.relate(992034, "has_dose_form", capsule)
	f.component(991034, "sertraline 30 MG", sertraline)
}

func packs(f *files) {
	f.concept(999001, "GPCK", "{7 (sertraline 50 MG Oral Tablet) / 7 (acetaminophen 325 MG Oral Tablet) } Pack")
	f.relate(999001, "contains", 992001, 992004)
	f.relate(999001, "has_dose_form", pack)
	f.concept(
		999002,
		"BPCK",
		"{7 (sertraline 50 MG Oral Tablet [Madeupline]) / 1 (diphenhydramine hydrochloride 20 MG/ML Topical Cream) } "+
			"Pack [Madeup Kit]",
	)
	f.relate(999002, "contains", 996001, 992020)
}

func packages(f *files) {
	f.ndc(992001, "RXNORM", "00069490030", "N")
	f.ndc(992001, "MTHSPL", "0069-4900-30", "N")
	f.ndc(992001, "MTHSPL", "11111-222-33", "N")
	f.ndc(992001, "MTHSPL", "11111-2222-3", "N")
	f.ndc(996001, "VANDF", "000069490041", "N")
	f.ndc(996001, "VANDF", "000268-0430-*5", "O")
	f.ndc(996001, "MTHSPL", "1234567890", "N") // ten digits: three readings
	f.ndc(992004, "RXNORM", "55555444433", "N")
	f.ndc(992001, "VANDF", "055555444433", "N") // RxNorm calls it another drug
	f.ndc(992003, "RXNORM", "00000000101", "O")
	f.ndc(992020, "RXNORM", "22222333344", "N")
	f.ndc(992005, "RXNORM", "33333444455", "N")
	f.ndc(999001, "RXNORM", "44444333322", "N")
	f.ndc(777777, "MTHSPL", "99999888877", "N") // a concept only another source has
}

func importSmall(t *testing.T) *Table {
	t.Helper()
	table, err := Import(small().release())
	if err != nil {
		t.Fatal(err)
	}
	return table
}
