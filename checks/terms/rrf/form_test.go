package rrf

import (
	"os"
	"strings"
	"testing"

	"github.com/rlsguard/rlsguard/checks/terms/drugs"
)

// TestFormsAgreeWithTheProducts checks the reading of dose forms against the group and effect of
// each product in products.tsv.
func TestFormsAgreeWithTheProducts(t *testing.T) {
	table, err := os.ReadFile("../data/products.tsv")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(table)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t") // rxcui, tty, name, ingredients, route_group, systemic
		k := kindsByName[f[1]]
		if !k.formed() {
			continue
		}
		g := newGraph()
		g.add(concept{id: 1, kind: k, name: f[2]})
		d := newDerivation(g)
		first, _, _ := strings.Cut(f[3], "|")
		drug, ok := drugs.Find(first)
		if !ok {
			t.Fatalf("%s: no ingredient %q", f[0], first)
		}
		n++
		if systemic, route := d.actsWhere(0, drug); route != f[4] || systemic.String() != f[5] {
			t.Errorf("%s: %s %s, want %s %s", f[2], route, systemic, f[4], f[5])
		}
	}
	if n < 2000 {
		t.Errorf("%d products", n)
	}
}

func TestDoseFormGroups(t *testing.T) {
	for form, want := range map[string]string{
		"Pill": "oral yes", "Oral Product": "oral yes", "Oral Liquid Product": "oral yes",
		"Chewable Product":            "oral yes",
		"Disintegrating Oral Product": "oral yes", "Injectable Product": "injectable yes",
		"Topical Product":    "topical no",
		"Ophthalmic Product": "ophthalmic no", "Otic Product": "otic no", "Nasal Product": "nasal depends",
		"Rectal Product":  "rectal yes",
		"Vaginal Product": "vaginal no", "Transdermal Product": "transdermal yes",
		"Buccal Product":     "sublingual_buccal yes",
		"Sublingual Product": "sublingual_buccal yes", "Inhalant Product": "inhalation yes",
		"Drug Implant Product": "injectable yes",
		"Mouthwash Product":    "mouth rinse no", "Shampoo Product": "topical no",
		"Medicated Pad or Tape": "topical no",
		"Oral Powder Product":   "oral yes", "Granule Product": "oral yes", "Lozenge Product": "oral yes",
		"Oral Film Product": "sublingual_buccal yes",
		"Soap Product":      "topical no", "Prefilled Syringe": "injectable yes", "Pen Injector": "injectable yes",
		"Cartridge":            "injectable yes",
		"Metered Dose Inhaler": "inhalation yes", "Inhalation Solution": "inhalation yes",
		"Topical Foam": "topical no", "Transdermal System": "transdermal yes", "Oral Gel": "oral yes",
		"Rectal Foam": "rectal yes", "Enema": "rectal yes", "Ophthalmic Ointment": "ophthalmic no",
		"Otic Suspension": "otic no",
		"Nasal Inhaler":   "nasal depends", "Nasal Ointment": "nasal depends", "Vaginal Cream": "vaginal no",
		"Mucous Membrane Topical Solution": "topical no",
		"Paste":                            "topical no", "Powder Spray": "topical no", "Chewing Gum": "oral yes",
		"Pack": " unknown", "Irrigation Solution": " unknown",
	} {
		if systemic, route := formOf(form); route+" "+systemic.String() != want {
			t.Errorf("%s: %s %s, want %s", form, route, systemic, want)
		}
	}
}
