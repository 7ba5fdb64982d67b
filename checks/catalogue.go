package checks

import (
	"sync"

	"github.com/rlsguard/rlsguard/checks/terms"
)

// Check is one check of the catalogue: what it is for, where it comes from and how it runs. Its documentation is data: help,
// the table of the README and the flags' citations all come from here.
type Check struct {
	ID       string
	Title    string
	Severity string // default, in words
	Trigger  string
	// Thresholds in force, by name of the setting.
	Thresholds func(*Settings) []Threshold
	Citations  []Citation
	Rule       Rule
	// Classes of drugs that it is about.
	Classes []terms.Class
	// WithoutRLS: the severity does not depend on the RLS evidence, and a setting runs the check for everyone.
	WithoutRLS bool

	run func(*evaluation, Check)
}

// Threshold is a number that a check goes by.
type Threshold struct {
	Name, Value string
	Review      string // pending when the value is a convention without a source
}

var catalogue = sync.OnceValue(func() []Check {
	offending := func(id, title, trigger string, use indication, classes ...terms.Class) Check {
		return Check{
			ID: id, Title: title, Severity: "moderate", Trigger: trigger, Classes: classes,
			Citations: []Citation{aasm("good practice statement: address aggravating medicines first")}, Rule: pending(1),
			run: func(ev *evaluation, c Check) { ev.offending(c, use) },
		}
	}
	antipsychotic := offending("rls-antipsychotic", "Antipsychotic in RLS", "classes antipsychotic_* (prochlorperazine is here)", forPsychosis,
		terms.AntipsychoticTypical, terms.AntipsychoticAtypical, terms.AntipsychoticNondopaminerg)
	antipsychotic.Severity = "moderate; low for aripiprazole, brexpiprazole, cariprazine and non-dopaminergic ones"
	antihistamine := offending("rls-antihistamine", "Antihistamine in RLS", "classes antihistamine_* (promethazine is here)", forAllergy,
		terms.AntihistamineSedating, terms.AntihistamineNonsedating)
	antihistamine.Severity = "moderate for sedating, low for non-sedating ones"
	ssri := offending("rls-ssri", "SSRI or serotonin modulator in RLS", "classes ssri, serotonin_modulator", forDepression, terms.SSRI, terms.SerotoninModulator)
	ssri.Citations = append(ssri.Citations, kolla())
	tricyclic := offending("rls-tricyclic", "Tricyclic antidepressant in RLS", "class tricyclic", forDepression, terms.Tricyclic)
	tricyclic.Citations = append(tricyclic.Citations, kolla())
	lithium := offending("rls-lithium", "Lithium in RLS", "class lithium", forPsychosis, terms.Lithium)
	lithium.Citations = []Citation{{Source: "Terao 1991, Biol Psychiatry 30:1167-70", Strength: "case reports", Review: Pending}}
	snri := offending("rls-snri", "SNRI in RLS", "class snri", forDepression, terms.SNRI)
	snri.Citations = append(snri.Citations, kolla())
	tetracyclic := offending("rls-tetracyclic", "Mirtazapine, mianserin and other tetracyclics in RLS", "class tetracyclic", forDepression, terms.Tetracyclic)
	tetracyclic.Citations = append(tetracyclic.Citations, Citation{Source: "Rottach 2008, J Psychiatr Res, PMID 18468624", Strength: "prospective cohort", Review: Pending})
	dopamine := offending("rls-dopamine-antagonist", "Dopamine antagonist or depleter in RLS",
		"classes dopamine_antagonist_antiemetic, dopamine_antagonist_other, dopamine_depleter", forNausea,
		terms.DopamineAntagonistAntiemet, terms.DopamineAntagonistOther, terms.DopamineDepleter)
	dopamine.Severity = "moderate; low for antiemetics that hardly enter the brain"

	checks := []Check{ssri, tricyclic, lithium, antipsychotic, antihistamine, snri, tetracyclic, dopamine}
	checks = append(checks, ironChecks()...)
	checks = append(checks, augmentationCheck(), pairCheck(), renalCheck(), unclassifiedCheck())
	for i := range checks {
		if checks[i].Thresholds == nil {
			checks[i].Thresholds = tailThresholds(checks[i])
		}
	}
	return checks
})

// Catalogue lists all checks, in the order of the contract.
func Catalogue() []Check { return catalogue() }

func aasm(strength string) Citation {
	return Citation{Source: "AASM 2025 (Winkelman et al.)", DOI: "10.5664/jcsm.11390", Strength: strength, Review: Pending}
}

func kolla() Citation {
	return Citation{Source: "Kolla 2018, Sleep Med Rev 38:131-140", Strength: "systematic review", Review: Pending}
}
