package checks

import (
	"fmt"
	"strings"
)

// Audiences of the texts.
const (
	ForProfessionals = "professional"
	ForPatients      = "patient"
)

// counselling is what eases RLS without a medicine; no strength of evidence is on record for it, its review is pending.
const (
	counselling = "Counsel on walking and exercise, evening caffeine, alcohol, nicotine and heavy meals, and on sleep."
	selfHelp    = "What helps many people: walking and stretching when the legs bother, regular exercise earlier in the day, less caffeine, alcohol and nicotine in the evening, " +
		"no heavy late meals, and a cool, dark, quiet bedroom."
)

// leaflets are the words for patients, by check: what it is about, and what to do. %s is the drug.
var leaflets = map[string][2]string{
	"rls-ssri":          {offendingLeaflet, askLeaflet},
	"rls-tricyclic":     {offendingLeaflet, askLeaflet},
	"rls-lithium":       {"%s may make restless legs worse in some people.", askLeaflet},
	"rls-antipsychotic": {offendingLeaflet, askLeaflet},
	"rls-antihistamine": {"%s, which is also in many remedies for allergy, colds and sleep, can make restless legs worse.", worseLeaflet + " If you bought it yourself, " +
		"ask before taking more. If it was prescribed for you, please keep taking it as prescribed until you have talked about it. For hay fever there are remedies that trouble the legs less."},
	"rls-snri":                {offendingLeaflet, askLeaflet},
	"rls-tetracyclic":         {offendingLeaflet, askLeaflet},
	"rls-dopamine-antagonist": {offendingLeaflet, askLeaflet},
	checkIronMissing:          {"Low iron stores can make legs restless, and no complete iron test of yours is known here.", bloodLeaflet},
	checkIronStale:            {"Low iron stores can make legs restless, and your last iron test was some time ago.", bloodLeaflet},
	checkIronUnusable:         {"Low iron stores can make legs restless, and your last iron test cannot be read here.", bloodLeaflet},
	checkIronLow:              {"Your iron stores are low for somebody with restless legs.", "Ask your doctor whether iron is right for you, and why the stores are low. Please ask before you take iron on your own: too much harms."},
	checkIronUnchecked:        {"Low iron stores can make legs restless, and no recent iron test of yours is known here.", bloodLeaflet},
	"dopamine-agonist-augmentation": {"%s eases restless legs at first, but over time it can make them start earlier in the day and spread.",
		"Tell your doctor or pharmacist if that happens. " + keepLeaflet},
	"gabapentinoid-respiratory-depression": {"%s together with another of your medicines can make you very drowsy and your breathing slow.",
		"Tell the people you live with: if your breathing is very slow or you can hardly be woken, they should call an ambulance at once. " +
			"Talk to your doctor or pharmacist soon about taking them together, and drink no alcohol with them. Please keep taking them as prescribed until then: ending one suddenly can harm."},
	checkRenalDose:            {"Your dose of %s may be more than your kidneys can handle.", "Ask your doctor or pharmacist about the dose soon, sooner if you feel drowsy or unsteady. " + keepLeaflet},
	"medication-unclassified": {"One of your medicines could not be checked here, since its name is not known.", "Please show your pharmacist all medicines that you take."},
}

const (
	offendingLeaflet = "%s can make restless legs worse."
	worseLeaflet     = "If your legs became restless, or worse, after you began it or took more of it, tell your doctor or pharmacist."
	keepLeaflet      = "Please keep taking it as prescribed until you have talked to them: ending it suddenly can harm."
	askLeaflet       = worseLeaflet + " " + keepLeaflet
	bloodLeaflet     = "Ask your doctor about a blood test of ferritin and iron, taken in the morning and without iron tablets the day before."
)

// forPatients replaces the texts of a finding by the plain words of a leaflet.
func forPatients(f *Finding) {
	words := leaflets[f.Check]
	f.Summary = words[0]
	if strings.Contains(words[0], "%s") {
		f.Summary = fmt.Sprintf(words[0], capitalAt(words[0], f.Ingredient))
	}
	f.Action = words[1]
	if strings.HasPrefix(f.Check, "rls-") {
		f.Action += " " + selfHelp
	}
	f.Alternatives = nil
}

// capitalAt writes a drug with a capital when it opens the sentence.
func capitalAt(template, drug string) string {
	if strings.HasPrefix(template, "%s") {
		return capital(drug)
	}
	return drug
}
