package checks

import (
	"github.com/rlsguard/rlsguard/checks/silence"
)

type quietCheck struct {
	Check  string
	Reason silence.Reason // Off or NotApproved
}

// Quiet lists the checks that the settings keep from opening any flag, in the order of the
// catalogue. Whoever sees no flag needs to know about them.
func (s *Settings) Quiet() []quietCheck {
	var list []quietCheck
	for _, c := range Catalogue() {
		if why := s.silences(c); why != "" {
			list = append(list, quietCheck{c.ID, why})
		}
	}
	return list
}

// silences is why the settings silence a check; "" if they do not.
func (s *Settings) silences(c Check) silence.Reason {
	switch {
	case !s.enabled(c.ID):
		return silence.Off
	case s.RequireApproved && s.RuleOf(c).Status != RuleApproved:
		return silence.NotApproved
	}
	return ""
}
