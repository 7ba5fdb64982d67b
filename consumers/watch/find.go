package watch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// ErrNoFlag tells that no flag with an id is open.
var ErrNoFlag = errors.New("no flag with this id is open")

// FindFlag reads the open flag with an id from the stream RLS_FLAGS. A beginning of the id does, at
// least four characters, that no other open flag has; for that all open flags are read. key is the
// site key, or nil, as in Options. There is at most one domain. Its error is ErrNoFlag, one of
// Ambiguous, one that tells that what stands there cannot be used, or one of the server.
func FindFlag(ctx context.Context, nc *nats.Conn, key []byte, id string, in ...jet.Domain) (checks.Flag, error) {
	subject := layout.SubjectFlags + ">"
	switch {
	case layout.FlagID.MatchString(id):
		subject = layout.SubjectFlags + "*.*." + id
	case !layout.FlagIDPart.MatchString(id):
		return checks.Flag{}, fmt.Errorf(
			"%w: an id is a UUID in small letters, as watch prints it, or at least its first four characters",
			ErrNoFlag,
		)
	}
	js, err := jet.New(nc, jet.OnlyDomain(in), jetstream.WithDefaultTimeout(5*time.Second))
	if err != nil {
		return checks.Flag{}, err
	}
	// Under two subjects after its severity changed: the higher number is the newer word.
	var left error
	c := checker{leftOut: func(err error) { left = err }, begins: id}
	if key != nil {
		c.signer, c.signed = layout.NewSigner(key), true
	}
	known, _, err := storedFlags(ctx, js, subject, &c, nil)
	if err != nil {
		return checks.Flag{}, errors.Join(ctx.Err(), err)
	}
	open := sortedOpen(known)
	switch len(open) {
	case 0:
		return checks.Flag{}, cmp.Or(left, ErrNoFlag)
	case 1:
		return open[0], nil
	}
	return checks.Flag{}, Ambiguous(id, open)
}

// mostNamed is how many flags an error names.
const mostNamed = 8

// Ambiguous is the error of an id that begins those of several flags. It names them, and not whose
// they are: what a command says may end in a log.
func Ambiguous(part string, flags []checks.Flag) error {
	text := fmt.Sprintf("%s is the beginning of %d flags, give more of the id:", part, len(flags))
	for i, f := range flags {
		if i == mostNamed {
			text += fmt.Sprintf("\nand %d more", len(flags)-i)
			break
		}
		text += "\n" + strings.TrimSpace(f.ID+" "+f.Check+" "+f.Ingredient)
	}
	return errors.New(text)
}
