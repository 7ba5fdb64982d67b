package checks

import (
	"slices"

	"github.com/rlsguard/rlsguard/checks/decimal"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/measure"
	"github.com/rlsguard/rlsguard/checks/terms/labs"
	"github.com/rlsguard/rlsguard/checks/words"
)

// bindingAnalytes measure iron-binding capacity, in order of preference for calculating TSAT.
var bindingAnalytes = []labs.Analyte{labs.TIBC, labs.UIBC, labs.Transferrin}

var analyteWords = map[labs.Analyte]string{
	labs.Ferritin: "analyte.ferritin", labs.TSAT: "analyte.tsat", labs.Iron: "analyte.iron", labs.TIBC: "analyte.tibc",
	labs.UIBC: "analyte.uibc", labs.Transferrin: "analyte.transferrin",
}

// calculatedTSAT returns a TSAT for every iron result with a binding capacity from the same draw
// (rules.md "TSAT by calculation"): 100 x iron / TIBC, with TIBC = iron + UIBC if only that was
// measured, or the factor of the settings x iron / transferrin. Draws are never mixed.
func calculatedTSAT(b *labBook, tsat *labs.Lab, factor decimal.Decimal) []labReading {
	iron := b.of(labs.Iron)
	if len(iron) == 0 {
		return nil
	}
	var all []labReading
	partners := bindingPartners(b)
	for i := range iron {
		if iron[i].reason == measure.Pending {
			continue
		}
		for _, index := range partners {
			if partner := index.nearest(&iron[i]); partner != nil {
				all = append(all, saturation(&iron[i], partner, tsat, factor))
				break
			}
		}
	}
	slices.SortFunc(all, compareReadings)
	return all
}

// bindingPartners are the divisors in order of preference: usable ones first, then TIBC before UIBC
// before transferrin. Within one draw the nearest in time is taken, then the one that gives the
// lowest TSAT.
func bindingPartners(b *labBook) []*drawIndex {
	var usable, others []*drawIndex
	for _, a := range bindingAnalytes {
		rs := b.of(a)
		usable = append(usable, indexDraws(pointers(rs,
			func(r *labReading) bool { return r.reason == measure.Usable })))
		others = append(
			others,
			indexDraws(
				pointers(rs, func(r *labReading) bool {
					return r.reason != measure.Usable &&
						r.reason != measure.Pending
				}),
			),
		)
	}
	return append(usable, others...)
}

// saturation divides; if one of the two cannot be used, the result says which and why.
func saturation(iron, partner *labReading, tsat *labs.Lab, factor decimal.Decimal) labReading {
	r := *iron
	r.lab, r.calculated, r.measure, r.note = tsat, true, measure.Measure{}, ""
	r.refs = []facts.Ref{iron.refs[0]}
	if partner.refs[0] != iron.refs[0] {
		r.refs = append(r.refs, partner.refs[0])
	}
	if !r.dated {
		r.dated, r.afloat, r.at, r.effective = partner.dated, partner.afloat, partner.at, partner.effective
	}
	if r.specimen == "" {
		r.specimen = partner.specimen
	}
	if partner.status != facts.LabFinal {
		r.status = partner.status
	}
	r.unplaced = iron.unplaced || partner.unplaced
	for _, input := range []*labReading{iron, partner} {
		if input.reason != measure.Usable {
			r.reason, r.of = measure.InputUnreadable, words.Say(analyteWords[input.lab.Analyte])+": "+
				input.reason.Words()
			if input.reason.Unreadable() {
				r.reason = measure.InputUnread
			}
			return r
		}
	}
	comparator, ok := ratioComparator(iron.measure.Comparator, partner.measure.Comparator)
	capacity := partner.measure.Value
	if partner.lab.Analyte == labs.UIBC {
		capacity = capacity.Plus(iron.measure.Value)
	}
	if !ok || capacity.Sign() <= 0 {
		r.reason = measure.NotCalculable
		return r
	}
	scale := decimal.Int(100)
	if partner.lab.Analyte == labs.Transferrin {
		scale = factor
	}
	m := measure.Measure{Value: iron.measure.Value.Times(scale).Over(capacity), Comparator: comparator, Unit: "%"}
	r.measure, r.reason = measure.Plausible(tsat, m)
	return r
}

// ratioComparator is the comparator of a ratio that rises with its first operand and falls with its
// second. Two bounds leave nothing certain.
func ratioComparator(above, below string) (string, bool) {
	turned := map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<=", "": ""}
	switch {
	case below == "":
		return above, true
	case above == "":
		return turned[below], true
	}
	return "", false
}

// tsatReadings are the measured and calculated TSAT results. Within one draw a usable measured one
// wins; otherwise a calculated one replaces it and says so, unless the measured one was sent but
// unreadable: then it stays.
func tsatReadings(b *labBook, tsat *labs.Lab, factor decimal.Decimal, clears func(*labReading) bool) []labReading {
	measured, calculated := b.of(labs.TSAT), calculatedTSAT(b, tsat, factor)
	if len(calculated) == 0 {
		return measured
	}
	cannot := func(r *labReading) bool { return !clears(r) }
	readable, unreadable := indexDraws(pointers(measured, clears)), indexDraws(pointers(measured, cannot))
	calculated = slices.DeleteFunc(calculated, func(c labReading) bool { return readable.nearest(&c) != nil })
	instead := indexDraws(pointers(calculated, clears))
	kept := slices.DeleteFunc(slices.Clone(measured), func(m labReading) bool {
		return cannot(&m) && !m.reason.Unreadable() && instead.nearest(&m) != nil
	})
	for i := range calculated {
		c := &calculated[i]
		if m := unreadable.nearest(c); m != nil && clears(c) {
			c.note = words.Say("iron.note.measured", "why", reasonWords(m.reason, m))
		}
	}
	kept = append(kept, calculated...)
	slices.SortFunc(kept, compareReadings)
	return kept
}

// statusReason is why a result of this status cannot clear.
func statusReason(s facts.LabStatus) measure.Reason {
	switch s {
	case facts.LabFinal:
		return measure.Usable
	case facts.LabPreliminary:
		return measure.Preliminary
	case facts.LabRegistered:
		return measure.Pending
	default:
		return measure.UnknownStatus
	}
}

// reasonWords is a reason in words, even for a readable result that cannot clear because of its
// status.
func reasonWords(r measure.Reason, m *labReading) string {
	if r == measure.Usable {
		r = statusReason(m.status)
	}
	return r.Words()
}
