package fda

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/checks/terms/site"
)

const (
	productColumns = "PRODUCTID\tPRODUCTNDC\tNONPROPRIETARYNAME\tDOSAGEFORMNAME\t" +
		"ROUTENAME\tMARKETINGCATEGORYNAME\tSUBSTANCENAME\tACTIVE_NUMERATOR_STRENGTH\tACTIVE_INGRED_UNIT"
	packageColumns = "PRODUCTID\tPRODUCTNDC\tNDCPACKAGECODE"
)

// directory builds the two files: one product per line without its id, and one package per line as
// product and code.
func directory(products, packages string) Directory {
	file := func(columns, lines string) *strings.Reader {
		var b strings.Builder
		b.WriteString(columns + "\r\n")
		for line := range strings.Lines(lines) {
			b.WriteString("id\t" + strings.TrimSuffix(line, "\n") + "\r\n")
		}
		return strings.NewReader(b.String())
	}
	return Directory{Products: file(productColumns, products), Packages: file(packageColumns, packages)}
}

const products = `0069-4900	Sertraline Hydrochloride	TABLET, FILM COATED	ORAL	NDA	SERTRALINE HYDROCHLORIDE	50	mg/1
11111-222	Hydrocodone and Chlorpheniramine	SUSPENSION	ORAL	ANDA	CHLORPHENIRAMINE MALEATE; HYDROCODONE BITARTRATE	8; 10	mg/5mL; mg/5mL
11111-333	Diphenhydramine	CREAM	TOPICAL	OTC MONOGRAPH DRUG	DIPHENHYDRAMINE HYDROCHLORIDE	20	mg/g
11111-444	Acetaminophen	TABLET	ORAL	OTC MONOGRAPH DRUG	ACETAMINOPHEN	325	mg/1
11111-555	Opium	GLOBULE	ORAL	UNAPPROVED HOMEOPATHIC	OPIUM	30	[hp_C]/1
11111-666	Gabapentin	CAPSULE	ORAL	ANDA	GABAPENTIN	.3	g/1
11111-777	Azelastine	SPRAY	NASAL	ANDA	AZELASTINE HYDROCHLORIDE	137	ug/1
11111-888	Doxylamine and pyridoxine	TABLET, DELAYED RELEASE	ORAL	ANDA	DOXYLAMINE SUCCINATE; PYRIDOXINE HYDROCHLORIDE	10; 10	mg/1; mg/1
11111-999	Sertraline	TABLET		ANDA		50	mg/1
`

const packages = `0069-4900	0069-4900-30
11111-222	11111-222-04
11111-333	11111-333-01
11111-444	11111-444-01
11111-555	11111-555-01
11111-666	11111-666-01
11111-777	11111-777-01
11111-888	11111-888-01
11111-999	11111-999-01
22222-222	22222-222-01
11111-444	11111-444
`

func brief(rows []site.Row, code string) string {
	var parts []string
	for _, r := range rows {
		if r.Code == code {
			parts = append(parts, strings.TrimPrefix(r.String(), codes.NDC+"\t"+code+"\t"))
		}
	}
	return strings.Join(parts, " + ")
}

func TestImport(t *testing.T) {
	d := directory(products, packages)
	d.Others = true
	table, err := Import(d)
	if err != nil {
		t.Fatal(err)
	}
	for code, want := range map[string]string{
		"00069490030": "sertraline\tyes\t50\t\t\toral",
		"00069-4900":  "sertraline\tyes\t50\t\t\toral",
		"11111022204": "chlorpheniramine\tyes\t1.6/mL\tCHLORPHENIRAMINE MALEATE / HYDROCODONE BITARTRATE\t\toral + " +
			"hydrocodone\tyes\t2/mL\tCHLORPHENIRAMINE MALEATE / HYDROCODONE BITARTRATE\t\toral",
		"11111033301": "diphenhydramine\tno\t\t\t\ttopical",
		"11111044401": "-",
		"11111055501": "-",
		"11111066601": "gabapentin\tyes\t300\t\t\toral",
		"11111077701": "azelastine\tno\t0.137\t\t\tnasal",
		"11111088801": "doxylamine\tyes\t10\tDOXYLAMINE SUCCINATE / PYRIDOXINE HYDROCHLORIDE\t\toral",
		"11111099901": "sertraline\tyes\t50",
	} {
		if got := brief(table.Rows, code); got != want {
			t.Errorf("%s: %q, want %q", code, got, want)
		}
	}
	if diff := cmp.Diff(Report{Products: 9, Packages: 11, Listed: 7, Others: 2, Odd: 1, Orphans: 1},
		table.Report); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	d = directory(products, packages)
	if table, err = Import(d); err != nil || brief(table.Rows, "11111044401") != "" {
		t.Errorf("other drugs that nobody asked for: %v", err)
	}
}

// Where two listings of one product differ, nothing is known; text of older directories is read.
func TestListingsThatDiffer(t *testing.T) {
	table, err := Import(
		directory(
			"1111-2222\tSertralin\xe9\tTABLET\tORAL\tNDA\tSERTRALINE\t50\tmg/1\n"+
				"1111-2222\tx\tTABLET\tORAL\tNDA\tSERTRALINE\t100\tmg/1\n",
			"1111-2222\t1111-2222-33\n",
		),
	)
	if err != nil {
		t.Fatal(err)
	}
	if got := brief(table.Rows, "01111222233"); got != "sertraline\tyes\t\t\t\toral" {
		t.Error(got)
	}
}

func TestDamage(t *testing.T) {
	for want, d := range map[string]Directory{
		"product.txt has no column SUBSTANCENAME": {
			Products: strings.NewReader("PRODUCTNDC\tNONPROPRIETARYNAME\n"), Packages: strings.NewReader(""),
		},
		"product.txt holds no rows":                  directory("", packages),
		"package.txt holds no rows":                  directory(products, ""),
		"product.txt, line 2: 3 fields, want 9: the": directory("0069-4900\tcut", packages),
		"package.txt, line 2: 2 fields, want 3: the": directory(products, "0069-4900"),
	} {
		if _, err := Import(d); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// FuzzImport: any files are read or refused, and what is read makes a site table.
func FuzzImport(f *testing.F) {
	f.Add(products, packages)
	f.Add("1-2\t\t\t\t\t\t;;\t1;\tmg/mL;/", "1-2\t1-2-3")
	f.Fuzz(func(t *testing.T, products, packages string) {
		d := directory(products, packages)
		d.Others = true
		table, err := Import(d)
		if err != nil {
			return
		}
		if err := site.Write(new(strings.Builder), table.Rows); err != nil {
			t.Fatal(err)
		}
	})
}
