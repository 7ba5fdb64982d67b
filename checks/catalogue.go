package checks

import (
	"sync"

	"github.com/rlsguard/rlsguard/checks/terms/conditions"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
)

// Check is one check of the catalogue: what it is for, where it comes from and how it runs. Its
// documentation is data: help, the table of the README and the flags' citations all come from here.
type Check struct {
	ID       string
	Title    string
	Severity string // default, in words
	Trigger  string
	// Thresholds in force, by name of the setting.
	Thresholds func(*Settings) []threshold
	Citations  []Citation
	Rule       Rule
	// Classes of drugs that it is about.
	Classes []drugs.Class
	// WithoutRLS: the severity does not depend on the RLS evidence, and a setting runs the check
	// for everyone.
	WithoutRLS bool

	run func(*evaluation, Check)
}

// threshold is a number that a check goes by, and where it is from.
type threshold struct {
	Name, Value string
	Source      string
	Review      string // pending until a clinician has confirmed it
}

// Ids of the checks of drugs taken together.
const (
	checkAntagonist = "dopamine-agonist-antagonist"
	checkDuplicate  = "gabapentinoid-duplicate"
	checkPair       = "gabapentinoid-respiratory-depression"
)

var catalogue = sync.OnceValue(func() []Check {
	list := append(offendingChecks(), ironChecks()...)
	list = append(
		list,
		augmentationCheck(),
		antagonistCheck(),
		pairCheck(),
		duplicateCheck(),
		renalCheck(),
		unclassifiedCheck(),
	)
	for i := range list {
		if list[i].Thresholds == nil {
			list[i].Thresholds = tailThresholds(list[i])
		}
	}
	return list
})

// offendingChecks are those of medicines that can bring on or worsen RLS.
func offendingChecks() []Check {
	offending := func(id, title, trigger string, version int, use conditions.Use, classes ...drugs.Class) Check {
		return Check{
			ID: id, Title: title, Severity: "moderate", Trigger: trigger, Classes: classes,
			Citations: []Citation{
				aasm("good practice statement: address aggravating medicines first"),
			}, Rule: pending(version),
			run: func(ev *evaluation, c Check) { ev.offending(c, use) },
		}
	}
	antipsychotic := offending(
		"rls-antipsychotic",
		"Antipsychotic in RLS",
		"classes antipsychotic_* (prochlorperazine is here)",
		2,
		conditions.UsePsychosis,
		drugs.AntipsychoticTypical,
		drugs.AntipsychoticAtypical,
		drugs.AntipsychoticNondopaminerg,
	)
	antipsychotic.Severity = "moderate; low for aripiprazole (lauroxil too), brexpiprazole, cariprazine and " +
		"non-dopaminergic ones"
	antihistamine := offending(
		"rls-antihistamine",
		"Antihistamine in RLS",
		"classes antihistamine_* (promethazine is here)",
		2,
		conditions.UseAllergy,
		drugs.AntihistamineSedating,
		drugs.AntihistamineNonsedating,
	)
	antihistamine.Severity = "moderate for sedating, low for non-sedating ones"
	ssri := offending(
		"rls-ssri",
		"SSRI or serotonin modulator in RLS",
		"classes ssri, serotonin_modulator",
		2,
		conditions.UseDepression,
		drugs.SSRI,
		drugs.SerotoninModulator,
	)
	ssri.Citations = append(ssri.Citations, rottach(), kolla())
	tricyclic := offending(
		"rls-tricyclic",
		"Tricyclic antidepressant in RLS",
		"class tricyclic",
		2,
		conditions.UseDepression,
		drugs.Tricyclic,
	)
	tricyclic.Severity = "moderate; low for doxepin up to 6 mg a day"
	tricyclic.Citations = append(tricyclic.Citations, kolla())
	lithium := offending("rls-lithium", "Lithium in RLS", "class lithium", 2, conditions.UseBipolar, drugs.Lithium)
	lithium.Citations = []Citation{
		{Source: "Terao 1991, Biol Psychiatry 30:1167-70", Strength: "case reports", Review: rulePending},
	}
	snri := offending("rls-snri", "SNRI in RLS", "class snri", 2, conditions.UseDepression, drugs.SNRI)
	snri.Citations = append(snri.Citations, rottach(), kolla())
	tetracyclic := offending(
		"rls-tetracyclic",
		"Mirtazapine, mianserin and other tetracyclics in RLS",
		"class tetracyclic",
		2,
		conditions.UseDepression,
		drugs.Tetracyclic,
	)
	tetracyclic.Citations = append(tetracyclic.Citations, rottach())
	dopamine := offending("rls-dopamine-antagonist", "Dopamine antagonist or depleter in RLS",
		"classes dopamine_antagonist_antiemetic, dopamine_antagonist_other, dopamine_depleter", 2, conditions.UseNausea,
		drugs.DopamineAntagonistAntiemet, drugs.DopamineAntagonistOther, drugs.DopamineDepleter)
	dopamine.Severity = "moderate; low for antiemetics that hardly enter the brain"
	return []Check{
		ssri,
		tricyclic,
		lithium,
		antipsychotic,
		antihistamine,
		snri,
		tetracyclic,
		dopamine,
		contraindicatedCheck(),
	}
}

// Catalogue lists all checks, in the order of the contract.
func Catalogue() []Check { return catalogue() }

func aasm(strength string) Citation {
	return Citation{
		Source:   "AASM 2025 (Winkelman et al.)",
		DOI:      "10.5664/jcsm.11390",
		Strength: strength,
		Review:   rulePending,
	}
}

func kolla() Citation {
	return Citation{Source: "Kolla 2018, Sleep Med Rev 38:131-140", Strength: "systematic review", Review: rulePending}
}

func rottach() Citation {
	return Citation{
		Source:   "Rottach 2008, J Psychiatr Res, PMID 18468624",
		Strength: "prospective cohort",
		Review:   rulePending,
	}
}
