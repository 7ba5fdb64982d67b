package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/embedded/blocks"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// consumerOffline is the server's error for a consumer whose own file it cannot read.
const consumerOffline = 10195

// dropUnread removes consumers whose files the server cannot read: it neither uses nor replaces
// them. They are made again and begin at the start, where all is known already.
func (e *Embedded) dropUnread(ctx context.Context) error {
	var unread []string
	err := e.ask(ctx, func(ctx context.Context, js jetstream.JetStream) error {
		for stream, durable := range map[string]string{layout.StreamFHIR: layout.Durable,
			layout.StreamRLS: layout.DurableDue} {
			_, err := js.Consumer(ctx, stream, durable)
			var api *jetstream.APIError
			if !errors.Is(err, jetstream.ErrConsumerNotFound) &&
				(!errors.As(err, &api) || api.ErrorCode != consumerOffline) {
				continue
			}
			if folder := filepath.Join(blocks.StreamDir(e.options.Dir, stream), "obs",
				durable); blocks.IsThere(folder) {
				e.options.Log.Error().Str(
					"consumer",
					durable,
				).Str(
					"folder",
					folder,
				).Msg(
					"damaged: rebuilt, and reading everything again",
				)
				unread = append(unread, folder)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("embedded server: %w", err)
	}
	if unread == nil || e.options.Private {
		return nil
	}
	e.down()
	for _, folder := range unread {
		if err := os.RemoveAll(folder); err != nil {
			return fmt.Errorf("data folder: %w", err)
		}
	}
	return e.up(ctx)
}
