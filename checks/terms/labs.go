package terms

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
	TransferrinReceptor
	IronPanel
	Hemoglobin
	CRP
	Creatinine
	EGFR
	CreatinineClearance
	Weight
	PregnancyStatus
	PregnancyTest
	PregnancyTestQuantitative
)

// LabUse says what a result with a code is good for.
type LabUse uint8

// Values of the column use. Exclude also stands for exclude_until_confirmed.
const (
	LabExclude LabUse = iota
	LabEvaluate
	LabEvaluateWithNote
	LabContext
	LabContextRenal
	LabContextPregnancy
	LabPanel
	LabDialysisMarker
)

// UnitFactor converts a unit: value x Factor (a decimal number) is the value in the canonical unit.
type UnitFactor struct{ Unit, Factor string }

// Lab is one row of labs.tsv. Numbers are decimal strings, in the canonical unit; "" where the table has none.
type Lab struct {
	LOINC         string
	Analyte       Analyte
	Use           LabUse
	Molar         bool
	CanonicalUnit string
	ExpectedUnit  string
	Units         []UnitFactor
	// Outside the soft limits a result deserves a caveat, outside the hard limits it is not evaluated.
	SoftLow, SoftHigh, HardLow, HardHigh string
	Note                                 string
}
