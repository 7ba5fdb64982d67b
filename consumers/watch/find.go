package watch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// errNoFlag tells that no flag with an id is open.
var errNoFlag = errors.New("no flag with this id is open")

// FindFlag reads the open flag with an id from the stream RLS_FLAGS. key is the site key, or nil, as in
// Options. There is at most one domain. Its error is errNoFlag, one that tells that what stands there
// cannot be used, or one of the server.
func FindFlag(ctx context.Context, nc *nats.Conn, key []byte, id string, in ...jet.Domain) (checks.Flag, error) {
	if !layout.FlagID.MatchString(id) {
		return checks.Flag{}, fmt.Errorf("%w: an id is a UUID in small letters, as watch prints it", errNoFlag)
	}
	js, err := jet.New(nc, jet.OnlyDomain(in), jetstream.WithDefaultTimeout(5*time.Second))
	if err != nil {
		return checks.Flag{}, err
	}
	// Under two subjects after its severity changed: the higher number is the newer word.
	var left error
	c := checker{leftOut: func(err error) { left = err }}
	if key != nil {
		c.signer, c.signed = layout.NewSigner(key), true
	}
	known, _, err := storedFlags(ctx, js, layout.SubjectFlags+"*.*."+id, &c, nil)
	if err != nil {
		return checks.Flag{}, errors.Join(ctx.Err(), err)
	}
	open := sortedOpen(known)
	if len(open) == 0 {
		return checks.Flag{}, cmp.Or(left, errNoFlag)
	}
	return open[0], nil
}
