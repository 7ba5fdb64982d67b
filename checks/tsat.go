package checks

import (
	"cmp"
	"slices"

	"github.com/rlsguard/rlsguard/checks/terms"
)

// bindingAnalytes measure how much iron could be bound, in the order in which they are preferred for calculating TSAT.
var bindingAnalytes = []terms.Analyte{terms.TIBC, terms.UIBC, terms.Transferrin}

var analyteWords = map[terms.Analyte]string{
	terms.Ferritin: "ferritin", terms.TSAT: "transferrin saturation (TSAT)", terms.Iron: "iron", terms.TIBC: "total iron binding capacity",
	terms.UIBC: "unsaturated iron binding capacity", terms.Transferrin: "transferrin",
}

// calculatedTSAT gives a TSAT for every iron result with a binding capacity of the same draw (rules.md "TSAT by calculation"):
// 100 x iron / TIBC, TIBC being iron + UIBC where only that was measured, or the factor of the settings x iron / transferrin. Draws are never mixed.
func calculatedTSAT(b *labBook, tsat *terms.Lab, factor Decimal) []labReading {
	var all []labReading
	iron := b.of(terms.Iron)
	for i := range iron {
		if iron[i].reason == labPending {
			continue
		}
		if partner, ok := bindingPartner(b, &iron[i]); ok {
			all = append(all, saturation(&iron[i], partner, tsat, factor))
		}
	}
	slices.SortFunc(all, compareReadings)
	return all
}

// bindingPartner is the result of the same draw to divide by: a usable one before others, then TIBC before UIBC before
// transferrin, then the closest in time, then the one that gives the lowest TSAT.
func bindingPartner(b *labBook, iron *labReading) (*labReading, bool) {
	var best *labReading
	for _, a := range bindingAnalytes {
		rs := b.of(a)
		for i := range rs {
			if r := &rs[i]; r.reason != labPending && sameDraw(iron, r) && (best == nil || betterPartner(iron, r, best)) {
				best = r
			}
		}
	}
	return best, best != nil
}

func betterPartner(iron, r, best *labReading) bool {
	usable := func(x *labReading) int {
		if x.reason == labUsable {
			return 0
		}
		return 1
	}
	distance := func(x *labReading) int64 {
		if !x.dated || !iron.dated {
			return 0
		}
		return int64(x.at.Sub(iron.at).Abs())
	}
	return cmp.Or(
		cmp.Compare(usable(r), usable(best)),
		cmp.Compare(slices.Index(bindingAnalytes, r.lab.Analyte), slices.Index(bindingAnalytes, best.lab.Analyte)),
		cmp.Compare(distance(r), distance(best)),
		best.measure.value.Cmp(r.measure.value),
		slices.Compare(r.refs, best.refs), cmp.Compare(r.part, best.part),
	) < 0
}

// saturation divides; where one of the two cannot be used, the result says which and why.
func saturation(iron, partner *labReading, tsat *terms.Lab, factor Decimal) labReading {
	r := *iron
	r.lab, r.calculated, r.measure, r.note = tsat, true, measure{}, ""
	r.refs = []Ref{iron.refs[0]}
	if partner.refs[0] != iron.refs[0] {
		r.refs = append(r.refs, partner.refs[0])
	}
	if !r.dated {
		r.dated, r.at, r.effective = partner.dated, partner.at, partner.effective
	}
	if r.specimen == "" {
		r.specimen = partner.specimen
	}
	if partner.status != LabFinal {
		r.status = partner.status
	}
	for _, input := range []*labReading{iron, partner} {
		if input.reason != labUsable {
			r.reason, r.of = labInputUnreadable, analyteWords[input.lab.Analyte]+": "+input.reason.words()
			return r
		}
	}
	comparator, ok := ratioComparator(iron.measure.comparator, partner.measure.comparator)
	capacity := partner.measure.value
	if partner.lab.Analyte == terms.UIBC {
		capacity = capacity.plus(iron.measure.value)
	}
	if !ok || capacity.Sign() <= 0 {
		r.reason = labNotCalculable
		return r
	}
	scale := decimalInt(100)
	if partner.lab.Analyte == terms.Transferrin {
		scale = factor
	}
	m := measure{value: iron.measure.value.times(scale).over(capacity), comparator: comparator, unit: "%"}
	r.measure, r.reason = plausible(tsat, m)
	return r
}

// ratioComparator is what is known of a ratio that grows with its first and falls with its second operand. Two bounds leave nothing certain.
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

// tsatReadings are the measured and calculated TSAT results. Of one draw a measured one that can be used wins; where it cannot,
// a calculated one takes its place and says so.
func tsatReadings(b *labBook, tsat *terms.Lab, factor Decimal, clears func(*labReading) bool) []labReading {
	measured, calculated := b.of(terms.TSAT), calculatedTSAT(b, tsat, factor)
	if len(calculated) == 0 {
		return measured
	}
	kept := make([]labReading, 0, len(measured)+len(calculated))
	for _, c := range calculated {
		if !slices.ContainsFunc(measured, func(m labReading) bool { return clears(&m) && sameDraw(&m, &c) }) {
			kept = append(kept, c)
		}
	}
	for _, m := range measured {
		replaced := false
		for i := range kept {
			if c := &kept[i]; c.calculated && !clears(&m) && clears(c) && sameDraw(&m, c) {
				replaced = true
				c.note = "A measured TSAT of the same draw could not be used (" + m.reason.or(&m) + ")."
			}
		}
		if !replaced {
			kept = append(kept, m)
		}
	}
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
func statusReason(s LabStatus) labReason {
	switch s {
	case LabFinal:
		return labUsable
	case LabPreliminary:
		return labPreliminary
	case LabRegistered:
		return labPending
	default:
		return labUnknownStatus
	}
}
