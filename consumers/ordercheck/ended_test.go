package ordercheck

import (
	"context"
	"errors"
	"testing"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/fold"
)

// endsWhenRead is a view whose reader is given up on.
type endsWhenRead struct {
	fold.View
	end func()
}

func (v endsWhenRead) State(ref facts.Ref) *checks.State {
	v.end()
	return v.View.State(ref)
}

// An answer that nobody waits for any more is not worked out.
func TestAdviseStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	q := Question{Patient: "Patient/1"}
	if _, err := answer(ctx, engine(), endsWhenRead{fold.NewMemory(), cancel}, &q, asOf); !errors.Is(
		err,
		context.Canceled,
	) {
		t.Errorf("error %v", err)
	}
}
