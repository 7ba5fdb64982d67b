package checks

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// Thresholds in force are listed beside each check by the key of their setting. What the guideline gives is its own review; what is
// only a convention of this project is pending until the clinical owner of a site signs it.

func convention(name string, value int, unit string) Threshold {
	return Threshold{Name: name, Value: strconv.Itoa(value) + " " + unit, Review: Pending}
}

func orderThresholds(s *Settings) []Threshold {
	all := []Threshold{
		convention("orders.old_after_days", s.Orders.OldAfterDays, "d"),
		convention("orders.short_course_days", s.Orders.ShortCourseDays, "d"),
		convention("orders.supply_grace_days", s.Orders.SupplyGraceDays, "d"),
	}
	return all
}

// tailThresholds are those of the drugs that act on after their order was stopped, among the classes of a check.
func tailThresholds(c Check) func(*Settings) []Threshold {
	return func(s *Settings) []Threshold {
		all := orderThresholds(s)
		for _, name := range slices.Sorted(maps.Keys(s.Orders.TailDays)) {
			if drug, ok := s.terms().Ingredient(name); ok && slices.Contains(c.Classes, drug.Class) {
				all = append(all, convention("orders.tail_days."+name, s.Orders.TailDays[name], "d"))
			}
		}
		if c.ID == "rls-antipsychotic" {
			all = append(all, convention("orders.depot_intervals", s.Orders.DepotIntervals, "intervals"))
		}
		return all
	}
}

func ironThresholds(s *Settings) []Threshold {
	i := &s.Iron
	return []Threshold{
		{Name: "iron.ferritin_low", Value: "<= " + i.FerritinLow.String() + " ng/mL", Review: Pending},
		{Name: "iron.tsat_low", Value: "< " + i.TSATLow.String() + " %", Review: Pending},
		{Name: "iron.child_ferritin", Value: "< " + i.ChildFerritin.String() + " ng/mL", Review: Pending},
		convention("iron.adult_years", i.AdultYears, "a"),
		{Name: "iron.dialysis_ferritin", Value: "< " + i.DialysisFerritin.String() + " ng/mL", Review: Pending},
		{Name: "iron.dialysis_tsat", Value: "< " + i.DialysisTSAT.String() + " %", Review: Pending},
	}
}

func ageThresholds(s *Settings) []Threshold {
	return []Threshold{
		convention("iron.ageing_days", s.Iron.AgeingDays, "d"),
		convention("iron.stale_days", s.Iron.StaleDays, "d"),
	}
}

func renalThresholds(s *Settings) []Threshold {
	r := &s.Renal
	all := []Threshold{
		convention("renal.creatinine_days", r.CreatinineDays, "d"),
		convention("renal.ckd_days", r.CKDDays, "d"),
	}
	for _, drug := range slices.Sorted(maps.Keys(r.Maxima)) {
		m := r.Maxima[drug]
		all = append(all, Threshold{
			Name: "renal.maxima." + drug,
			Value: fmt.Sprintf("%s, %s, %s, %s mg/d from %s, above %s, above %s mL/min, and below", m.Normal, m.Moderate, m.Severe, m.Failure,
				r.Normal, r.Moderate, r.Severe),
			Review: Pending,
		})
	}
	return all
}
