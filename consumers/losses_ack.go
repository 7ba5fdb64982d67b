package consumers

import (
	"context"
	"errors"
)

// AcknowledgeLosses notes that an operator knows of the inputs that were lost, and tells how many
// those are. They are not shown any more. Its errors are ErrNoStates, ErrOtherKey, ErrNewerFormat,
// ErrImporting and those of the server.
func (o *Operator) AcknowledgeLosses(ctx context.Context, key []byte) (uint64, error) {
	if _, err := o.site(ctx, key); err != nil {
		return 0, err
	}
	for wait := newBackoff(); ; wait.sleep(ctx) {
		r, err := readInputs(ctx, o.js)
		if err != nil || r == nil || r.open() == 0 {
			return 0, err
		}
		n := r.open()
		r.Known += n
		r.Decided, r.Lost, r.Earlier = r.accounted(), nil, 0
		err = r.write(ctx, o.store)
		if err == nil || !errors.Is(err, ErrConflict) || ctx.Err() != nil {
			return n, err
		}
	}
}
