package labs

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/rlsguard/rlsguard/checks/terms/data"
)

// Analyte is what a laboratory code measures.
type Analyte uint8

// The analytes of labs.tsv.
const (
	None Analyte = iota
	Ferritin
	TSAT
	Iron
	TIBC
	UIBC
	Transferrin
	TransferrinReceptor
	IronPanel
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
	"none", "ferritin", "transferrin saturation", "iron", "total iron binding capacity",
	"unsaturated iron binding capacity", "transferrin",
	"soluble transferrin receptor", "iron panel", "hemoglobin", "C-reactive protein", "creatinine", "eGFR",
	"creatinine clearance",
	"body weight", "pregnancy status", "pregnancy test", "quantitative pregnancy test",
}

func (a Analyte) String() string { return analyteNames[a] }

var analytes = map[string]Analyte{
	"ferritin": Ferritin, "ferritin goal": Ferritin, "transferrin saturation": TSAT, "iron": Iron,
	"iron binding capacity total": TIBC, "iron binding capacity unsaturated": UIBC, "transferrin": Transferrin,
	"soluble transferrin receptor": TransferrinReceptor, "iron and TIBC panel": IronPanel, "iron panel": IronPanel,
	"hemoglobin": hemoglobin, "c-reactive protein": CRP, "c-reactive protein high sensitivity": CRP,
	"creatinine": Creatinine, "creatinine pre or post dialysis": Creatinine, "egfr": EGFR,
	"creatinine clearance measured": CreatinineClearance, "creatinine clearance Cockcroft-Gault": CreatinineClearance,
	"body weight": Weight, "pregnancy status": PregnancyStatus, "pregnancy test": PregnancyTest,
	"pregnancy test quantitative": PregnancyTestQuantitative,
}

// Use says what a result with a code is good for.
type Use uint8

// Values of the column use. Exclude includes exclude_until_confirmed: such a code never gives a
// value.
const (
	Exclude Use = iota
	Evaluate
	EvaluateWithNote
	Context
	ContextRenal
	ContextPregnancy
	Panel
	DialysisMarker
)

var LabUses = map[string]Use{
	"evaluate": Evaluate, "evaluate_with_note": EvaluateWithNote, "context": Context, "context_renal": ContextRenal,
	"context_pregnancy": ContextPregnancy, "panel": Panel, "dialysis_marker": DialysisMarker,
	"exclude": Exclude, "exclude_until_confirmed": Exclude,
}

// unitFactor converts a unit: value x Factor (a decimal number) is the value in the canonical unit.
type unitFactor struct{ Unit, Factor string }

// Lab is one row of labs.tsv. Numbers are decimal strings in the canonical unit; "" if the table
// has none.
type Lab struct {
	LOINC         string
	Analyte       Analyte
	Use           Use
	Molar         bool // the code's own unit is molar
	CanonicalUnit string
	ExpectedUnit  string
	Units         []unitFactor
	// Results outside the soft limits carry a caveat; outside the hard limits they are not
	// evaluated.
	SoftLow, SoftHigh, HardLow, HardHigh string
	Note                                 string
	folded                               map[string]string // factors by folded unit; "" if ambiguous
}

var Labs = sync.OnceValue(func() map[string]*Lab {
	table := make(map[string]*Lab, 96)
	for line := range data.Rows(data.Labs) {
		lab := ParseLab(line)
		table[lab.LOINC] = lab
	}
	return table
})

func ParseLab(line string) *Lab {
	lab := &Lab{
		LOINC: data.Field(line, 0), Analyte: analytes[data.Field(line, 1)], Use: LabUses[data.Field(line, 4)],
		Molar:         strings.HasPrefix(data.Field(line, 2), "moles"),
		CanonicalUnit: data.Field(line, 5), ExpectedUnit: data.Field(line, 6),
		SoftLow: data.Field(line, 8), SoftHigh: data.Field(line, 9), HardLow: data.Field(line, 10),
		HardHigh: data.Field(line, 11),
		Note:     data.Field(line, 13),
	}
	for pair := range data.Values(data.Field(line, 7)) {
		i := strings.LastIndexByte(pair, '=')
		lab.Units = append(lab.Units, unitFactor{pair[:i], pair[i+1:]})
	}
	lab.folded = foldUnits(lab.Units)
	return lab
}

// Find returns the row of a LOINC code in labs.tsv. The row is shared: do not change it.
func Find(loinc string) (*Lab, bool) {
	lab, ok := Labs()[loinc]
	return lab, ok
}

// Known reports whether Find would find a code. It does not allocate.
func Known(code []byte) bool {
	_, ok := Labs()[string(code)]
	return ok
}

// Codes lists the LOINC codes of labs.tsv, sorted.
func Codes() []string { return slices.Sorted(maps.Keys(Labs())) }
