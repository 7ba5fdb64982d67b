package issue

// actCodeSystem is v3-ActCode of HL7 (terminology.hl7.org/CodeSystem-v3-ActCode.html), from which
// FHIR takes its own codes for DetectedIssue.code.
const actCodeSystem = "http://terminology.hl7.org/CodeSystem/v3-ActCode"

// category is the code of v3-ActCode that stands beside a check, for systems that do not know our
// checks.
type category struct{ code, display string }

// Displays are those of HL7, letter for letter.
var (
	condition   = category{"COND", "Condition Alert"}
	interaction = category{"DRG", "Drug Interaction Alert"}
)

// categories by check. A check has none where HL7 has no code that is true of it.
var categories = map[string]category{
	// A medicine that may be inappropriate because of a diagnosis of the patient.
	"rls-ssri":                condition,
	"rls-tricyclic":           condition,
	"rls-lithium":             condition,
	"rls-antipsychotic":       condition,
	"rls-antihistamine":       condition,
	"rls-snri":                condition,
	"rls-tetracyclic":         condition,
	"rls-dopamine-antagonist": condition,
	"rls-contraindicated":     condition,
	// Two medicines that work against each other, or add up.
	"dopamine-agonist-antagonist":          interaction,
	"gabapentinoid-respiratory-depression": interaction,
	// Two medicines of one kind. DUPTHPCLS would be closer, but its display is misspelt at HL7.
	"gabapentinoid-duplicate": {"DUPTHPY", "Duplicate Therapy Alert"},
	// A dose above the maximum for the patient's kidneys.
	"gabapentinoid-renal-dose": {"DOSECOND", "dosage-condition alert"},
	// Augmentation is a reaction that anybody may have who takes the medicine for long.
	"dopamine-agonist-augmentation": {"CREACT", "common reaction alert"},
	// A result decides.
	"iron-low": {"LAB", "Lab Alert"},
	// A result that is missing, old or unusable is no "recent lab test result", as LAB has it, and
	// HL7 has no code for it; nor for a medicine that nobody can identify.
	"iron-labs-missing":       {},
	"iron-labs-stale":         {},
	"iron-labs-unusable":      {},
	"rls-iron-unchecked":      {},
	"medication-unclassified": {},
}
