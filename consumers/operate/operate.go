package operate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/commit"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// ErrNoStates tells that a server has no states of rlsguard.
var ErrNoStates = errors.New("no rlsguard data on this server: rlsguard serve has not run here")

// Operator does what operators need: dead letters, verification, export and import, erasure. It
// works beside running instances, and needs more rights than an instance for all but dead letters:
// to purge, and to make streams.
type Operator struct {
	nc    *nats.Conn
	js    jetstream.JetStream
	Store *jet.JetStore
}

// operatorTimeout is that of one request: longer than an instance's, since nobody waits for the
// next one.
const operatorTimeout = 10 * time.Second

// NewOperator works over a connection, which stays the caller's, in a domain, of which there is at
// most one.
func NewOperator(nc *nats.Conn, in ...jet.Domain) (*Operator, error) {
	js, err := jet.New(nc, jet.OnlyDomain(in), jetstream.WithDefaultTimeout(operatorTimeout))
	if err != nil {
		return nil, err
	}
	return &Operator{nc: nc, js: js, Store: &jet.JetStore{Nc: nc, Js: js, Timeout: operatorTimeout}}, nil
}

// site is the record of the site whose key is given. Its errors are ErrNoStates, ErrOtherKey,
// ErrNewerFormat, ErrForeign and those of the server.
func (o *Operator) site(ctx context.Context, key []byte) (*layout.SiteRecord, error) {
	have, foreign, err := o.siteOr(ctx, key)
	if err == nil && foreign {
		err = fmt.Errorf("site record: %w: rlsguard serve rebuilds it", layout.ErrForeign)
	}
	return have, err
}

// siteOr is site, and tells of a foreign record instead of failing.
func (o *Operator) siteOr(ctx context.Context, key []byte) (have *layout.SiteRecord, foreign bool, err error) {
	seal, err := commit.ReadSeal(ctx, o.Store, layout.NewSigner(key))
	if err == nil {
		have, err = seal.Record(key)
	}
	if errors.Is(err, jetstream.ErrStreamNotFound) || err == nil && have == nil {
		err = ErrNoStates
	}
	return have, seal.Foreign, err
}

// messagesOf is how many messages a stream has; 0 when it is not there.
func (o *Operator) messagesOf(ctx context.Context, stream string) (uint64, error) {
	s, err := o.js.Stream(ctx, stream)
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound):
		return 0, nil
	case err != nil:
		return 0, fmt.Errorf("stream %s: %w", stream, err)
	}
	return s.CachedInfo().State.Msgs, nil
}
