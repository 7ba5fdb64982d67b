package checks

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/rlsguard/rlsguard/checks/terms/conditions"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
	"github.com/rlsguard/rlsguard/checks/words"
)

// summary says which drug meets RLS, what follows, what is uncertain, and how RLS is known.
func (ev *evaluation) summary(group []*exposure, effect string) string {
	return joinSentences(ev.taking(group)+": "+effect, notes(group), ev.rlsWords())
}

// taking opens a summary: drug, class, and whether the drug or the diagnosis came first (rules.md
// R12).
func (ev *evaluation) taking(group []*exposure) string {
	already := !ev.rls.since.IsZero()
	draft := true
	for _, x := range group {
		draft = draft && x.draft
		already = already && !x.start.IsZero() && x.start.Before(ev.rls.since.Start(ev.zone))
	}
	key := "taking"
	switch {
	case draft:
		key = "taking.draft"
	case already:
		key = "taking.before"
	}
	return words.Say(key, "drug", group[0].Name, "class", words.Say("class."+string(group[0].Class)))
}

// effect is what a drug does to RLS, with the certainty of the evidence.
func (ev *evaluation) effect(x *exposure, little bool) string {
	switch {
	case little:
		return words.Say("effect.doxepin-low", "most", ev.set.Orders.DoxepinLow.String())
	case slices.Contains(partialAgonists, x.Name):
		return words.Say("effect.partial")
	case x.Name == "mirtazapine":
		return words.Say("effect.mirtazapine")
	case isDopamineAntagonist(x.Class) && x.Central == drugs.CentralLow:
		return words.Say("effect.central-low")
	}
	return words.Say("effect." + string(x.Class))
}

// actionKey is what to do about a drug that may worsen RLS; never to end a treatment.
func actionKey(x *exposure) string {
	switch {
	case isAntipsychotic(x.Class) && usuallyFor(x, conditions.UseNausea):
		return "action.antiemetic"
	case isAntipsychotic(x.Class) || x.Class == drugs.Lithium:
		return "action.psychiatric"
	case x.Class == drugs.AntihistamineSedating:
		return "action.sedating"
	case x.Class == drugs.AntihistamineNonsedating:
		return "action.nonsedating"
	case x.Class == drugs.DopamineAntagonistAntiemet:
		return "action.antiemetic"
	case isDopamineAntagonist(x.Class):
		return "action.review"
	}
	return "action.taper"
}

// notes are the caveats of a group's orders, and others, without duplicates.
func notes(group []*exposure, more ...string) string {
	var all []string
	for _, x := range group {
		all = append(all, x.notes...)
	}
	var once []string
	said := map[string]bool{}
	for _, n := range append(all, more...) {
		if !said[n] {
			said[n] = true
			once = append(once, n)
		}
	}
	return strings.Join(once, " ")
}

// pairNotes are the caveats that also apply to a partner in a pair.
func (x *exposure) pairNotes() []string {
	var kept []string
	for _, n := range x.notes {
		if n != words.Say("order.as-needed") && n != words.Say("order.short") && n != words.Say("order.route-unknown") {
			kept = append(kept, n)
		}
	}
	return kept
}

func civilDate(day int64) string { return time.Unix(day*86_400, 0).UTC().Format(time.DateOnly) }

// shortened cuts a text as sent to one line, at a word if possible.
func shortened(s string, most int) string {
	s = strings.Join(
		strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }),
		" ",
	)
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	runes := []rune(s)[:most-1]
	cut := string(runes)
	if i := strings.LastIndexByte(cut, ' '); i > most/2 {
		cut = cut[:i]
	}
	return cut + "…"
}
