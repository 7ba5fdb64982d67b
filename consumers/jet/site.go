package jet

import (
	"context"
	"errors"
	"fmt"

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
