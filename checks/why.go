package checks

import (
	"slices"
	"time"
)

// Why says in a sentence why st has no flag of a check and an ingredient at asOf: the reason for
// exactly that, else for the check, the drug, or everything. "" if there is none.
func Why(st *State, set *Settings, asOf time.Time, check, ingredient string) string {
	found := Explain(st, set, asOf)
	for _, fits := range []func(s Silence) bool{
		func(s Silence) bool { return s.Check == check && s.Ingredient == ingredient },
		func(s Silence) bool { return s.Check == check && s.Ingredient == "" },
		func(s Silence) bool { return s.Check == "" && s.Ingredient == ingredient && ingredient != "" },
		func(s Silence) bool { return s.Check == "" && s.Ingredient == "" },
	} {
		if i := slices.IndexFunc(found, fits); i >= 0 {
			return found[i].sentence()
		}
	}
	return ""
}

func (s *Silence) sentence() string {
	text := s.Reason.Words()
	if s.Order != "" {
		text = string(s.Order) + ": " + text
	}
	if s.Detail != "" {
		text += " (" + s.Detail + ")"
	}
	return text
}
