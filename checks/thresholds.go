package checks

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/rlsguard/rlsguard/checks/decimal"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
)

// Every limit a check uses is listed here by the key of its setting, with its source and how far
// its review has come. A mere convention of this project stays pending until a site's clinical
// owner signs it off.

// Sources of numbers.
const (
	fromUs      = "convention of this project"
	fromAASM    = "AASM 2025"
	fromAASM2   = "AASM 2025, secondary copy"
	fromMayo    = "Mayo algorithm, secondary copy"
	fromFDA     = "FDA 2019"
	fromRules   = "from training, unconfirmed"
	fromProject = "AASM 2025 names regular tests; the number is a convention of this project"
)

func measured(name string, value fmt.Stringer, unit, source string) threshold {
	return threshold{Name: name, Value: value.String() + " " + unit, Source: source, Review: rulePending}
}

func convention(name string, value int, unit string) threshold {
	return counted(name, value, unit, fromUs)
}

func counted(name string, value int, unit, source string) threshold {
	return threshold{Name: name, Value: strconv.Itoa(value) + " " + unit, Source: source, Review: rulePending}
}

func orderThresholds(s *Settings) []threshold {
	return []threshold{
		convention("orders.old_after_days", s.Orders.OldAfterDays, "d"),
		convention("orders.short_course_days", s.Orders.ShortCourseDays, "d"),
		convention("orders.supply_grace_days", s.Orders.SupplyGraceDays, "d"),
		convention("orders.unread_supply_days", s.Orders.UnreadSupplyDays, "d"),
	}
}

// tailThresholds are those of the drugs, among a check's classes, that act on after their orders
// stop.
func tailThresholds(c Check) func(*Settings) []threshold {
	return func(s *Settings) []threshold {
		all := orderThresholds(s)
		for _, name := range slices.Sorted(maps.Keys(s.Orders.TailDays)) {
			classes := c.Classes
			if c.ID == checkAntagonist {
				classes = slices.Concat(classes, antagonistClasses)
			}
			if drug, ok := drugs.Find(name); ok && slices.Contains(classes, drug.Class) {
				all = append(all, counted("orders.tail_days."+name, s.Orders.TailDays[name], "d", fromRules))
			}
		}
		switch {
		case c.ID == "rls-antipsychotic" || c.ID == checkAntagonist:
			all = append(all, counted("orders.depot_intervals", s.Orders.DepotIntervals, "intervals", fromRules))
		case slices.Contains(c.Classes, drugs.Tricyclic):
			all = append(
				all,
				measured("orders.doxepin_low_mg", s.Orders.DoxepinLow, "mg/d", "label of doxepin for insomnia"),
			)
		case slices.Contains(c.Classes, drugs.AntihistamineSedating):
			all = append(all, convention("orders.pregnancy_days", s.Orders.PregnancyDays, "d"))
		}
		return all
	}
}

func dopamineThresholds(s *Settings) []threshold {
	d := &s.Dopamine
	all := []threshold{convention("dopamine.new_days", d.NewDays, "d")}
	for _, drug := range slices.Sorted(maps.Keys(d.Maxima)) {
		all = append(all, measured("dopamine.maxima."+drug, d.Maxima[drug].Most, "mg/d", d.Maxima[drug].Source))
	}
	all = append(
		all,
		measured(
			"dopamine.pramipexole_base",
			d.PramipexoleBase,
			"mg/d",
			"label for RLS (EU), as the base, secondary copy",
		),
	)
	return append(append(all, ironLimits(s)...), orderThresholds(s)...)
}

func pairThresholds(s *Settings) []threshold {
	return append([]threshold{counted("orders.older_years", s.Orders.OlderYears, "a", fromFDA)}, orderThresholds(s)...)
}

// ironLimits decide what is low.
func ironLimits(s *Settings) []threshold {
	i := &s.Iron
	below := func(name string, v decimal.Decimal, unit, source string) threshold {
		return threshold{Name: name, Value: "< " + v.String() + " " + unit, Source: source, Review: rulePending}
	}
	return []threshold{
		{
			Name:   "iron.ferritin_low",
			Value:  "<= " + i.FerritinLow.String() + " ng/mL",
			Source: fromAASM,
			Review: rulePending,
		},
		below("iron.tsat_low", i.TSATLow, "%", fromAASM),
		below("iron.child_ferritin", i.ChildFerritin, "ng/mL", fromAASM2),
		convention("iron.adult_years", i.AdultYears, "a"),
		below("iron.dialysis_ferritin", i.DialysisFerritin, "ng/mL", fromAASM2),
		below("iron.dialysis_tsat", i.DialysisTSAT, "%", fromAASM2),
		measured(
			"iron.transferrin_factor",
			i.TransferrinFactor,
			"(ug/dL)/(mg/dL)",
			"reckoned from molar masses; laboratories use 70.9 to 71.2",
		),
	}
}

func ironThresholds(s *Settings) []threshold {
	i := &s.Iron
	all := append(ironLimits(s),
		counted("iron.shortened_days", i.ShortenedDays, "d", fromProject),
		measured("iron.iv_only_ferritin", i.IVOnlyFerritin, "ng/mL", fromAASM),
		measured("iron.oral_ceiling_tsat", i.OralCeilingTSAT, "%", fromMayo),
		measured("iron.investigate_ferritin", i.InvestigateFerritin, "ng/mL", fromAASM2),
	)
	all = append(append(all, readingThresholds(s)...), orderThresholds(s)...)
	for n, l := range i.Laboratories {
		for _, v := range []struct {
			name  string
			value *decimal.Decimal
		}{{"ferritin_low", l.FerritinLow}, {"child_ferritin", l.ChildFerritin},
			{"dialysis_ferritin", l.DialysisFerritin}} {
			if v.value != nil {
				all = append(
					all,
					measured(fmt.Sprintf("iron.laboratories[%d].%s", n, v.name), *v.value, "ng/mL", l.Performer),
				)
			}
		}
	}
	return all
}

// readingThresholds decide which caveats a text adds to a result.
func readingThresholds(s *Settings) []threshold {
	i := &s.Iron
	return []threshold{
		measured("iron.assay_note_ferritin", i.AssayNoteFerritin, "ng/mL", "Silber 2025, J Clin Sleep Med 21:65-67"),
		counted("iron.iv_iron_days", i.IVIronDays, "d", fromRules),
		measured("iron.crp_limit", i.CRPLimit, "mg/L", fromUs),
		convention("iron.crp_days", i.CRPDays, "d"),
		measured("iron.near_tsat_low", i.NearTSATLow, "%", fromUs),
		measured("iron.near_tsat_high", i.NearTSATHigh, "%", fromUs),
	}
}

func ageThresholds(s *Settings) []threshold {
	return append([]threshold{
		counted("iron.ageing_days", s.Iron.AgeingDays, "d", fromProject),
		counted("iron.stale_days", s.Iron.StaleDays, "d", fromProject),
	}, unusableThresholds(s)...)
}

func unusableThresholds(s *Settings) []threshold {
	return append(readingThresholds(s), orderThresholds(s)...)
}

func renalThresholds(s *Settings) []threshold {
	r := &s.Renal
	all := []threshold{
		measured("renal.normal_from", r.Normal, "mL/min", "labels"),
		measured("renal.moderate_above", r.Moderate, "mL/min", "labels; to which band it belongs is a convention"),
		measured("renal.severe_above", r.Severe, "mL/min", "labels; to which band it belongs is a convention"),
		measured("renal.unknown_dose_below", r.UnknownDoseBelow, "mL/min", fromUs),
		measured("renal.creatinine_alone_above", r.CreatinineAlone, "mg/dL", fromUs),
		convention("renal.creatinine_days", r.CreatinineDays, "d"),
		convention("renal.ckd_days", r.CKDDays, "d"),
		convention("renal.weight_days", r.WeightDays, "d"),
	}
	for _, drug := range slices.Sorted(maps.Keys(r.Maxima)) {
		m := r.Maxima[drug]
		all = append(all, m.threshold("renal.maxima."+drug))
	}
	for i := range r.Variants {
		v := &r.Variants[i]
		name := "renal.variants." + v.Ingredient
		for _, when := range []string{v.Region, v.Reason} {
			if when != "" {
				name += "." + when
			}
		}
		all = append(all, v.threshold(name))
	}
	return append(all, orderThresholds(s)...)
}

func (m *RenalMaximum) threshold(name string) threshold {
	value := fmt.Sprintf(
		"%s, %s, %s, %s mg/d, from the best to the lowest band",
		m.Normal,
		m.Moderate,
		m.Severe,
		m.Failure,
	)
	if m.Proportional {
		value += ", in proportion within that"
	}
	if m.LowerEnds {
		value += "; the lower end of a band belongs to it"
	}
	source := m.Source
	if m.Seen != "" {
		source += " (" + m.Seen + ")"
	}
	return threshold{Name: name, Value: value, Source: source, Review: rulePending}
}
