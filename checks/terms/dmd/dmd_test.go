package dmd

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/checks/terms/site"
)

// element writes a row of an XML file from pairs of names and values.
func element(kind string, pairs ...string) string {
	var b strings.Builder
	for i := 0; i < len(pairs); i += 2 {
		fmt.Fprintf(&b, "<%s>%s</%[1]s>", pairs[i], pairs[i+1])
	}
	return "<" + kind + ">" + b.String() + "</" + kind + ">"
}

func file(root string, rows ...string) io.Reader {
	return strings.NewReader(
		`<?xml version="1.0" encoding="utf-8"?><` + root + `>` + strings.Join(rows, "\n") + `</` + root + `>`,
	)
}

// Codes of the release below.
const (
	sertraline, dipipanone, cyclizine, paracetamol = "387561004", "396060009", "387141005", "387517004"
	tablets, diconal, ordinary, topical, odd       = "39704111000001102", "19180811000001109", "322236009",
		"111111111000001100", "222222222000001101"
	lustral, lustralPack, tabletsPack = "333333333000001102", "444444444000001103", "555555555000001104"
	before                            = "666666666000001105"
)

func release() Release {
	return Release{
		Others: true,
		Substances: file(
			"INGREDIENT_SUBSTANCES",
			element(
				"ING",
				"ISID",
				sertraline,
				"NM",
				"Sertraline hydrochloride",
			),
			element("ING", "ISID", dipipanone, "NM", "Dipipanone hydrochloride"),
			element(
				"ING",
				"ISID",
				cyclizine,
				"ISIDPREV",
				"999999",
				"NM",
				"Cyclizine hydrochloride",
			),
			element("ING", "ISID", paracetamol, "NM", "Paracetamol"),
		),
		Moieties: file("VIRTUAL_THERAPEUTIC_MOIETIES", element("VTM", "VTMID", "321387005", "NM", "Sertraline")),
		Products: file(
			"VIRTUAL_MED_PRODUCTS",
			"<VMPS>"+
				element(
					"VMP",
					"VPID",
					tablets,
					"VPIDPREV",
					before,
					"VTMID",
					"321387005",
					"NM",
					"Sertraline 50mg tablets",
				),
			element("VMP", "VPID", diconal, "NM", "Dipipanone 10mg / Cyclizine 30mg tablets"),
			element("VMP", "VPID", ordinary, "NM", "Paracetamol 500mg tablets"),
			element("VMP", "VPID", topical, "INVALID", "1", "NM", "Diphenhydramine 1% cream"),
			element("VMP", "VPID", odd, "NM", "Madeupine 5mg tablets")+"</VMPS>",
			"<VIRTUAL_PRODUCT_INGREDIENT>"+element(
				"VPI",
				"VPID",
				tablets,
				"ISID",
				sertraline,
			),
			element("VPI", "VPID", diconal, "ISID", dipipanone),
			element("VPI", "VPID", diconal, "ISID", "999999"),
			element("VPI", "VPID", ordinary, "ISID", paracetamol),
			element("VPI", "VPID", odd, "ISID", sertraline)+"</VIRTUAL_PRODUCT_INGREDIENT>",
		),
		ActualProducts: file(
			"ACTUAL_MEDICINAL_PRODUCTS",
			"<AMPS>"+element("AMP", "APID", lustral, "VPID", tablets, "NM", "Lustral 50mg tablets")+
				element(
					"AMP",
					"APID",
					"777777777000001106",
					"VPID",
					"888888888000001107",
					"NM",
					"Seroxat 20mg tablets",
				)+"</AMPS>",
		),
		Packs: file(
			"VIRTUAL_MED_PRODUCT_PACK",
			"<VMPPS>"+element(
				"VMPP",
				"VPPID",
				tabletsPack,
				"VPID",
				tablets,
				"NM",
				"Sertraline 50mg tablets 28 tablet",
			)+"</VMPPS>",
		),
		ActualPacks: file(
			"ACTUAL_MEDICINAL_PROD_PACKS",
			"<AMPPS>"+element(
				"AMPP",
				"APPID",
				lustralPack,
				"VPPID",
				tabletsPack,
				"APID",
				lustral,
				"NM",
				"Lustral 28",
			)+"</AMPPS>",
		),
	}
}

func brief(rows []site.Row, code string) string {
	var parts []string
	for _, r := range rows {
		if r.Code == code {
			parts = append(parts, strings.TrimPrefix(r.String(), codes.DMD+"\t"+code+"\t"))
		}
	}
	return strings.Join(parts, " + ")
}

func TestImport(t *testing.T) {
	table, err := Import(release())
	if err != nil {
		t.Fatal(err)
	}
	for code, want := range map[string]string{
		tablets:     "sertraline\tyes\t50\t\t\toral",
		before:      "sertraline\tyes\t50\t\t\toral\tobsolete",
		"321387005": "sertraline\t\t\t\tIN",
		lustral:     "sertraline\tyes\t50\t\t\toral",
		tabletsPack: "sertraline\tyes\t50\t\t\toral",
		lustralPack: "sertraline\tyes\t50\t\t\toral",
		diconal: "cyclizine\tyes\t30\tDipipanone 10mg / Cyclizine 30mg tablets\t\toral + " +
			"dipipanone\tyes\t10\tDipipanone 10mg / Cyclizine 30mg tablets\t\toral",
		ordinary:             "-",
		topical:              "diphenhydramine\tno\t\t\t\ttopical\tobsolete",
		odd:                  "sertraline\tyes", // by its ingredient only
		"777777777000001106": "paroxetine\tyes\t20\t\t\toral",
	} {
		if got := brief(table.Rows, code); got != want {
			t.Errorf("%s: %q, want %q", code, got, want)
		}
	}
	want := Report{
		Read: map[string]int{"VTM": 1, "VMP": 5, "AMP": 2, "VMPP": 1, "AMPP": 1}, Listed: 9, Others: 1, Orphans: 1,
		Differ: []Difference{{Code: odd, Name: "Madeupine 5mg tablets", ByIngredients: []string{"sertraline"}}},
	}
	if diff := cmp.Diff(want, table.Report); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	few := release()
	few.Others = false
	if table, err = Import(few); err != nil || brief(table.Rows, ordinary) != "" {
		t.Errorf("other drugs that nobody asked for: %v", err)
	}
	var text strings.Builder
	if err := site.Write(&text, table.Rows); err != nil ||
		!strings.HasPrefix(text.String(), "# rlsguard site table, seal ") {
		t.Errorf("the table is not sealed: %v", err)
	}
}

func TestDamage(t *testing.T) {
	for want, change := range map[string]func(*Release){
		"XML of dm+d: a VMP without a code": func(r *Release) {
			r.Products = file("VIRTUAL_MED_PRODUCTS",
				element("VMP", "NM", "x"))
		},
		"XML of dm+d: XML syntax " +
			"error": func(r *Release) { r.ActualPacks = strings.NewReader("<AMPPS><AMPP><APPID>1") },
		"an XML file of dm+d holds nothing": func(r *Release) { r.Packs = strings.NewReader("") },
		"holds no virtual medicinal":        func(r *Release) { r.Products = file("VIRTUAL_MED_PRODUCTS") },
		`XML of dm+d: xml: opening charset "latin1": XML in latin1, want UTF-8`: func(r *Release) {
			r.Moieties = strings.NewReader(`<?xml version="1.0" encoding="latin1"?><x/>`)
		},
		"text file of dm+d, line 2: no code before the first |": func(r *Release) {
			*r = Release{Text: true, Products: strings.NewReader("322236009|||||Paracetamol\nx|y\n")}
		},
	} {
		r := release()
		change(&r)
		if _, err := Import(r); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// FuzzImport: any files are read or refused, and what is read makes a site table.
func FuzzImport(f *testing.F) {
	f.Add("<x>"+element("VMP", "VPID", tablets, "NM", "Sertraline 50mg tablets")+"</x>", false)
	f.Add(tablets+"||| |1|Sertraline 50mg tablets|\r\n322236009|322236009||", true)
	f.Fuzz(func(t *testing.T, products string, text bool) {
		table, err := Import(Release{Products: strings.NewReader(products), Text: text, Others: true})
		if err != nil {
			return
		}
		if err := site.Write(new(strings.Builder), table.Rows); err != nil {
			t.Fatal(err)
		}
	})
}
