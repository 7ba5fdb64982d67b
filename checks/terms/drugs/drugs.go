package drugs

// Class of an ingredient, as in ingredients.tsv.
type Class string

// The classes.
const (
	SSRI                       Class = "ssri"
	SerotoninModulator         Class = "serotonin_modulator"
	SNRI                       Class = "snri"
	Tricyclic                  Class = "tricyclic"
	Tetracyclic                Class = "tetracyclic"
	AntidepressantOther        Class = "antidepressant_other"
	AntidepressantAlternative  Class = "antidepressant_alternative"
	MAOI                       Class = "maoi"
	Lithium                    Class = "lithium"
	AntipsychoticTypical       Class = "antipsychotic_typical"
	AntipsychoticAtypical      Class = "antipsychotic_atypical"
	AntipsychoticNondopaminerg Class = "antipsychotic_nondopaminergic"
	AntihistamineSedating      Class = "antihistamine_sedating"
	AntihistamineNonsedating   Class = "antihistamine_nonsedating"
	DopamineAntagonistAntiemet Class = "dopamine_antagonist_antiemetic"
	DopamineAntagonistOther    Class = "dopamine_antagonist_other"
	DopamineDepleter           Class = "dopamine_depleter"
	AntiemeticAlternative      Class = "antiemetic_alternative"
	Alpha2Delta                Class = "alpha2delta"
	DopamineAgonist            Class = "dopamine_agonist"
	DopaminePrecursor          Class = "dopamine_precursor"
	IronOral                   Class = "iron_oral"
	IronIV                     Class = "iron_iv"
	Opioid                     Class = "opioid"
	Benzodiazepine             Class = "benzodiazepine"
	ZHypnotic                  Class = "z_hypnotic"
	Barbiturate                Class = "barbiturate"
	MuscleRelaxant             Class = "muscle_relaxant"
	CNSDepressantOther         Class = "cns_depressant_other"
	RLSContraindicated         Class = "rls_contraindicated" // contraindicated in RLS by its label: trimetazidine
)

// Central says how far an ingredient enters the brain.
type Central uint8

// Values of the column central.
const (
	CentralYes Central = iota
	CentralLow
	CentralNo
)

// Ingredient is one row of ingredients.tsv.
type Ingredient struct {
	Name    string
	Class   Class
	Central Central
	Note    string
}

// Systemic says whether a product or route delivers the drug systemically.
type Systemic uint8

// Values of the column systemic. LowAbsorbed is doxepin cream and the like; Depends is a nasal
// route, for which the class decides.
const (
	SystemicUnknown Systemic = iota
	SystemicYes
	SystemicNo
	SystemicLowAbsorbed
	SystemicDepends
)

func (s Systemic) String() string {
	return [...]string{"unknown", "yes", "no", "low_absorbed", "depends"}[s]
}

// Nasal reports whether the drug acts systemically when given nasally: yes for opioids,
// benzodiazepines, metoclopramide, esketamine and the like, no for antihistamines.
func (i *Ingredient) Nasal() Systemic {
	if i.Class == AntihistamineSedating || i.Class == AntihistamineNonsedating {
		return SystemicNo
	}
	return SystemicYes
}
