package checks

import (
	"fmt"
	"maps"
	"slices"

	"github.com/rlsguard/rlsguard/checks/decimal"
	"github.com/rlsguard/rlsguard/checks/measure"
	"github.com/rlsguard/rlsguard/checks/words"
)

// renalSettings are the limits of the renal dose check (rules.md R7). Clearance is in mL/min, doses
// in mg a day.
type renalSettings struct {
	// Normal, Moderate and Severe are the lower ends of the bands. Normal belongs to the band above
	// it, the other two to the band below: the more cautious reading of labels that say ">30-59"
	// and ">15-29" (convention).
	Normal   decimal.Decimal `yaml:"normal_from"`
	Moderate decimal.Decimal `yaml:"moderate_above"`
	Severe   decimal.Decimal `yaml:"severe_above"`
	// CreatinineDays: an older creatinine, clearance or eGFR is not used; CKDDays in chronic kidney
	// disease (conventions).
	CreatinineDays int `yaml:"creatinine_days"`
	CKDDays        int `yaml:"ckd_days"`
	// WeightDays: a weight further from the creatinine is not used for Cockcroft-Gault
	// (convention).
	WeightDays int `yaml:"weight_days"`
	// UnknownDoseBelow: below this clearance an unknown dose raises a flag (convention).
	UnknownDoseBelow decimal.Decimal `yaml:"unknown_dose_below"`
	// CreatinineAlone, in mg/dL: a creatinine above this that cannot be evaluated, for want of age
	// or sex, is reported all the same (convention).
	CreatinineAlone decimal.Decimal `yaml:"creatinine_alone_above"`
	// Maxima by ingredient. A site's entry replaces the whole row.
	Maxima map[string]RenalMaximum `yaml:"maxima"`
	// Variants replace the row of an ingredient if the label of a country, or for a coded reason,
	// differs. The first match decides.
	Variants []renalVariant `yaml:"variants"`
}

// renalVariant is a row for one country, or for one coded reason of orders that are not for RLS.
type renalVariant struct {
	Ingredient   string `yaml:"ingredient"`
	Region       string `yaml:"region"` // ISO 3166, "" for every country
	Reason       string `yaml:"reason"` // group of rls_conditions.tsv, "" for every reason
	RenalMaximum `yaml:",inline"`
}

// RenalMaximum is the highest total a day for each band, and its source.
type RenalMaximum struct {
	Normal   decimal.Decimal `yaml:"normal"`
	Moderate decimal.Decimal `yaml:"moderate"`
	Severe   decimal.Decimal `yaml:"severe"`
	Failure  decimal.Decimal `yaml:"failure"`
	// Source is shown in flags; Seen says how it was read, for whoever reviews the numbers.
	Source string `yaml:"source"`
	Seen   string `yaml:"seen"`
	// Proportional: within the lowest band the maximum falls with clearance, from Failure at its
	// upper end to 0.
	Proportional bool `yaml:"proportional"`
	// LowerEnds: moderate_above and severe_above belong to the band above them, as some labels say
	// ("from 30 mL/min").
	LowerEnds bool `yaml:"lower_ends"`
	// Dialysis is added to the text for haemodialysis.
	Dialysis string `yaml:"dialysis"`
}

// postherpetic is the group of diagnoses for which gabapentin enacarbil has a separate label.
const postherpetic = "context_postherpetic"

// defaultRenalSettings are from the labels, read in secondary copies except mirogabalin (PMDA). 0
// in a variant rules the drug out.
func defaultRenalSettings() renalSettings {
	row := func(normal, moderate, severe, failure, source, seen, dialysis string) RenalMaximum {
		return RenalMaximum{
			Normal:   decimal.Of(normal),
			Moderate: decimal.Of(moderate),
			Severe:   decimal.Of(severe),
			Failure:  decimal.Of(failure),
			Source:   source,
			Seen:     seen,
			Dialysis: dialysis,
		}
	}
	gabapentin := row("3600", "1400", "700", "300", "US label", "secondary copy",
		"On haemodialysis the dose goes by clearance, with 125 to 350 mg after each session of 4 h.")
	gabapentin.Proportional = true
	japan := row("600", "300", "0", "0", "Japanese label", "package insert", "")
	japan.LowerEnds = true
	return renalSettings{
		UnknownDoseBelow: decimal.Of("30"),
		Normal: decimal.Of(
			"60",
		), Moderate: decimal.Of("30"), Severe: decimal.Of("15"), CreatinineDays: 365, CKDDays: 90, WeightDays: 365,
		CreatinineAlone: decimal.Of("1.5"),
		Maxima: map[string]RenalMaximum{
			"gabapentin": gabapentin,
			"pregabalin": row("600", "300", "150", "75", "US label", "secondary copy",
				"On haemodialysis the dose goes by clearance, with a supplement after each session."),
			// 300 mg every other day below 15 mL/min.
			"gabapentin enacarbil": row(
				"600",
				"600",
				"300",
				"150",
				"US label for RLS",
				"secondary copies",
				"It is not recommended on haemodialysis.",
			),
			"mirogabalin": row("30", "15", "7.5", "7.5", "Japanese label", "PMDA", ""),
		},
		Variants: []renalVariant{
			{Ingredient: "gabapentin enacarbil", Region: "JP", RenalMaximum: japan},
			{
				Ingredient: "gabapentin enacarbil",
				Reason:     postherpetic,
				RenalMaximum: row("1200", "1200", "600", "300", "US label for zoster pain", "secondary copy",
					"On haemodialysis 300 to 600 mg after each session."),
			},
		},
	}
}

// Validate reports invalid settings by key.
func (s *renalSettings) Validate() error {
	errs := settingErrors{prefix: "renal."}
	errs.decimal("normal_from", s.Normal, "200")
	errs.decimal("moderate_above", s.Moderate, "200")
	errs.decimal("severe_above", s.Severe, "200")
	errs.check(s.Severe.Cmp(s.Moderate) < 0 && s.Moderate.Cmp(s.Normal) < 0,
		"severe_above (%s), moderate_above (%s) and normal_from (%s) must rise", s.Severe, s.Moderate, s.Normal)
	errs.count("creatinine_days", s.CreatinineDays, 3650)
	errs.count("ckd_days", s.CKDDays, 3650)
	errs.count("weight_days", s.WeightDays, 3650)
	errs.decimal("unknown_dose_below", s.UnknownDoseBelow, "200")
	errs.decimal("creatinine_alone_above", s.CreatinineAlone, "40")
	for _, name := range slices.Sorted(maps.Keys(s.Maxima)) {
		m := s.Maxima[name]
		m.validate(&errs, "maxima."+name, false)
	}
	for i := range s.Variants {
		v, key := &s.Variants[i], fmt.Sprintf("variants[%d]", i)
		errs.check(
			v.Ingredient != "" && (v.Region != "" || v.Reason != ""),
			"%s needs an ingredient, and a region or a reason",
			key,
		)
		v.validate(&errs, key, true)
	}
	return errs.join()
}

// validate checks a row; ruledOut allows 0.
func (m *RenalMaximum) validate(errs *settingErrors, key string, ruledOut bool) {
	for _, v := range []decimal.Decimal{m.Normal, m.Moderate, m.Severe, m.Failure} {
		if !ruledOut || v.Sign() != 0 {
			errs.decimal(key, v, "100000")
		}
	}
	errs.check(
		m.Failure.Cmp(m.Severe) <= 0 && m.Severe.Cmp(m.Moderate) <= 0 && m.Moderate.Cmp(m.Normal) <= 0,
		"%s must not rise as clearance falls",
		key,
	)
	errs.check(m.Source != "", "%s has no source", key)
}

type renalBand uint8

// Bands. A result that says only "above" or "below" gets the best band that fits: a dose above its
// maximum is above all.
const (
	renalUnknown renalBand = iota
	renalFailure
	renalSevere
	renalModerate
	renalNormal
)

func (s *renalSettings) bandWords(b renalBand) string {
	key := [...]string{"unknown", "failure", "severe", "moderate", "normal"}[b]
	return words.Say(
		"renal.band."+key,
		"normal",
		s.Normal.String(),
		"moderate",
		s.Moderate.String(),
		"severe",
		s.Severe.String(),
	)
}

// maximum of a drug at a clearance, in mg a day. A result that says only "above" or "below" gets
// the best maximum that fits, since a dose above that is above all.
func (m *RenalMaximum) maximum(b renalBand, s *renalSettings, clearance *measure.Measure) decimal.Decimal {
	switch b {
	case renalNormal:
		return m.Normal
	case renalModerate:
		return m.Moderate
	case renalSevere:
		return m.Severe
	}
	if m.Proportional && clearance.Value.Cmp(s.Severe) < 0 {
		return m.Failure.Times(clearance.Value).Over(s.Severe)
	}
	return m.Failure
}

// band of a measure, for labels that count 30 and 15 mL/min with the band below.
func (s *renalSettings) band(m *measure.Measure) renalBand { return s.bandOf(m, false) }

func (s *renalSettings) bandOf(m *measure.Measure, lowerEnds bool) renalBand {
	if m.Comparator == ">" || m.Comparator == ">=" {
		return renalNormal
	}
	exclusive := m.Comparator == "<"
	from := func(limit decimal.Decimal, inclusive bool) bool {
		c := m.Value.Cmp(limit)
		return c > 0 || c == 0 && inclusive && !exclusive
	}
	switch {
	case from(s.Normal, true):
		return renalNormal
	case from(s.Moderate, lowerEnds):
		return renalModerate
	case from(s.Severe, lowerEnds):
		return renalSevere
	default:
		return renalFailure
	}
}
