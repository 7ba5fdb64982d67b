package operate

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/codec"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// States hands every stored state to take, one after the other, and changes nothing; instances may
// go on. A state that is written meanwhile may come twice. The errors are those of Export, and
// those of take.
func (o *Operator) States(
	ctx context.Context,
	key []byte,
	total, progress func(n int64),
	take func(*checks.State) error,
) error {
	site, err := o.site(ctx, key)
	if err != nil {
		return err
	}
	signer := layout.NewSigner(key)
	n, err := o.messagesOf(ctx, layout.StreamRLS)
	if err != nil {
		return err
	}
	total(int64(n))
	cfg := jetstream.OrderedConsumerConfig{FilterSubjects: []string{layout.SubjectState + ">"}}
	return jet.Each(ctx, o.js, layout.StreamRLS, cfg, func(m jetstream.Msg, meta *jetstream.MsgMetadata) error {
		progress(1)
		if !strings.HasPrefix(m.Subject(), layout.SubjectPatient) {
			return nil
		}
		_, err := authentic(signer, site, m.Subject(), m.Headers(), m.Data(), meta.Sequence.Stream)
		if err != nil {
			return fmt.Errorf("%w: %w", layout.ErrState, err)
		}
		st, err := codec.Decode(m.Data())
		if err != nil {
			return fmt.Errorf("%w: sequence %d of %s: %w", layout.ErrState, meta.Sequence.Stream, layout.StreamRLS, err)
		}
		if layout.Erased(st) {
			return nil
		}
		return take(st)
	})
}

// FrozenAsOf is the as-of time of a site whose clock was frozen; zero where it runs.
func (o *Operator) FrozenAsOf(ctx context.Context, key []byte) (time.Time, error) {
	site, err := o.site(ctx, key)
	if err != nil || site.AsOf == "" {
		return time.Time{}, err
	}
	return asOfSite(VerifyOptions{}, site)
}
