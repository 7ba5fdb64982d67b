package checks

import (
	"fmt"
	"slices"

	"github.com/rlsguard/rlsguard/checks/exercise"
)

// Exercised returns a case as the state of its patient.
func Exercised(c *exercise.Case) (State, error) {
	st := State{Patient: exercise.Patient}
	for _, f := range c.Facts {
		st.Merge(f)
	}
	for _, kinds := range c.Cut {
		bit := slices.IndexFunc(allCuts(), func(one Cut) bool { return slices.Equal(one.Kinds(), []string{kinds}) })
		if bit < 0 {
			return State{}, fmt.Errorf("%q is not a kind of facts that can be cut", kinds)
		}
		st.Cut |= allCuts()[bit]
	}
	return st, nil
}

// allCuts are the cuts of one kind each.
func allCuts() []Cut {
	var all []Cut
	for bit := range cutBits {
		all = append(all, Cut(1)<<bit)
	}
	return all
}
