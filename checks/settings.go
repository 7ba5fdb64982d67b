package checks

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rlsguard/rlsguard/checks/decimal"
	"github.com/rlsguard/rlsguard/checks/terms"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
)

// Settings are the thresholds, windows and switches of the checks. DefaultSettings has the
// contract's values; a site's configuration file changes them by the keys given here. Validate
// reports what is out of range.
type Settings struct {
	Terms *terms.Terms   `yaml:"-"` // nil: the embedded tables
	Zone  *time.Location `yaml:"-"` // in which days begin and end; nil: UTC

	Orders orderSettings `yaml:"orders"`
	Iron   ironSettings  `yaml:"iron"`
	Renal  renalSettings `yaml:"renal"`
	// Dopamine are the limits of the augmentation check.
	Dopamine dopamineSettings `yaml:"dopamine"`

	// Checks switches checks off or changes their severity, by id.
	Checks map[string]CheckSetting `yaml:"checks"`
	// Everyone runs the three gabapentinoid checks that are about harm rather than RLS for patients
	// without RLS too.
	Everyone bool `yaml:"gabapentinoid_checks_for_everyone"`
	// RequireApproved silences rules whose review is not finished.
	RequireApproved bool `yaml:"require_approved_rules"`
	// Approvals are the rules the site's reviewers have dealt with, by check.
	Approvals map[string]Rule `yaml:"-"`
	// Audience of the texts: professional, or patient for the plain words of a leaflet.
	Audience string `yaml:"audience"`
	// Facts limit what is kept per patient.
	Facts FactLimits `yaml:"facts"`
}

// CheckSetting is what a site may change in one check.
type CheckSetting struct {
	Enabled  *bool  `yaml:"enabled"`
	Severity string `yaml:"severity"` // replaces moderate
}

// orderSettings say how long an order counts. All are conventions of this project without a source
// in the literature (rules.md R14, marks [C] and [T]): their review is pending.
type orderSettings struct {
	OldAfterDays    int `yaml:"old_after_days"`    // active for longer with nothing newer: at most low
	ShortCourseDays int `yaml:"short_course_days"` // courses up to this length: one step lower
	SupplyGraceDays int `yaml:"supply_grace_days"` // a completed order counts this long after its supply
	// UnreadSupplyDays: an order whose stated supply cannot be read counts this long after it was
	// written or handed over.
	UnreadSupplyDays int            `yaml:"unread_supply_days"`
	TailDays         map[string]int `yaml:"tail_days"` // after stopped, by ingredient
	// dosing intervals that a depot antipsychotic lasts after stopped
	DepotIntervals int `yaml:"depot_intervals"`
	PregnancyDays  int `yaml:"pregnancy_days"` // how long a sign of pregnancy counts
	SwitchDays     int `yaml:"switch_days"`    // two gabapentinoids at once are low for this long
	// from this age a pair with a depressant names age as a risk (FDA 2019)
	OlderYears int `yaml:"older_years"`
	// doxepin up to this many mg a day is low (label for insomnia)
	DoxepinLow decimal.Decimal `yaml:"doxepin_low_mg"`
}

// DefaultSettings are the defaults of the contract.
func DefaultSettings() *Settings {
	return &Settings{
		Zone:     time.UTC,
		Audience: forProfessionals,
		Facts:    defaultFactLimits(),
		Iron:     defaultIronSettings(),
		Renal:    defaultRenalSettings(),
		Dopamine: defaultDopamineSettings(),
		Orders: orderSettings{
			OldAfterDays:     730,
			ShortCourseDays:  3,
			SupplyGraceDays:  7,
			UnreadSupplyDays: 180,
			TailDays:         map[string]int{"fluoxetine": 35, "cariprazine": 28, "aripiprazole": 14},
			DepotIntervals:   2,
			PregnancyDays:    305,
			SwitchDays:       28,
			OlderYears:       65,
			DoxepinLow:       decimal.Of("6"),
		},
	}
}

// Validate reports every value that is out of range in one error; if there is none, every
// implausible one.
func (s *Settings) Validate() error {
	var errs []error
	for _, v := range []struct {
		name     string
		val, min int
	}{
		{"orders.old_after_days", s.Orders.OldAfterDays, 1},
		{"orders.short_course_days", s.Orders.ShortCourseDays, 0},
		{"orders.supply_grace_days", s.Orders.SupplyGraceDays, 0},
		{"orders.unread_supply_days", s.Orders.UnreadSupplyDays, 0},
		{"orders.depot_intervals", s.Orders.DepotIntervals, 0},
		{"orders.pregnancy_days", s.Orders.PregnancyDays, 0},
		{"orders.switch_days", s.Orders.SwitchDays, 1},
		{"orders.older_years", s.Orders.OlderYears, 1},
	} {
		if v.val < v.min {
			errs = append(errs, fmt.Errorf("%s: %d is below %d", v.name, v.val, v.min))
		}
	}
	for id, c := range s.Checks {
		if !slices.ContainsFunc(Catalogue(), func(c Check) bool { return c.ID == id }) {
			errs = append(errs, fmt.Errorf("checks.%s: no such check; `rlsguard checks` lists them", id))
		}
		if _, err := ParseSeverity(c.Severity); c.Severity != "" && err != nil {
			errs = append(errs, fmt.Errorf("checks.%s.severity: %w", id, err))
		}
	}
	for name, days := range s.Orders.TailDays {
		if _, ok := drugs.Find(name); !ok || days < 0 {
			errs = append(
				errs,
				fmt.Errorf("orders.tail_days.%s: must be a known ingredient and 0 days or more", name),
			)
		}
	}
	if s.Orders.DoxepinLow.Sign() < 0 {
		errs = append(errs, fmt.Errorf("orders.doxepin_low_mg: %s is below 0", s.Orders.DoxepinLow))
	}
	if s.Audience != forProfessionals && s.Audience != ForPatients {
		errs = append(errs, fmt.Errorf("audience: %q is neither %s nor %s", s.Audience, forProfessionals, ForPatients))
	}
	if err := errors.Join(append(errs, s.Facts.validate(), s.Iron.Validate(), s.Renal.Validate(),
		s.Dopamine.Validate())...); err != nil {
		return err
	}
	return s.plausible()
}

func (s *Settings) terms() *terms.Terms {
	if s.Terms == nil {
		return terms.Embedded()
	}
	return s.Terms
}

func (s *Settings) zone() *time.Location {
	if s.Zone == nil {
		return time.UTC
	}
	return s.Zone
}

func (s *Settings) enabled(id string) bool {
	c, ok := s.Checks[id]
	return !ok || c.Enabled == nil || *c.Enabled
}
