package checks

// QuietCheck is a check that the settings keep from opening any flag.
type QuietCheck struct {
	Check  string
	Reason SilenceReason // SilentOff or SilentNotApproved
}

// Quiet lists the checks that the settings keep from opening any flag, in the order of the catalogue. Whoever sees no flag has
// to know of them.
func (s *Settings) Quiet() []QuietCheck {
	var list []QuietCheck
	for _, c := range Catalogue() {
		if why := s.silences(c); why != "" {
			list = append(list, QuietCheck{c.ID, why})
		}
	}
	return list
}

// silences is why the settings keep a check quiet; "" when they do not.
func (s *Settings) silences(c Check) SilenceReason {
	switch {
	case !s.enabled(c.ID):
		return SilentOff
	case s.RequireApproved && c.Rule.Status != Approved:
		return SilentNotApproved
	}
	return ""
}
