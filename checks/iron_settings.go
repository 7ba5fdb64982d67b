package checks

import (
	"errors"
	"fmt"

	"github.com/rlsguard/rlsguard/checks/decimal"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/measure"
)

// ironSettings are the limits and windows of the iron checks. Sources: AASM is Winkelman et al.
// 2025 (doi 10.5664/jcsm.11390), ASSAY Silber et al. 2025 (doi 10.5664/jcsm.11332); "convention" is
// our own choice, which a site's clinical owner has to sign off. Ferritin is in ng/mL, TSAT in %.
type ironSettings struct {
	// FerritinLow: an adult's ferritin is low at or below this (AASM).
	FerritinLow decimal.Decimal `yaml:"ferritin_low"`
	// TSATLow: an adult's transferrin saturation is low below this (AASM).
	TSATLow decimal.Decimal `yaml:"tsat_low"`
	// ChildFerritin: a child's ferritin is low below this (AASM, secondary copy). No TSAT limit is
	// stated for children.
	ChildFerritin decimal.Decimal `yaml:"child_ferritin"`
	// AdultYears: adult limits apply from this birthday.
	AdultYears int `yaml:"adult_years"`
	// DialysisFerritin and DialysisTSAT: in end-stage renal disease or on dialysis, iron is low
	// only if both values are below (AASM, conditional).
	DialysisFerritin decimal.Decimal `yaml:"dialysis_ferritin"`
	DialysisTSAT     decimal.Decimal `yaml:"dialysis_tsat"`

	// IVOnlyFerritin: above FerritinLow and up to this, oral iron is not expected to help (AASM;
	// including the limit itself is a convention).
	IVOnlyFerritin decimal.Decimal `yaml:"iv_only_ferritin"`
	// OralCeilingTSAT: above this, oral iron is not suggested (Mayo algorithm, secondary copy).
	OralCeilingTSAT decimal.Decimal `yaml:"oral_ceiling_tsat"`
	// InvestigateFerritin: below this, look for the cause of the deficiency above all (AASM,
	// secondary copy).
	InvestigateFerritin decimal.Decimal `yaml:"investigate_ferritin"`
	// AssayNoteFerritin: above FerritinLow and up to this, the method decides: 75 by one assay is
	// about 121 by another (ASSAY).
	AssayNoteFerritin decimal.Decimal `yaml:"assay_note_ferritin"`

	// AgeingDays and StaleDays: older results are ageing or stale, by calendar day (conventions).
	AgeingDays int `yaml:"ageing_days"`
	StaleDays  int `yaml:"stale_days"`
	// ShortenedDays replaces AgeingDays in texts during iron therapy, after a low value, in
	// pregnancy and on dialysis (convention).
	ShortenedDays int `yaml:"shortened_days"`
	// IVIronDays: a draw this soon after an iron infusion does not show adequacy (from training,
	// unconfirmed).
	IVIronDays int `yaml:"iv_iron_days"`
	// CRPLimit in mg/L and CRPDays: a C-reactive protein above it within this many days means that
	// a ferritin above its limit does not rule out deficiency (convention).
	CRPLimit decimal.Decimal `yaml:"crp_limit"`
	CRPDays  int             `yaml:"crp_days"`

	// TransferrinFactor x iron (ug/dL) / transferrin (mg/dL) is TSAT in %; laboratories use 70.9 to
	// 71.2.
	TransferrinFactor decimal.Decimal `yaml:"transferrin_factor"`
	// NearTSATLow to NearTSATHigh: a calculated TSAT in this range is reported as near the limit
	// (convention).
	NearTSATLow  decimal.Decimal `yaml:"near_tsat_low"`
	NearTSATHigh decimal.Decimal `yaml:"near_tsat_high"`
	// TSATUnitlessPercent reads a TSAT above 1.5 without a unit as percent, for LOINC 2502-3 and
	// 14801-5 only.
	TSATUnitlessPercent bool `yaml:"tsat_unitless_percent"`

	// Laboratories have their own ferritin limits, for an assay that reads higher or lower.
	Laboratories []laboratoryLimits `yaml:"laboratories"`
}

// laboratoryLimits replace the ferritin limits for results of one performer, such as
// Organization/lab-1. Absent ones stay.
type laboratoryLimits struct {
	Performer        string           `yaml:"performer"`
	FerritinLow      *decimal.Decimal `yaml:"ferritin_low"`
	ChildFerritin    *decimal.Decimal `yaml:"child_ferritin"`
	DialysisFerritin *decimal.Decimal `yaml:"dialysis_ferritin"`
}

func defaultIronSettings() ironSettings {
	return ironSettings{
		FerritinLow: decimal.Of("75"), TSATLow: decimal.Of("20"), ChildFerritin: decimal.Of("50"), AdultYears: 18,
		DialysisFerritin: decimal.Of("200"), DialysisTSAT: decimal.Of("20"),
		IVOnlyFerritin: decimal.Of(
			"100",
		), OralCeilingTSAT: decimal.Of("45"), InvestigateFerritin: decimal.Of("30"),
		AssayNoteFerritin: decimal.Of("121"),
		AgeingDays:        180, StaleDays: 365, ShortenedDays: 90, IVIronDays: 28, CRPLimit: decimal.Of("10"),
		CRPDays:           7,
		TransferrinFactor: decimal.Of("70.9"), NearTSATLow: decimal.Of("19"), NearTSATHigh: decimal.Of("21"),
	}
}

// Validate reports invalid settings by key.
func (s *ironSettings) Validate() error {
	errs := settingErrors{prefix: "iron."}
	for _, f := range []struct {
		key string
		v   decimal.Decimal
		max string
	}{
		{"ferritin_low", s.FerritinLow, "1000"}, {"child_ferritin", s.ChildFerritin, "1000"},
		{"dialysis_ferritin", s.DialysisFerritin, "2000"},
		{"iv_only_ferritin", s.IVOnlyFerritin, "2000"}, {"investigate_ferritin", s.InvestigateFerritin, "1000"},
		{"assay_note_ferritin", s.AssayNoteFerritin, "2000"},
		{"tsat_low", s.TSATLow, "100"}, {"dialysis_tsat", s.DialysisTSAT, "100"},
		{"oral_ceiling_tsat", s.OralCeilingTSAT, "100"},
		{"near_tsat_low", s.NearTSATLow, "100"}, {"near_tsat_high", s.NearTSATHigh, "100"},
		{"crp_limit", s.CRPLimit, "500"}, {"transferrin_factor", s.TransferrinFactor, "100"},
	} {
		errs.decimal(f.key, f.v, f.max)
	}
	for _, f := range []struct {
		key  string
		v    int
		most int
	}{
		{"adult_years", s.AdultYears, 30}, {"ageing_days", s.AgeingDays, 3650}, {"stale_days", s.StaleDays, 3650},
		{"shortened_days", s.ShortenedDays, 3650}, {"iv_iron_days", s.IVIronDays, 365}, {"crp_days", s.CRPDays, 365},
	} {
		errs.count(f.key, f.v, f.most)
	}
	errs.check(
		s.AgeingDays <= s.StaleDays,
		"ageing_days (%d) must not be above stale_days (%d)",
		s.AgeingDays,
		s.StaleDays,
	)
	errs.check(
		s.IVOnlyFerritin.Cmp(s.FerritinLow) >= 0,
		"iv_only_ferritin (%s) must not be below ferritin_low (%s)",
		s.IVOnlyFerritin,
		s.FerritinLow,
	)
	errs.check(
		s.NearTSATLow.Cmp(s.NearTSATHigh) <= 0,
		"near_tsat_low (%s) must not be above near_tsat_high (%s)",
		s.NearTSATLow,
		s.NearTSATHigh,
	)
	s.laboratories(&errs)
	return errs.join()
}

func (s *ironSettings) laboratories(errs *settingErrors) {
	seen := map[string]bool{}
	for i, l := range s.Laboratories {
		key := fmt.Sprintf("laboratories[%d]", i)
		errs.check(l.Performer != "", "%s has no performer", key)
		errs.check(!seen[l.Performer], "%s repeats performer %q", key, l.Performer)
		seen[l.Performer] = true
		errs.check(l.FerritinLow != nil || l.ChildFerritin != nil || l.DialysisFerritin != nil, "%s sets no limit", key)
		for _, v := range []*decimal.Decimal{l.FerritinLow, l.ChildFerritin, l.DialysisFerritin} {
			if v != nil {
				errs.decimal(key, *v, "2000")
			}
		}
	}
}

// settingErrors collects everything wrong with a group of settings, so that a site sees it all at
// once.
type settingErrors struct {
	prefix string
	errs   []error
}

func (e *settingErrors) check(ok bool, format string, args ...any) {
	if !ok {
		e.errs = append(e.errs, fmt.Errorf(e.prefix+format, args...))
	}
}

func (e *settingErrors) decimal(key string, v decimal.Decimal, most string) {
	e.check(v.Sign() > 0 && v.Cmp(decimal.Of(most)) <= 0, "%s is %s, but must be above 0 and at most %s", key, v, most)
}

func (e *settingErrors) count(key string, v, most int) {
	e.check(v > 0 && v <= most, "%s is %d, but must be from 1 to %d", key, v, most)
}

func (e *settingErrors) join() error { return errors.Join(e.errs...) }

type ironGroup uint8

// Groups of patients. If the age is unknown, the adult limits apply, and the text says what the
// child limits would mean.
const (
	ironAdult ironGroup = iota
	ironChild
	ironAgeUnknown
	ironDialysis
)

// ferritinLimit is the limit for a group in a laboratory.
func (s *ironSettings) ferritinLimit(g ironGroup, performer facts.Ref) measure.IronLimit {
	var own laboratoryLimits
	for _, l := range s.Laboratories {
		if l.Performer == string(performer) {
			own = l
		}
	}
	pick := func(site *decimal.Decimal, general decimal.Decimal) decimal.Decimal {
		if site != nil {
			return *site
		}
		return general
	}
	switch g {
	case ironChild:
		return measure.IronLimit{Value: pick(own.ChildFerritin, s.ChildFerritin)}
	case ironDialysis:
		return measure.IronLimit{Value: pick(own.DialysisFerritin, s.DialysisFerritin)}
	default:
		return measure.IronLimit{Value: pick(own.FerritinLow, s.FerritinLow), Inclusive: true}
	}
}

// tsatLimit is the limit for a group; a child has none.
func (s *ironSettings) tsatLimit(g ironGroup) (measure.IronLimit, bool) {
	switch g {
	case ironChild:
		return measure.IronLimit{}, false
	case ironDialysis:
		return measure.IronLimit{Value: s.DialysisTSAT}, true
	default:
		return measure.IronLimit{Value: s.TSATLow}, true
	}
}
