package terms

import (
	"strings"
	"sync"
)

// Analyte is what a laboratory code measures.
type Analyte uint8

// The analytes of labs.tsv.
const (
	AnalyteNone Analyte = iota
	Ferritin
	TSAT
	Iron
	TIBC
	UIBC
	Transferrin
	transferrinReceptor
	ironPanel
	hemoglobin
	CRP
	Creatinine
	EGFR
	CreatinineClearance
	Weight
	PregnancyStatus
	PregnancyTest
	PregnancyTestQuantitative
)

var analyteNames = [...]string{
	"none", "ferritin", "transferrin saturation", "iron", "total iron binding capacity", "unsaturated iron binding capacity", "transferrin",
	"soluble transferrin receptor", "iron panel", "hemoglobin", "C-reactive protein", "creatinine", "eGFR", "creatinine clearance",
	"body weight", "pregnancy status", "pregnancy test", "quantitative pregnancy test",
}

func (a Analyte) String() string { return analyteNames[a] }

// analytes are the words of labs.tsv for them.
var analytes = map[string]Analyte{
	"ferritin": Ferritin, "ferritin goal": Ferritin, "transferrin saturation": TSAT, "iron": Iron,
	"iron binding capacity total": TIBC, "iron binding capacity unsaturated": UIBC, "transferrin": Transferrin,
	"soluble transferrin receptor": transferrinReceptor, "iron and TIBC panel": ironPanel, "iron panel": ironPanel,
	"hemoglobin": hemoglobin, "c-reactive protein": CRP, "c-reactive protein high sensitivity": CRP,
	"creatinine": Creatinine, "creatinine pre or post dialysis": Creatinine, "egfr": EGFR,
	"creatinine clearance measured": CreatinineClearance, "creatinine clearance Cockcroft-Gault": CreatinineClearance,
	"body weight": Weight, "pregnancy status": PregnancyStatus, "pregnancy test": PregnancyTest,
	"pregnancy test quantitative": PregnancyTestQuantitative,
}

// labUse says what a result with a code is good for.
type labUse uint8

// Values of the column use. LabExclude is also exclude_until_confirmed: such a code never gives a
// value.
const (
	LabExclude labUse = iota
	labEvaluate
	LabEvaluateWithNote
	labContext
	labContextRenal
	LabContextPregnancy
	LabPanel
	LabDialysisMarker
)

var labUses = map[string]labUse{
	"evaluate": labEvaluate, "evaluate_with_note": LabEvaluateWithNote, "context": labContext, "context_renal": labContextRenal,
	"context_pregnancy": LabContextPregnancy, "panel": LabPanel, "dialysis_marker": LabDialysisMarker,
	"exclude": LabExclude, "exclude_until_confirmed": LabExclude,
}

// unitFactor converts a unit: value x Factor (a decimal number) is the value in the canonical unit.
type unitFactor struct{ Unit, Factor string }

// Lab is one row of labs.tsv. Numbers are decimal strings, in the canonical unit; "" where the
// table has none.
type Lab struct {
	LOINC         string
	Analyte       Analyte
	Use           labUse
	Molar         bool // the code's own unit counts moles
	CanonicalUnit string
	ExpectedUnit  string
	Units         []unitFactor
	// Outside the soft limits a result deserves a caveat, outside the hard limits it is not
	// evaluated.
	SoftLow, SoftHigh, HardLow, HardHigh string
	Note                                 string
	folded                               map[string]string // factors by folded unit; "" for one that may be several
}

var labs = sync.OnceValue(func() map[string]*Lab {
	table := make(map[string]*Lab, 96)
	for line := range rows(labsTSV) {
		lab := parseLab(line)
		table[lab.LOINC] = lab
	}
	return table
})

func parseLab(line string) *Lab {
	lab := &Lab{
		LOINC: field(line, 0), Analyte: analytes[field(line, 1)], Use: labUses[field(line, 4)],
		Molar:         strings.HasPrefix(field(line, 2), "moles"),
		CanonicalUnit: field(line, 5), ExpectedUnit: field(line, 6),
		SoftLow: field(line, 8), SoftHigh: field(line, 9), HardLow: field(line, 10), HardHigh: field(line, 11),
		Note: field(line, 13),
	}
	for pair := range values(field(line, 7)) {
		i := strings.LastIndexByte(pair, '=')
		lab.Units = append(lab.Units, unitFactor{pair[:i], pair[i+1:]})
	}
	lab.folded = foldUnits(lab.Units)
	return lab
}

// Lab is the row of a LOINC code in labs.tsv. The row is shared: do not change it.
func (t *Terms) Lab(loinc string) (*Lab, bool) {
	lab, ok := labs()[loinc]
	return lab, ok
}

// LabRelevant tells whether Lab knows a code. It does not allocate.
func (t *Terms) LabRelevant(code []byte) bool {
	_, ok := labs()[string(code)]
	return ok
}
