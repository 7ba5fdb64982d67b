package checks

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rlsguard/rlsguard/checks/terms"
)

// indication is what a class of drugs is mostly given for; it decides which alternatives are offered.
type indication uint8

const (
	forDepression indication = iota
	forPsychosis
	forAllergy
	forNausea
)

// className is how a class is named to a reader.
var className = map[terms.Class]string{
	terms.SSRI: "SSRI", terms.SerotoninModulator: "serotonin modulator", terms.SNRI: "SNRI",
	terms.Tricyclic: "tricyclic antidepressant", terms.Tetracyclic: "tetracyclic antidepressant", terms.Lithium: "mood stabiliser",
	terms.AntipsychoticTypical: "dopamine-blocking antipsychotic", terms.AntipsychoticAtypical: "antipsychotic",
	terms.AntipsychoticNondopaminerg: "antipsychotic without dopamine blockade",
	terms.AntihistamineSedating:      "sedating antihistamine", terms.AntihistamineNonsedating: "non-sedating antihistamine",
	terms.DopamineAntagonistAntiemet: "dopamine-blocking antiemetic", terms.DopamineAntagonistOther: "dopamine antagonist",
	terms.DopamineDepleter: "dopamine depleter", terms.DopamineAgonist: "dopamine agonist", terms.DopaminePrecursor: "dopamine precursor",
}

// offendingSummary says which drug meets RLS, how it is known and what is uncertain.
func (ev *evaluation) offendingSummary(group []*exposure) string {
	x := group[0]
	effect := "can bring on or worsen RLS."
	switch {
	case x.Class == terms.AntihistamineNonsedating || x.Class == terms.DopamineAntagonistAntiemet && x.Central == terms.CentralLow:
		effect = "hardly enters the brain and affects RLS less than others of its kind."
	case slices.Contains(partialAgonists, x.Name):
		effect = "is reported both to worsen and to ease RLS."
	case x.Class == terms.Lithium:
		effect = "may worsen RLS; the evidence is case reports only."
	}
	return ev.sentence(group, "it "+effect)
}

// sentence opens a summary: drug, class, whether it is new or already taken, what follows from it, then the notes and the RLS evidence.
func (ev *evaluation) sentence(group []*exposure, effect string) string {
	x := group[0]
	return fmt.Sprintf("%s (%s) %s: %s%s %s", capital(x.Name), className[x.Class], ev.taking(group), effect, notes(group), ev.rlsWords())
}

// taking tells whether the drug or the diagnosis came first (rules.md R12).
func (ev *evaluation) taking(group []*exposure) string {
	already := !ev.rls.since.IsZero()
	draft := true
	for _, x := range group {
		draft = draft && x.draft
		already = already && !x.start.IsZero() && x.start.Before(ev.rls.since.Start(ev.zone))
	}
	switch {
	case draft:
		return "is being ordered for a patient with RLS"
	case already:
		return "was already taken when RLS was recorded"
	default:
		return "in a patient with RLS"
	}
}

// notes are the reservations of a group's orders, each once.
func notes(group []*exposure) string {
	var all []string
	for _, x := range group {
		for _, n := range x.notes {
			if !slices.Contains(all, n) {
				all = append(all, n)
			}
		}
	}
	if len(all) == 0 {
		return ""
	}
	return " " + strings.Join(all, " ")
}

// offendingAction says what to do, and never to end a treatment.
func offendingAction(x *exposure) string {
	action := "Ask whether the legs became restless or worse after it was started or raised. Review need, dose and time of day"
	switch {
	case isAntipsychotic(x.Class) || x.Class == terms.Lithium:
		action += " with the prescriber; where it is given for a psychiatric reason, that need outweighs RLS."
	case x.Class == terms.AntihistamineSedating:
		action += "; with a gabapentinoid, opioid or hypnotic it adds to sedation."
	case x.Class == terms.AntihistamineNonsedating || x.Class == terms.DopamineAntagonistAntiemet:
		action += " with the prescriber."
	default:
		action += " with the prescriber. Any change should be gradual: an abrupt end is harmful."
	}
	return action + " " + counselling
}

// alternatives fit what the drug is mostly given for (rules.md R1). Domperidone is never offered where an antiemetic that hardly
// enters the brain is flagged.
func alternatives(x *exposure, use indication) []string {
	switch use {
	case forDepression:
		return []string{"for depression: bupropion where suitable (not with seizures or an eating disorder)"}
	case forAllergy:
		if x.Class == terms.AntihistamineNonsedating {
			return []string{"for allergic rhinitis: a nasal steroid"}
		}
		return []string{
			"for allergy: fexofenadine, loratadine or desloratadine (cetirizine is less preferred); a nasal steroid",
			"for sleep: behavioural therapy, or an RLS treatment that also helps sleep",
		}
	case forNausea:
		if x.Class != terms.DopamineAntagonistAntiemet {
			return nil
		}
		if x.Central == terms.CentralLow {
			return []string{"for nausea: ondansetron or granisetron"}
		}
		return []string{"for nausea: ondansetron or granisetron; domperidone where licensed (mind the QT interval)"}
	default:
		if x.Name == "prochlorperazine" { // mostly given as an antiemetic
			return []string{"for nausea: ondansetron or granisetron", "for psychosis: specialist review only"}
		}
		return []string{"specialist review only"}
	}
}

// reviewNote closes an action with the source of the rule and how far its review has come.
func reviewNote(c Check) string {
	return fmt.Sprintf(" Source: %s (rule review: %s).", c.Citations[0].Source, c.Rule.Status)
}

// capital writes the first letter large.
func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

// plural picks the wording for a count.
func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return fmt.Sprintf(many, n)
}

// lowerFirst writes the first letter small, unless the word goes on in capitals (TSAT).
func lowerFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if next, _ := utf8.DecodeRuneInString(s[n:]); unicode.IsUpper(next) {
		return s
	}
	return string(unicode.ToLower(r)) + s[n:]
}
