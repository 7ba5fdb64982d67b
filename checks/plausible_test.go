package checks

import (
	"strings"
	"testing"

	"github.com/rlsguard/rlsguard/checks/decimal"
)

// TestPlausibleRanges: the defaults are plausible, and so are limits that sites really use; limits
// in another unit are not.
func TestPlausibleRanges(t *testing.T) {
	if err := DefaultSettings().plausible(); err != nil {
		t.Fatal(err)
	}
	for name, set := range map[string]func(s *Settings){
		"ferritin 100": func(s *Settings) { s.Iron.FerritinLow = decimal.Of("100") },
		"ferritin 300": func(s *Settings) {
			s.Iron.FerritinLow, s.Iron.IVOnlyFerritin = decimal.Of("300"),
				decimal.Of("300")
		},
		"no grace": func(s *Settings) { s.Orders.SupplyGraceDays, s.Orders.DepotIntervals = 0, 0 },
		"pregabalin by " +
			"label": func(s *Settings) {
			s.Renal.Maxima = map[string]RenalMaximum{"pregabalin": {Normal: decimal.Of("450")}}
		},
	} {
		s := DefaultSettings()
		set(s)
		if err := s.plausible(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for want, set := range map[string]func(s *Settings){
		"iron.ferritin_low: 0.075 ng/mL is implausible: 10 to 500 ng/mL is expected; it looks like " +
			"mg/L": func(s *Settings) { s.Iron.FerritinLow = decimal.Of("0.075") },
		"iron.tsat_low: 0.2 % is implausible":     func(s *Settings) { s.Iron.TSATLow = decimal.Of("0.2") },
		"iron.dialysis_ferritin: 0.2 ng/mL":       func(s *Settings) { s.Iron.DialysisFerritin = decimal.Of("0.2") },
		"iron.stale_days: 1 days":                 func(s *Settings) { s.Iron.AgeingDays, s.Iron.StaleDays = 1, 1 },
		"renal.severe_above: 0.25 mL/min":         func(s *Settings) { s.Renal.Severe = decimal.Of("0.25") },
		"it looks like mL/s":                      func(s *Settings) { s.Renal.Severe = decimal.Of("0.25") },
		"renal.creatinine_alone_above: 132 mg/dL": func(s *Settings) { s.Renal.CreatinineAlone = decimal.Of("132") },
		"dopamine.maxima.ropinirole: 0.004 mg a day": func(s *Settings) {
			s.Dopamine.Maxima = map[string]doseMaximum{"ropinirole": {Most: decimal.Of("0.004")}}
		},
		"orders.tail_days.fluoxetine: 3024000 days is implausible: 0 to 366 " +
			"days": func(s *Settings) { s.Orders.TailDays = map[string]int{"fluoxetine": 3024000} },
	} {
		s := DefaultSettings()
		set(s)
		if err := s.plausible(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
