package patients

import (
	"context"
	"fmt"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/asked"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/consumers/timeline"
)

// Stored is where states are kept; commit.Known is one. Its errors are commit.ErrNotReady, or that
// a state cannot be decoded.
type Stored interface {
	// Read calls do with all that is stored.
	Read(do func(fold.View) error) error
	// Named is the patient of a token, or "" when nothing is stored under it.
	Named(token layout.Token) (facts.Ref, error)
}

// Trail is what is kept of flags beside the states.
type Trail interface {
	// Whose is the patient of a flag, or "" when no such flag is known.
	Whose(ctx context.Context, flag string) (facts.Ref, error)
	// Transitions of a flag up to a number, as far as they are kept, in any order. After an error
	// there are more than it hands back.
	Transitions(ctx context.Context, flag string, number uint64) ([]checks.Flag, error)
}

// Teller tells timelines. It is for concurrent use.
type Teller struct {
	Engine *fold.Engine
	Stored Stored
	Trail  Trail
	AsOf   func() time.Time // the as-of time; the real time where it is nil
	// Metrics count what is answered; nil counts nothing.
	Metrics *asked.Metrics
}

// historyWithin is how long reading the history of flags may take. What is known otherwise is told
// all the same.
const historyWithin = 2 * time.Second

// tell answers a question. The errors are errUnreadable, errUnknown, and those of Stored and Trail.
func (t *Teller) tell(ctx context.Context, data []byte) (timeline.Patient, error) {
	q, err := readQuestion(data)
	if err != nil {
		return timeline.Patient{}, err
	}
	patient, err := t.whose(ctx, q)
	if err != nil {
		return timeline.Patient{}, err
	}
	var st *checks.State
	err = t.Stored.Read(func(v fold.View) error {
		st = v.State(patient)
		return nil
	})
	if err != nil {
		return timeline.Patient{}, err
	}
	if st == nil {
		return timeline.Patient{}, errUnknown
	}
	trail, whole := t.history(ctx, st)
	asOf := time.Now
	if t.AsOf != nil {
		asOf = t.AsOf
	}
	token := layout.NewTokens(t.Engine.Key).Of(patient)
	p := timeline.Of(t.Engine, st, token.String(), asOf(), trail)
	if !whole {
		p.Gap = "The history of the flags could not be read to its end."
	}
	return p, nil
}

// whose is the patient that a question names. A flag is asked for by its id alone, so what the
// stream says of it is held against the id, which nobody makes without the site key.
func (t *Teller) whose(ctx context.Context, q question) (facts.Ref, error) {
	// Also for a flag nothing is told before the states are read.
	patient, err := t.Stored.Named(q.token)
	if err == nil && q.flag != "" {
		if patient, err = t.Trail.Whose(ctx, q.flag); err != nil {
			return "", fmt.Errorf("whose flag it is: %w", err)
		}
	}
	if err == nil && patient == "" {
		err = errUnknown
	}
	return patient, err
}

// history are the transitions of all flags that a patient has or had, and whether they are whole.
func (t *Teller) history(ctx context.Context, st *checks.State) (trail []checks.Flag, whole bool) {
	ctx, cancel := context.WithTimeout(ctx, historyWithin)
	defer cancel()
	whole = true
	for i := range st.Flags {
		f := &st.Flags[i]
		id := checks.FlagID(t.Engine.Key, st.Patient, f.Check, f.Ingredient)
		steps, err := t.Trail.Transitions(ctx, id, f.Number)
		whole = whole && err == nil
		for j := range steps {
			if steps[j].Patient == st.Patient && steps[j].ID == id {
				trail = append(trail, steps[j])
			}
		}
	}
	return trail, whole
}
