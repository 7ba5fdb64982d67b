package checks

import (
	"errors"
	"fmt"

	"github.com/rlsguard/rlsguard/checks/facts"
)

// FactLimits are how many facts of each kind are kept per patient; 0 means no limit. The newest
// stay, by resource version. The limits bound the size of a state, and keep one sender from
// displacing other kinds of facts.
type FactLimits struct {
	Conditions int `yaml:"conditions"`
	Orders     int `yaml:"orders"`  // MedicationRequest, MedicationDispense and MedicationStatement together
	Results    int `yaml:"results"` // of each analyte
	Answers    int `yaml:"answers"` // acknowledgements and overrides
	Others     int `yaml:"others"`
	// Marks of resources that were deleted, entered in error or not relevant, for each kind above.
	// They are counted apart, so that they displace nothing else.
	Marks int `yaml:"marks"`
}

func defaultFactLimits() FactLimits {
	return FactLimits{Conditions: 1000, Orders: 2000, Results: 200, Answers: 500, Others: 500, Marks: 2000}
}

// validate reports all limits out of range in one error.
func (l FactLimits) validate() error {
	var errs []error
	for _, v := range []struct {
		name string
		val  int
	}{
		{"conditions", l.Conditions}, {"orders", l.Orders}, {"results", l.Results}, {"answers", l.Answers},
		{"others", l.Others}, {"marks", l.Marks},
	} {
		if v.val < 10 {
			errs = append(errs, fmt.Errorf("facts.%s: %d is below 10", v.name, v.val))
		}
	}
	return errors.Join(errs...)
}

// group is the kind of facts a limit applies to. It follows from the resource type alone, so that
// no version changes it.
type group uint8

const (
	groupConditions group = iota
	groupOrders
	groupResults
	groupAnswers
	groupOthers
	groupCount
)

func groupOf(r facts.Ref) group {
	switch r.Type() {
	case "Condition":
		return groupConditions
	case "MedicationRequest", "MedicationDispense", "MedicationStatement":
		return groupOrders
	case "Observation", "DiagnosticReport":
		return groupResults
	case "DetectedIssue":
		return groupAnswers
	default:
		return groupOthers
	}
}

func (l FactLimits) of(p place) int {
	if p.bit == 0 {
		return l.Marks
	}
	return [groupCount]int{l.Conditions, l.Orders, l.Results, l.Answers, l.Others}[p.group]
}
