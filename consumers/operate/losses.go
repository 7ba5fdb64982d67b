package operate

import (
	"context"
	"errors"

	"github.com/rlsguard/rlsguard/consumers/decided"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// AcknowledgeLosses notes that an operator knows of the inputs that were lost, and tells how many
// those are. They are not shown any more. Its errors are ErrNoStates, ErrOtherKey, ErrNewerFormat,
// ErrImporting and those of the server.
func (o *Operator) AcknowledgeLosses(ctx context.Context, key []byte) (uint64, error) {
	site, err := o.site(ctx, key)
	if err != nil {
		return 0, err
	}
	signer := layout.NewSigner(key)
	for wait := jet.NewBackoff(); ; wait.Sleep(ctx) {
		r, err := decided.ReadInputs(ctx, o.js, signer, legacy(site))
		if err != nil || r == nil || r.Open() == 0 {
			return 0, err
		}
		n := r.Open()
		r.Known += n
		r.Decided, r.Lost, r.Earlier = r.Accounted(), nil, 0
		err = r.Write(ctx, o.Store, signer)
		if err == nil || !errors.Is(err, jet.ErrConflict) || ctx.Err() != nil {
			return n, err
		}
	}
}
