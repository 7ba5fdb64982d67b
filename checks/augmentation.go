package checks

import (
	"slices"
	"strings"

	"github.com/rlsguard/rlsguard/checks/ahead"
	"github.com/rlsguard/rlsguard/checks/decimal"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/silence"
	"github.com/rlsguard/rlsguard/checks/terms"
	"github.com/rlsguard/rlsguard/checks/words"
)

func augmentationCheck() Check {
	return Check{
		ID: "dopamine-agonist-augmentation", Title: "Dopamine agonist or levodopa for RLS",
		Severity: "moderate when treatment is new (90 d), above the RLS maximum, or iron is low; else low",
		Trigger: "classes dopamine_agonist, dopamine_precursor, no parkinsonism on record, and not ordered for " +
			"parkinsonism, prolactin, growth hormone, " +
			"a pituitary adenoma or lactation alone",
		Citations: []Citation{
			aasm(
				"conditional against standard use of levodopa, pramipexole, ropinirole, rotigotine; against " +
					"cabergoline",
			),
		},
		Rule:       pending(2),
		Classes:    agonistClasses,
		Thresholds: dopamineThresholds,
		run:        (*evaluation).augmentation,
	}
}

// augmentation flags dopamine agonists and levodopa, which worsen RLS in the long run (rules.md
// R10).
func (ev *evaluation) augmentation(c Check) {
	parkinson, known := ev.parkinson()
	for i := range ev.exposures {
		if x := &ev.exposures[i]; isAgonist(&x.Found) && ev.forSomethingElse(x.orderView) {
			ev.quiet(x.orderView, c.ID, x.Name, silence.OtherReason, "")
		}
	}
	counts := func(x *exposure) bool { return isAgonist(&x.Found) && !ev.forSomethingElse(x.orderView) }
	for _, group := range ev.byIngredient(counts) {
		if known {
			ev.quiet(group[0].orderView, c.ID, group[0].Name, silence.Parkinson, string(parkinson))
			continue
		}
		f := Finding{Ingredient: group[0].Name}
		concern := ev.augmentationConcern(group)
		own := Low
		if len(concern.basis) > 0 {
			own = ev.base(c, Moderate)
		}
		severity := ev.gather(&f, group, own)
		iron, refs := ev.ironFacts()
		f.Evidence, f.Basis = refs, strings.Join(concern.basis, "|")
		effect := slices.Concat([]string{words.Say("augmentation.effect")}, concern.words, []string{iron})
		f.Summary = ev.summary(group, joinSentences(effect...))
		f.Action = words.Say("augmentation.action")
		plain := leaflet{About: "augmentation", Do: []string{"augmentation.do", "keep"}}
		if low, _ := ev.ironLow(); low {
			f.Action = words.Say("augmentation.action.iron")
			plain.Do = []string{"augmentation.do", "augmentation.iron", "keep"}
		}
		f.Alternatives = ev.agonistAlternatives()
		ev.flag(c, severity, f, plain)
	}
}

// augmentationConcern is what makes augmentation likely enough to raise more than a low flag.
type augmentationConcern struct {
	basis, words []string
}

func (ev *evaluation) augmentationConcern(group []*exposure) augmentationConcern {
	var a augmentationConcern
	if day, dated, isNew := ev.agonistBegan(); isNew {
		a.basis = append(a.basis, "new")
		text := words.Say("augmentation.new.undated")
		if dated {
			text = words.Say("augmentation.new", "date", civilDate(day))
		}
		a.words = append(a.words, text)
	}
	if dose, most, above := ev.aboveAgonistMaximum(group); above {
		a.basis = append(a.basis, "dose="+dose)
		a.words = append(a.words, words.Say("augmentation.dose", "dose", dose, "most", most))
	}
	if low, _ := ev.ironLow(); low {
		a.basis = append(a.basis, "iron low")
	}
	return a
}

// agonistBegan reports when treatment with the class began: the first order that was ever more than
// a plan. It counts as new if there are only drafts or none has a date.
func (ev *evaluation) agonistBegan() (day int64, dated, isNew bool) {
	taken := func(o *orderView) bool {
		return o.everTaken() && !ev.forSomethingElse(o) &&
			slices.ContainsFunc(o.drug.match.Found, func(f terms.Found) bool { return isAgonist(&f) })
	}
	day, dated = ev.firstDay(taken, lastDayOf)
	return day, dated, !dated || ev.within(day, ev.set.Dopamine.NewDays, ahead.NotNew)
}

// aboveAgonistMaximum reports whether the orders of one drug together exceed its maximum for RLS. A
// known minimum dose suffices.
func (ev *evaluation) aboveAgonistMaximum(group []*exposure) (dose, most string, above bool) {
	row, ok := ev.set.Dopamine.Maxima[group[0].Name]
	if !ok {
		return "", "", false
	}
	total := totalDose(ev.agonistOrders(group), ev.zone, ev.asOf)
	ev.later(total.next, ahead.DoseChanges, group[0].ref)
	if total.mg.Minus(doseSlack).Cmp(row.Most) <= 0 {
		return "", "", false
	}
	return total.mg.Cut(2) + " mg", row.Most.String() + " mg", true
}

// agonistOrders returns the doses of a group; pramipexole base is converted to the salt.
func (ev *evaluation) agonistOrders(group []*exposure) []doseOrder {
	all := make([]doseOrder, 0, len(group))
	for _, x := range group {
		o := doseOrderOf(x)
		if x.Name == "pramipexole" && statesBase(x) {
			o.Scale = ev.set.Dopamine.Maxima[x.Name].Most.Over(ev.set.Dopamine.PramipexoleBase)
		}
		all = append(all, o)
	}
	return all
}

// pramipexoleBases are the strengths of products labelled as pramipexole base, in mg. No product of
// the salt has one of them.
var pramipexoleBases = []string{"0.088", "0.18", "0.35", "0.7", "0.26", "0.52", "1.05", "1.57", "2.1", "2.62", "3.15"}

// statesBase reports whether an order of pramipexole gives its doses as the base: by name, strength
// or a dose that only base products have.
func statesBase(x *exposure) bool {
	saysBase := func(name string) bool { return strings.Contains(strings.ToLower(name), "base") }
	if isOneOf(x.Strength, pramipexoleBases) || slices.ContainsFunc(x.drug.names, saysBase) {
		return true
	}
	return x.Strength == "" &&
		slices.ContainsFunc(x.Dosages, func(d facts.Dosage) bool { return isOneOf(d.Dose.Value, pramipexoleBases) })
}

func isOneOf(number string, list []string) bool {
	v, err := decimal.Parse(number)
	return err == nil && slices.ContainsFunc(list, func(s string) bool { return v.Cmp(decimal.Of(s)) == 0 })
}

// Groups of rls_conditions.tsv for which a dopamine agonist may be given.
const (
	contextParkinson = "context_dopaminergic"
	contextProlactin = "context_prolactin"
)

// forSomethingElse reports whether the coded reasons of an order name another disease treated with
// dopamine agonists, and not RLS.
func (ev *evaluation) forSomethingElse(o *orderView) bool {
	return !ev.reasonIsRLS(o) && (ev.orderedFor(o.Order, contextParkinson) || ev.orderedFor(o.Order, contextProlactin))
}

// orderedFor reports whether a reason of an order, or a diagnosis it refers to, is in a group.
// Suspected diagnoses are ignored here, since a match silences the check.
func (ev *evaluation) orderedFor(o *facts.Order, group string) bool {
	isIn := func(c facts.Concept) bool { return c.Certainty == facts.CertaintyAsCoded && ev.inGroup(&c, group) }
	return slices.ContainsFunc(o.Reasons, isIn) ||
		slices.ContainsFunc(o.ReasonRefs, func(ref facts.Ref) bool {
			f := ev.st.Find(ref)
			return f != nil && f.Kind == facts.KindCondition && !doubtful(f.Condition) &&
				ev.contextCounts(f.Condition, group)
		})
}

// reasonIsRLS reports whether any reason of an order may be RLS, in a code or in words.
func (ev *evaluation) reasonIsRLS(o *orderView) bool {
	status, _ := ev.weighReasons(o)
	return status > RLSNone
}

// parkinson looks for parkinsonism on record: a Condition, or the coded reason of an order that
// counts and is not also for RLS.
func (ev *evaluation) parkinson() (facts.Ref, bool) {
	if f, ok := ev.hasContext(contextParkinson); ok {
		return f.Ref, true
	}
	for i := range ev.orders {
		o := &ev.orders[i]
		if o.counts && !ev.reasonIsRLS(o) && ev.orderedFor(o.Order, contextParkinson) {
			return o.ref, true
		}
	}
	return "", false
}
