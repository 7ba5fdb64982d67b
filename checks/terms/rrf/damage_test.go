package rrf

import (
	"strings"
	"testing"
)

// TestDamage: a damaged release gives an error that says where, and no table.
func TestDamage(t *testing.T) {
	whole := small()
	conso, rel, sat := whole.conso.String(), whole.rel.String(), whole.sat.String()
	swap := func(s string) string { // first and second concept of each relation
		var out strings.Builder
		for line := range strings.Lines(s) {
			f := strings.Split(line, "|")
			f[0], f[4] = f[4], f[0]
			out.WriteString(strings.Join(f, "|"))
		}
		return out.String()
	}
	head := func(s string, lines int) string { return strings.Join(strings.SplitAfter(s, "\n")[:lines], "") }
	for _, c := range []struct{ why, conso, rel, sat, want string }{
		{"empty concepts", "", rel, sat, "RXNCONSO.RRF is empty"},
		{"empty relations", conso, "", sat, "RXNREL.RRF is empty"},
		{"empty attributes", conso, rel, "", "RXNSAT.RRF is empty"},
		{"cut in a line", conso[:len(conso)-9], rel, sat, "RXNCONSO.RRF, line 67: 15 fields ended by |, want 18"},
		{"relations cut in a line", conso, rel[:len(rel)-20], sat, "RXNREL.RRF, line 172: "},
		{"attributes cut in a line", conso, rel, sat[:len(sat)-4],
			"RXNSAT.RRF, line 14: 12 fields ended by |, want 13"},
		{"relations cut between lines", conso, head(rel, 60), sat, "current products: the file is cut"},
		{"concepts cut between lines", head(conso, 30), rel, sat, "lead to concepts that RXNCONSO.RRF does not hold"},
		{"concepts exchanged", conso, swap(rel), sat, "point against the term types"},
		{"another file", rel, conso, sat, "RXNCONSO.RRF, line 1: 16 fields ended by |, want 18"},
		{"an id that is none", strings.Replace(conso, "\n", "\nx", 1), rel, sat,
			"RXNCONSO.RRF, line 2: field 1 is not a concept id"},
		{"no id", "|ENG||||||1|1|||RXNORM|IN|1|a||N||\n", rel, sat, "RXNCONSO.RRF, line 1: without concept id"},
		{"not UTF-8", strings.Replace(conso, "sertraline", "sertr\xe4line", 1), rel, sat, "not UTF-8"},
		{"odd SUPPRESS", strings.Replace(conso, "|N|4096|", "|Q|4096|", 1), rel, sat,
			"RXNCONSO.RRF, line 1: unknown value of SUPPRESS"},
		{"no own concepts", strings.ReplaceAll(conso, "|RXNORM|", "|VANDF|"), rel, sat,
			"RXNCONSO.RRF holds no concept of source RXNORM"},
		{"no own relations", conso, strings.ReplaceAll(rel, "|RXNORM|", "|VANDF|"), sat,
			"RXNREL.RRF holds no relation of source RXNORM"},
		{"an endless line", strings.Repeat("x", 2*maxLine), rel, sat,
			"RXNCONSO.RRF, line 1: longer than 1048576 bytes"},
	} {
		table, err := Import(
			Release{
				Concepts:   strings.NewReader(c.conso),
				Relations:  strings.NewReader(c.rel),
				Attributes: strings.NewReader(c.sat),
			},
		)
		if table != nil || err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.why, err, c.want)
		}
	}
}

// FuzzImport: whatever the files contain, an import ends with a table of good rows or an error.
func FuzzImport(f *testing.F) {
	whole := small()
	f.Add(whole.conso.String(), whole.rel.String(), whole.sat.String())
	f.Add(
		"1|ENG||||||1|1|||RXNORM|IN|1|sertraline||N||\n",
		"1||CUI|RO|1||CUI|isa|1||RXNORM|||||4096|\r\n",
		"1|||1|AUI|1|1||NDC|RXNORM|*|N||\n",
	)
	f.Add("", "|", "\ufeff\r\n")
	f.Fuzz(func(t *testing.T, conso, rel, sat string) {
		table, err := Import(
			Release{
				Concepts:   strings.NewReader(conso),
				Relations:  strings.NewReader(rel),
				Attributes: strings.NewReader(sat),
			},
		)
		if err != nil {
			if table != nil {
				t.Fatal("an error and a table")
			}
			return
		}
		checkLoads(t, table)
	})
}
