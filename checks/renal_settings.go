package checks

import (
	"maps"
	"slices"
)

// RenalSettings are the limits of the renal dose check (rules.md R7). Clearance is in mL/min, doses in mg a day.
type RenalSettings struct {
	// Normal, Moderate and Severe are the lower ends of the bands. Normal belongs to the band above it, the other two to the band
	// below them, the more careful reading of labels that say ">30-59" and ">15-29" (convention).
	Normal   Decimal `yaml:"normal_from"`
	Moderate Decimal `yaml:"moderate_above"`
	Severe   Decimal `yaml:"severe_above"`
	// CreatinineDays: an older creatinine, clearance or eGFR is not used; CKDDays in chronic kidney disease (conventions).
	CreatinineDays int `yaml:"creatinine_days"`
	CKDDays        int `yaml:"ckd_days"`
	// WeightDays: a weight further from the creatinine is not used for Cockcroft-Gault (convention).
	WeightDays int `yaml:"weight_days"`
	// CreatinineAlone, in mg/dL: above it a creatinine is told even where age or sex is not known, so that it cannot be evaluated (convention).
	CreatinineAlone Decimal `yaml:"creatinine_alone_above"`
	// Maxima by ingredient. A site that names one replaces the whole row.
	Maxima map[string]RenalMaximum `yaml:"maxima"`
}

// RenalMaximum is the largest total a day for each band, and where that is from.
type RenalMaximum struct {
	Normal   Decimal `yaml:"normal"`
	Moderate Decimal `yaml:"moderate"`
	Severe   Decimal `yaml:"severe"`
	Failure  Decimal `yaml:"failure"`
	Source   string  `yaml:"source"`
	// Dialysis is what the text adds for haemodialysis.
	Dialysis string `yaml:"dialysis"`
}

// DefaultRenalSettings are those of the labels, read through secondary copies but for mirogabalin (PMDA).
func DefaultRenalSettings() RenalSettings {
	row := func(normal, moderate, severe, failure, source, dialysis string) RenalMaximum {
		return RenalMaximum{Normal: decimal(normal), Moderate: decimal(moderate), Severe: decimal(severe), Failure: decimal(failure), Source: source, Dialysis: dialysis}
	}
	return RenalSettings{
		Normal: decimal("60"), Moderate: decimal("30"), Severe: decimal("15"), CreatinineDays: 365, CKDDays: 90, WeightDays: 365, CreatinineAlone: decimal("1.5"),
		Maxima: map[string]RenalMaximum{
			"gabapentin": row("3600", "1400", "700", "300", "US label of gabapentin (secondary copy)",
				"On haemodialysis the dose goes by clearance, with 125 to 350 mg after each session of 4 h."),
			"pregabalin": row("600", "300", "150", "75", "US label of pregabalin (secondary copy)",
				"On haemodialysis the dose goes by clearance, with a supplement after each session."),
			// 300 mg every other day below 15 mL/min.
			"gabapentin enacarbil": row("600", "600", "300", "150", "US label of gabapentin enacarbil for RLS (secondary copy; 30 to 59 from training)",
				"It is not recommended on haemodialysis."),
			"mirogabalin": row("30", "15", "7.5", "7.5", "Japanese label of mirogabalin (PMDA)", ""),
		},
	}
}

// Validate says which settings cannot be, by their keys.
func (s *RenalSettings) Validate() error {
	errs := settingErrors{prefix: "renal."}
	errs.decimal("normal_from", s.Normal, "200")
	errs.decimal("moderate_above", s.Moderate, "200")
	errs.decimal("severe_above", s.Severe, "200")
	errs.check(s.Severe.Cmp(s.Moderate) < 0 && s.Moderate.Cmp(s.Normal) < 0,
		"severe_above (%s), moderate_above (%s) and normal_from (%s) must rise", s.Severe, s.Moderate, s.Normal)
	errs.count("creatinine_days", s.CreatinineDays, 3650)
	errs.count("ckd_days", s.CKDDays, 3650)
	errs.count("weight_days", s.WeightDays, 3650)
	errs.decimal("creatinine_alone_above", s.CreatinineAlone, "40")
	for _, name := range slices.Sorted(maps.Keys(s.Maxima)) {
		m, key := s.Maxima[name], "maxima."+name
		for _, v := range []Decimal{m.Normal, m.Moderate, m.Severe, m.Failure} {
			errs.decimal(key, v, "100000")
		}
		errs.check(m.Failure.Cmp(m.Severe) <= 0 && m.Severe.Cmp(m.Moderate) <= 0 && m.Moderate.Cmp(m.Normal) <= 0, "%s must not rise as clearance falls", key)
		errs.check(m.Source != "", "%s has no source", key)
	}
	return errs.join()
}

// renalBand is a band of kidney function.
type renalBand uint8

// Bands. Of a result that says only "above" or "below", the best band that fits is meant: what exceeds its maximum exceeds all.
const (
	renalUnknown renalBand = iota
	renalFailure
	renalSevere
	renalModerate
	renalNormal
)

func (s *RenalSettings) bandWords(b renalBand) string {
	switch b {
	case renalNormal:
		return s.Normal.String() + " mL/min or more"
	case renalModerate:
		return "above " + s.Moderate.String() + " and below " + s.Normal.String() + " mL/min"
	case renalSevere:
		return "above " + s.Severe.String() + " and up to " + s.Moderate.String() + " mL/min"
	case renalFailure:
		return "up to " + s.Severe.String() + " mL/min"
	}
	return "unknown"
}

// maximum of a drug in a band, in mg a day.
func (m *RenalMaximum) maximum(b renalBand) Decimal {
	switch b {
	case renalNormal:
		return m.Normal
	case renalModerate:
		return m.Moderate
	case renalSevere:
		return m.Severe
	default:
		return m.Failure
	}
}

// band of a measure.
func (s *RenalSettings) band(m *measure) renalBand {
	v := m.value
	if m.comparator == ">" || m.comparator == ">=" {
		return renalNormal
	}
	exclusive := m.comparator == "<"
	normal := v.Cmp(s.Normal)
	switch {
	case normal > 0 || normal == 0 && !exclusive:
		return renalNormal
	case v.Cmp(s.Moderate) > 0:
		return renalModerate
	case v.Cmp(s.Severe) > 0:
		return renalSevere
	default:
		return renalFailure
	}
}
