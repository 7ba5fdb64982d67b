package checks

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/rlsguard/rlsguard/checks/decimal"
)

// sensibleRange is the range in which a limit makes sense. A limit outside it, usually one written
// in another unit, would silently disable a check or raise it for everyone.
type sensibleRange struct {
	low, high, unit string
	// times converts from other, the unit probably meant, into unit; both may be "".
	times, other string
}

// Ranges are wider than any guideline or label needs: they catch wrong units and slips of a digit,
// not opinions.
var (
	inFerritin  = sensibleRange{"10", "500", "ng/mL", "1000", "mg/L"}
	inDialysis  = sensibleRange{"50", "1500", "ng/mL", "1000", "mg/L"}
	inFerritins = sensibleRange{"5", "1500", "ng/mL", "1000", "mg/L"}
	inTSAT      = sensibleRange{"5", "60", "%", "100", "a fraction"}
	inCeiling   = sensibleRange{"20", "100", "%", "100", "a fraction"}
	inCRP       = sensibleRange{"1", "200", "mg/L", "10", "mg/dL"}
	inClearance = sensibleRange{"5", "150", "mL/min", "60", "mL/s"}
	inFactor    = sensibleRange{low: "65", high: "76", unit: "(µg/dL iron to mg/dL transferrin)"}
	inCreatine  = sensibleRange{"0.5", "5", "mg/dL", "0.0113", "µmol/L"}
	inYears     = sensibleRange{low: "12", high: "25", unit: "years"}
	inAge       = sensibleRange{low: "40", high: "100", unit: "years"}
	inWindow    = sensibleRange{low: "7", high: "3650", unit: "days"}
	inShort     = sensibleRange{low: "1", high: "180", unit: "days"}
	inSpan      = sensibleRange{low: "0", high: "3650", unit: "days"}
)

// plausible rejects limits that make no sense, in one error that names the unit of each. Validate,
// which finds impossible values, comes first.
func (s *Settings) plausible() error {
	p := plausibility{}
	p.iron(&s.Iron)
	p.kidneys(&s.Renal)
	p.dopamine(&s.Dopamine)
	o := &s.Orders
	p.days("orders.old_after_days", o.OldAfterDays, inWindow)
	p.days("orders.short_course_days", o.ShortCourseDays, sensibleRange{low: "0", high: "31", unit: "days"})
	p.days("orders.supply_grace_days", o.SupplyGraceDays, sensibleRange{low: "0", high: "366", unit: "days"})
	p.days("orders.unread_supply_days", o.UnreadSupplyDays, inSpan)
	p.days("orders.depot_intervals", o.DepotIntervals, sensibleRange{low: "0", high: "12", unit: "intervals"})
	p.days("orders.pregnancy_days", o.PregnancyDays, sensibleRange{low: "0", high: "400", unit: "days"})
	p.days("orders.switch_days", o.SwitchDays, inShort)
	p.days("orders.older_years", o.OlderYears, inAge)
	p.number("orders.doxepin_low_mg", o.DoxepinLow, sensibleRange{"0", "50", "mg a day", "1000", "g"})
	for _, drug := range slices.Sorted(maps.Keys(o.TailDays)) {
		p.days("orders.tail_days."+drug, o.TailDays[drug], sensibleRange{low: "0", high: "366", unit: "days"})
	}
	return errors.Join(p.errs...)
}

type plausibility struct{ errs []error }

func (p *plausibility) iron(s *ironSettings) {
	for _, l := range []struct {
		key string
		v   decimal.Decimal
		in  sensibleRange
	}{
		{"ferritin_low", s.FerritinLow, inFerritin}, {"child_ferritin", s.ChildFerritin, inFerritin},
		{"dialysis_ferritin", s.DialysisFerritin, inDialysis},
		{"iv_only_ferritin", s.IVOnlyFerritin, inFerritins}, {"investigate_ferritin", s.InvestigateFerritin,
			inFerritins},
		{"assay_note_ferritin", s.AssayNoteFerritin, inFerritins},
		{"tsat_low", s.TSATLow, inTSAT}, {"dialysis_tsat", s.DialysisTSAT, inTSAT},
		{"oral_ceiling_tsat", s.OralCeilingTSAT, inCeiling},
		{"near_tsat_low", s.NearTSATLow, inTSAT}, {"near_tsat_high", s.NearTSATHigh, inTSAT},
		{"crp_limit", s.CRPLimit, inCRP}, {"transferrin_factor", s.TransferrinFactor, inFactor},
	} {
		p.number("iron."+l.key, l.v, l.in)
	}
	p.days("iron.adult_years", s.AdultYears, inYears)
	p.days("iron.ageing_days", s.AgeingDays, inWindow)
	p.days("iron.stale_days", s.StaleDays, inWindow)
	p.days("iron.shortened_days", s.ShortenedDays, inWindow)
	p.days("iron.iv_iron_days", s.IVIronDays, inShort)
	p.days("iron.crp_days", s.CRPDays, inShort)
	for i, l := range s.Laboratories {
		key := fmt.Sprintf("iron.laboratories[%d]", i)
		for _, own := range []struct {
			key string
			v   *decimal.Decimal
			in  sensibleRange
		}{
			{"ferritin_low", l.FerritinLow, inFerritin}, {"child_ferritin", l.ChildFerritin, inFerritin},
			{"dialysis_ferritin", l.DialysisFerritin, inDialysis},
		} {
			if own.v != nil {
				p.number(key+"."+own.key, *own.v, own.in)
			}
		}
	}
}

func (p *plausibility) kidneys(s *renalSettings) {
	p.number("renal.normal_from", s.Normal, inClearance)
	p.number("renal.moderate_above", s.Moderate, inClearance)
	p.number("renal.severe_above", s.Severe, inClearance)
	p.number("renal.unknown_dose_below", s.UnknownDoseBelow, sensibleRange{low: "0", high: "150", unit: "mL/min"})
	p.number("renal.creatinine_alone_above", s.CreatinineAlone, inCreatine)
	p.days("renal.creatinine_days", s.CreatinineDays, inWindow)
	p.days("renal.ckd_days", s.CKDDays, inWindow)
	p.days("renal.weight_days", s.WeightDays, inWindow)
	usual := defaultRenalSettings().Maxima
	for _, drug := range slices.Sorted(maps.Keys(s.Maxima)) {
		if known, ok := usual[drug]; ok {
			p.dose("renal.maxima."+drug, s.Maxima[drug].Normal, known.Normal)
		}
	}
}

func (p *plausibility) dopamine(s *dopamineSettings) {
	usual := defaultDopamineSettings()
	p.days("dopamine.new_days", s.NewDays, inWindow)
	p.dose("dopamine.pramipexole_base", s.PramipexoleBase, usual.PramipexoleBase)
	for _, drug := range slices.Sorted(maps.Keys(s.Maxima)) {
		if known, ok := usual.Maxima[drug]; ok {
			p.dose("dopamine.maxima."+drug, s.Maxima[drug].Most, known.Most)
		}
	}
}

// dose requires the highest dose of a drug to be from a tenth to ten times the usual one.
func (p *plausibility) dose(key string, v, usual decimal.Decimal) {
	tenth, tenfold := usual.Over(decimal.Of("10")).String(), usual.Times(decimal.Of("10")).String()
	p.number(key, v, sensibleRange{tenth, tenfold, "mg a day", "1000", "g"})
}

func (p *plausibility) days(key string, v int, in sensibleRange) { p.number(key, decimal.Int(v), in) }

func (p *plausibility) number(key string, v decimal.Decimal, in sensibleRange) {
	if in.holds(v) {
		return
	}
	unit := " " + in.unit
	text := fmt.Sprintf("%s: %s%s is implausible: %s to %s%s is expected", key, v, unit, in.low, in.high, unit)
	if in.times != "" && in.holds(v.Times(decimal.Of(in.times))) {
		text += "; it looks like " + in.other
	}
	p.errs = append(p.errs, errors.New(text))
}

func (in *sensibleRange) holds(v decimal.Decimal) bool {
	return v.Cmp(decimal.Of(in.low)) >= 0 && v.Cmp(decimal.Of(in.high)) <= 0
}
