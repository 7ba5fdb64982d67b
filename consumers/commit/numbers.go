package commit

import (
	"context"

	"github.com/nats-io/nats.go"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// Numbered is what a state says about the newest transition of a flag.
type Numbered struct {
	Patient facts.Ref
	Number  uint64
	Open    bool
}

// Shows reports whether a message under a subject is that transition or a newer one.
func (n Numbered) Shows(_ string, h nats.Header) bool { return layout.NumberOf(h) >= n.Number }

// Numbers are the newest transitions of all open flags, by id, according to the states.
func (c *Committer) Numbers() (map[string]Numbered, error) {
	ids := map[string]Numbered{}
	open, err := c.OpenFlags()
	if err != nil {
		return nil, err
	}
	for _, ref := range open {
		st, err := c.copy.patientOf(ref)
		if err != nil {
			return nil, err
		}
		for i := 0; st != nil && i < len(st.Flags); i++ {
			if f := &st.Flags[i]; f.Severity != checks.None {
				ids[checks.FlagID(c.engine.Key, ref, f.Check, f.Ingredient)] = Numbered{ref, f.Number, true}
			}
		}
	}
	return ids, nil
}

// Number is what the state says about the flag in a message; known is false if it has no such flag.
func (c *Committer) Number(detectedIssue []byte) (n Numbered, known bool) {
	f, err := layout.FlagOf(detectedIssue)
	if err != nil {
		return n, false
	}
	st, err := c.copy.patientOf(f.Patient)
	if err != nil || st == nil {
		return n, false
	}
	for i := range st.Flags {
		if k := &st.Flags[i]; k.Check == f.Check && k.Ingredient == f.Ingredient {
			return Numbered{f.Patient, k.Number, k.Severity != checks.None}, true
		}
	}
	return n, false
}

func (c *WorkingCopy) patientOf(ref facts.Ref) (*checks.State, error) {
	c.mu.RLock()
	slot, ok := c.patients.at[c.tokens.Of(ref)]
	c.mu.RUnlock()
	if !ok {
		return nil, nil
	}
	return c.patient(slot)
}

// SetTimers sets the timers of patients again.
func (c *Committer) SetTimers(ctx context.Context, tokens []layout.Token) error {
	return c.reevaluate(ctx, tokens)
}

// NoneMissing is Missing if nothing is.
func (c *WorkingCopy) NoneMissing() *Missing {
	m := &Missing{copy: c, rows: map[string]map[layout.Token]struct{}{}, tallies: map[string]struct{}{}}
	for _, kind := range layout.StateKinds {
		m.rows[kind] = map[layout.Token]struct{}{}
	}
	return m
}
