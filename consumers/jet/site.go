package jet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/layout"
)

// ReadSite reads the record of the site; nil when there is none.
func ReadSite(ctx context.Context, js jetstream.JetStream) (*layout.SiteRecord, error) {
	stream, err := js.Stream(ctx, layout.StreamRLS)
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", layout.StreamRLS, err)
	}
	m, err := stream.GetLastMsgForSubject(ctx, layout.SubjectSite)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", layout.SubjectSite, err)
	}
	return layout.ParseSite(m.Sequence, m.Data)
}

// WriteSite records what the states are made with.
func WriteSite(ctx context.Context, to Store, w layout.SiteRecord, expect uint64) (uint64, error) {
	data, err := json.Marshal(w)
	if err != nil {
		return 0, err
	}
	m := &nats.Msg{
		Subject: layout.SubjectSite,
		Data:    data,
		Header:  nats.Header{layout.HeaderExpect: {fmt.Sprint(expect)}},
	}
	written := <-to.Send(ctx, []*nats.Msg{m})
	return written.First, written.Err
}
