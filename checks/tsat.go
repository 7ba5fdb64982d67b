package checks

import (
	"slices"

	"github.com/rlsguard/rlsguard/checks/decimal"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/terms/labs"
	"github.com/rlsguard/rlsguard/checks/words"
)

// bindingAnalytes measure how much iron could be bound, in the order in which they are preferred
// for calculating TSAT.
var bindingAnalytes = []labs.Analyte{labs.TIBC, labs.UIBC, labs.Transferrin}

var analyteWords = map[labs.Analyte]string{
	labs.Ferritin: "analyte.ferritin", labs.TSAT: "analyte.tsat", labs.Iron: "analyte.iron", labs.TIBC: "analyte.tibc",
	labs.UIBC: "analyte.uibc", labs.Transferrin: "analyte.transferrin",
}

// calculatedTSAT gives a TSAT for every iron result with a binding capacity of the same draw
// (rules.md "TSAT by calculation"): 100 x iron / TIBC, TIBC being iron + UIBC where only that was
// measured, or the factor of the settings x iron / transferrin. Draws are never mixed.
func calculatedTSAT(b *labBook, tsat *labs.Lab, factor decimal.Decimal) []labReading {
	iron := b.of(labs.Iron)
	if len(iron) == 0 {
		return nil
	}
	var all []labReading
	partners := bindingPartners(b)
	for i := range iron {
		if iron[i].reason == labPending {
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

// bindingPartners are the results to divide by, in the order in which they are preferred: usable
// ones before others, then TIBC before UIBC before transferrin. Of one draw the nearest in time is
// taken, then the one that gives the lowest TSAT.
func bindingPartners(b *labBook) []*drawIndex {
	var usable, others []*drawIndex
	for _, a := range bindingAnalytes {
		rs := b.of(a)
		usable = append(usable, indexDraws(pointers(rs, func(r *labReading) bool { return r.reason == labUsable })))
		others = append(
			others,
			indexDraws(
				pointers(rs, func(r *labReading) bool { return r.reason != labUsable && r.reason != labPending }),
			),
		)
	}
	return append(usable, others...)
}

// saturation divides; where one of the two cannot be used, the result says which and why.
func saturation(iron, partner *labReading, tsat *labs.Lab, factor decimal.Decimal) labReading {
	r := *iron
	r.lab, r.calculated, r.measure, r.note = tsat, true, measure{}, ""
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
		if input.reason != labUsable {
			r.reason, r.of = labInputUnreadable, words.Say(analyteWords[input.lab.Analyte])+": "+input.reason.words()
			if input.reason.unreadable() {
				r.reason = labInputUnread
			}
			return r
		}
	}
	comparator, ok := ratioComparator(iron.measure.comparator, partner.measure.comparator)
	capacity := partner.measure.value
	if partner.lab.Analyte == labs.UIBC {
		capacity = capacity.Plus(iron.measure.value)
	}
	if !ok || capacity.Sign() <= 0 {
		r.reason = labNotCalculable
		return r
	}
	scale := decimal.Int(100)
	if partner.lab.Analyte == labs.Transferrin {
		scale = factor
	}
	m := measure{value: iron.measure.value.Times(scale).Over(capacity), comparator: comparator, unit: "%"}
	r.measure, r.reason = plausible(tsat, m)
	return r
}

// ratioComparator is what is known of a ratio that grows with its first and falls with its second
// operand. Two bounds leave nothing certain.
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

// tsatReadings are the measured and calculated TSAT results. Of one draw a measured one that can be
// used wins; where it cannot, a calculated one takes its place and says so, but for one that was
// sent and could not be read, which stays.
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
		return cannot(&m) && !m.reason.unreadable() && instead.nearest(&m) != nil
	})
	for i := range calculated {
		c := &calculated[i]
		if m := unreadable.nearest(c); m != nil && clears(c) {
			c.note = words.Say("iron.note.measured", "why", m.reason.or(m))
		}
	}
	kept = append(kept, calculated...)
	slices.SortFunc(kept, compareReadings)
	return kept
}

// or is the reason in words, also for a readable result whose status keeps it from clearing.
func (r labReason) or(m *labReading) string {
	if r == labUsable {
		r = statusReason(m.status)
	}
	return r.words()
}

// statusReason is why a result of this status cannot clear.
func statusReason(s facts.LabStatus) labReason {
	switch s {
	case facts.LabFinal:
		return labUsable
	case facts.LabPreliminary:
		return labPreliminary
	case facts.LabRegistered:
		return labPending
	default:
		return labUnknownStatus
	}
}
