package rrf

import (
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/checks/terms/site"
)

// Columns of RXNSAT.RRF: RXCUI LUI SUI RXAUI STYPE CODE ATUI SATUI ATN SAB ATV SUPPRESS CVF.
const (
	satColumns  = 13
	satRXCUI    = 0
	satATN      = 8
	satSAB      = 9
	satATV      = 10
	satSUPPRESS = 11
)

// packageOf says which products a package code means. RxNorm's own statements outrank those of its
// sources, whose codes it repeats; a current code outranks a withdrawn one.
type packageOf struct {
	rank   uint8
	status status
	at     int32
	more   []int32 // products of the same rank
}

// readPackages reads the National Drug Codes of the release, including those of other drugs, which
// keep a source from claiming them.
func (d *derivation) readPackages(r io.Reader) ([]site.Row, error) {
	packages := map[uint64]packageOf{}
	var err error
	d.report.Lines[AttributesFile], err = readLines(r, AttributesFile, satColumns, func(line *row) {
		id := line.id(satRXCUI)
		if line.err != nil || !line.is(satATN, "NDC") {
			return
		}
		at, known := d.byID[id]
		if !known {
			return // of a concept only another source has
		}
		code, ok := packageNumber(line.fields[satATV])
		if !ok {
			d.report.OddPackages++
			return
		}
		s, ok := statusOf(line.fields[satSUPPRESS])
		if !ok {
			line.err = errors.New("unknown value of SUPPRESS")
			return
		}
		p := packageOf{rank: packageRank(line, s), status: s, at: at}
		if old, ok := packages[code]; ok {
			p = old.join(p)
		}
		packages[code] = p
	})
	if err != nil {
		return nil, err
	}
	return d.packageRows(packages), nil
}

func packageRank(line *row, s status) uint8 {
	rank := uint8(0)
	if !line.is(satSAB, ownSource) {
		rank = 2
	}
	if s != statusCurrent {
		rank++
	}
	return rank
}

func (p packageOf) join(other packageOf) packageOf {
	switch {
	case other.rank < p.rank:
		return other
	case other.rank == p.rank && other.at != p.at && !slices.Contains(p.more, other.at):
		p.more = append(p.more, other.at)
	}
	return p
}

func (d *derivation) packageRows(packages map[uint64]packageOf) []site.Row {
	var rows []site.Row
	for number, p := range packages {
		code := packageCode(number)
		row := site.Row{System: codes.NDC, Code: code, Status: p.status.String()}
		start := len(rows)
		rows = d.appendRows(rows, p.at, row)
		for _, at := range p.more {
			rows = d.appendMissing(rows, start, at, row)
		}
		switch {
		case len(rows) > start:
			d.report.Packages++
		case d.isOther(p.at):
			row.Ingredient = site.NoIngredient
			rows = append(rows, row)
		}
		for i := start; i < len(rows); i++ {
			if !strings.Contains(rows[i].Name, partnerMark) {
				rows[i].Name = ""
			}
		}
	}
	return rows
}

// partnerMark separates the components of a name. Only combinations have partners to read in their
// names: the names of all package codes would double the size of the table.
const partnerMark = " / "

// appendMissing adds the ingredients missing from a code's rows from start on. Two products of one
// code with different ingredients are an error in the sources: all count, since none can be ruled
// out.
func (d *derivation) appendMissing(rows []site.Row, start int, at int32, row site.Row) []site.Row {
	more := d.appendRows(nil, at, row)
	for _, r := range more {
		if !slices.ContainsFunc(
			rows[start:],
			func(known site.Row) bool { return known.Ingredient == r.Ingredient },
		) {
			rows = append(rows, r)
			d.report.PackageConflicts++
		}
	}
	return rows
}

// packageNumber reads a National Drug Code in the forms of the sources as its eleven-digit number:
// 5-4-2 without hyphens, with a leading zero, or hyphenated (4-4-2, 5-3-2, 5-4-1, 6-4-2), where *
// stands for a zero. Ten digits without hyphens may mean three codes and are refused.
func packageNumber(value []byte) (uint64, bool) {
	text := make([]byte, len(value))
	for i, b := range value {
		if b == '*' {
			b = '0'
		}
		text[i] = b
	}
	code := codes.NDC11(string(text))
	if len(code) != 11 {
		return 0, false
	}
	number, err := strconv.ParseUint(code, 10, 64)
	return number, err == nil
}

func packageCode(number uint64) string {
	digits := strconv.FormatUint(number, 10)
	return "00000000000"[len(digits):] + digits
}
