package jet

import (
	"context"
	"slices"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/layout"
)

// Domain is how the JetStream of another NATS account is reached. The zero Domain is the layout
// with one account, where all streams are the user's own.
type Domain struct {
	// Prefix of its API without a dot at the end, such as "$JS.RLSGUARD.API"; "" when there is one
	// account.
	Prefix string
	// Within: the user belongs to the account that holds FHIR and RLS, and finds only the streams
	// for others under Prefix.
	Within bool
}

// NamedDomain is the domain with a name; "" is the zero Domain.
func NamedDomain(name string) Domain {
	if name == "" {
		return Domain{}
	}
	return Domain{Prefix: "$JS." + name + ".API"}
}

// OnlyDomain is the one of an optional argument; the zero Domain when it is left out.
func OnlyDomain(in []Domain) Domain {
	if len(in) == 0 {
		return Domain{}
	}
	return in[0]
}

// Inside is d for a user of the account that holds FHIR and RLS.
func (d Domain) Inside() Domain {
	d.Within = d.Prefix != ""
	return d
}

// Outside tells that the user belongs to another account than FHIR and RLS, and sees nothing of
// RLS.
func (d Domain) Outside() bool { return d.Prefix != "" && !d.Within }

// apart are the streams that others read. Where there are several accounts they have one without
// users.
var apart = []string{layout.StreamFlags, layout.StreamDead, layout.StreamRejected, layout.StreamFeedback}

// New is JetStream on a connection, with every stream where in says.
func New(nc *nats.Conn, in Domain, options ...jetstream.JetStreamOpt) (jetstream.JetStream, error) {
	if in.Prefix == "" {
		return jetstream.New(nc, options...)
	}
	other, err := jetstream.NewWithAPIPrefix(nc, in.Prefix, options...)
	if err != nil || !in.Within {
		return &routed{other, other, in}, err
	}
	own, err := jetstream.New(nc, options...)
	if err != nil {
		return nil, err
	}
	return &routed{own, other, in}, nil
}

// IsApart tells whether a stream is one that others read, and so in an account of its own where
// there are several.
func IsApart(stream string) bool { return slices.Contains(apart, stream) }

// Streams are all that there are, of both accounts where js reaches two.
func Streams(ctx context.Context, js jetstream.JetStream) ([]*jetstream.StreamInfo, error) {
	both := []jetstream.JetStream{js}
	if r, ok := js.(*routed); ok && r.in.Within {
		both = []jetstream.JetStream{r.JetStream, r.other}
	}
	var all []*jetstream.StreamInfo
	for _, one := range both {
		list := one.ListStreams(ctx)
		for info := range list.Info() {
			all = append(all, info)
		}
		if err := list.Err(); err != nil {
			return all, err
		}
	}
	return all, nil
}

// DomainOf is the domain that New was given.
func DomainOf(js jetstream.JetStream) Domain {
	if r, ok := js.(*routed); ok {
		return r.in
	}
	return Domain{}
}

// routed asks for each stream where it is.
type routed struct {
	jetstream.JetStream
	other jetstream.JetStream
	in    Domain
}

// holderOf is the plain JetStream that has a stream.
func holderOf(js jetstream.JetStream, stream string) jetstream.JetStream {
	r, ok := js.(*routed)
	switch {
	case !ok:
		return js
	case IsApart(stream):
		return r.other
	}
	return r.JetStream
}

func (r *routed) Stream(ctx context.Context, name string) (jetstream.Stream, error) {
	return holderOf(r, name).Stream(ctx, name)
}

func (r *routed) CreateStream(ctx context.Context, cfg jetstream.StreamConfig) (jetstream.Stream, error) {
	return holderOf(r, cfg.Name).CreateStream(ctx, cfg)
}

func (r *routed) UpdateStream(ctx context.Context, cfg jetstream.StreamConfig) (jetstream.Stream, error) {
	return holderOf(r, cfg.Name).UpdateStream(ctx, cfg)
}

func (r *routed) DeleteStream(ctx context.Context, name string) error {
	return holderOf(r, name).DeleteStream(ctx, name)
}

func (r *routed) Consumer(ctx context.Context, stream, name string) (jetstream.Consumer, error) {
	return holderOf(r, stream).Consumer(ctx, stream, name)
}

func (r *routed) OrderedConsumer(
	ctx context.Context,
	stream string,
	cfg jetstream.OrderedConsumerConfig,
) (jetstream.Consumer, error) {
	return holderOf(r, stream).OrderedConsumer(ctx, stream, cfg)
}
