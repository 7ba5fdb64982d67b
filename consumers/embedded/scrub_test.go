package embedded

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// However messages left a stream, its files still say which sequence it reached: what ends before
// that lost something.
func TestFilesTellWhatAStreamReached(t *testing.T) {
	for name, remove := range map[string]func(context.Context, jetstream.Stream) error{
		"purged": func(ctx context.Context, s jetstream.Stream) error { return s.Purge(ctx) },
		"purged twice": func(ctx context.Context, s jetstream.Stream) error {
			return errors.Join(s.Purge(ctx), s.Purge(ctx))
		},
		"last deleted": func(ctx context.Context, s jetstream.Stream) error {
			return s.DeleteMsg(ctx, s.CachedInfo().State.LastSeq)
		},
		"last erased": func(ctx context.Context, s jetstream.Stream) error {
			return s.SecureDeleteMsg(ctx, s.CachedInfo().State.LastSeq)
		},
		"all deleted": func(ctx context.Context, s jetstream.Stream) error {
			var all error
			for seq := uint64(1); seq <= s.CachedInfo().State.LastSeq; seq++ {
				all = errors.Join(all, s.DeleteMsg(ctx, seq))
			}
			return all
		},
		"cut to one": func(ctx context.Context, s jetstream.Stream) error {
			return s.Purge(ctx,
				jetstream.WithPurgeKeep(1))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			start := func() (*Embedded, jetstream.JetStream) {
				e, err := Start(
					t.Context(),
					Options{Dir: dir, Listen: "127.0.0.1:0", Log: zerolog.Nop()},
				)
				if err != nil {
					t.Fatal(err)
				}
				nc, err := e.Connect()
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(nc.Close)
				js, err := jetstream.New(nc)
				if err != nil {
					t.Fatal(err)
				}
				return e, js
			}
			stop := func(e *Embedded) {
				if err := e.Stop(); err != nil {
					t.Fatal(err)
				}
			}
			e, js := start()
			if err := jet.MakeStreams(t.Context(), js, 1); err != nil {
				t.Fatal(err)
			}
			for range 4 {
				if _, err := js.Publish(t.Context(), layout.SubjectInbound+"Patient", []byte("{}")); err != nil {
					t.Fatal(err)
				}
			}
			s, err := js.Stream(t.Context(), layout.StreamFHIR)
			if err == nil {
				err = remove(t.Context(), s)
			}
			if err != nil {
				t.Fatal(err)
			}
			stop(e)
			for range 2 { // also when the server has written its files anew
				_, reached, err := scrub(t.Context(), dir, &ledger{})
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(s.CachedInfo().State.LastSeq, reached[layout.StreamFHIR]); d != "" {
					t.Errorf("-server +files: %s", d)
				}
				e, _ = start()
				stop(e)
			}
		})
	}
}
