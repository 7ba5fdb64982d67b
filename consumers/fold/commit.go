package fold

import (
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
)

// Commit is what a Step changes.
type Commit struct {
	Patients    []PatientChange // sorted by patient
	Medications []facts.Fact    // new versions of Medication resources
	Gone        []facts.Fact    // new tombstones
	// Later are patients who must still be healed, once this is committed and before the inputs are
	// acknowledged.
	Later []facts.Ref
}

// PatientChange is everything that changes for one patient. It is committed whole or not at all.
type PatientChange struct {
	State       *checks.State
	Transitions []checks.Flag
	// Next is when time alone may change what is flagged; zero if never.
	Next time.Time
}

// empty reports whether there is nothing to write.
func (c *Commit) empty() bool {
	return len(c.Patients) == 0 && len(c.Medications) == 0 && len(c.Gone) == 0
}

// transitions are those of all patients, in order.
func (c *Commit) transitions() []checks.Flag {
	var all []checks.Flag
	for i := range c.Patients {
		all = append(all, c.Patients[i].Transitions...)
	}
	return all
}
