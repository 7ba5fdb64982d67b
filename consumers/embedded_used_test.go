package consumers

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/rlsguard/rlsguard/consumers/embedded"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// A folder that was used and has no store any more is not taken for a new one.
func TestStoreGone(t *testing.T) {
	docs := someDocs(12)
	sound := soundStore(t, docs)
	for name, c := range map[string]struct {
		gone  []string
		users map[string]string
		names string // what the refusal names
	}{
		"ledger and store":                      {gone: []string{embedded.LedgerName, "jetstream"}, names: "jetstream"},
		"ledger, store and password":            {gone: []string{embedded.LedgerName, "jetstream", embedded.PasswordName}, names: "jetstream"},
		"ledger, store and marker":              {gone: []string{embedded.LedgerName, "jetstream", embedded.UsedName}, names: "jetstream"},
		"store":                                 {gone: []string{"jetstream"}, names: "stream"},
		"ledger":                                {gone: []string{embedded.LedgerName}, names: embedded.LedgerName},
		"ledger and streams":                    {gone: []string{embedded.LedgerName, filepath.Join("jetstream", "jetstream")}, names: "jetstream"},
		"ledger, store and password, own users": {gone: []string{embedded.LedgerName, "jetstream", embedded.PasswordName}, users: map[string]string{"a": "b"}, names: "jetstream"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "data")
			if err := os.CopyFS(dir, os.DirFS(sound)); err != nil {
				t.Fatal(err)
			}
			for _, name := range c.gone {
				if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 {
				e, err := embedded.StartEmbedded(embedded.EmbeddedOptions{Dir: dir, Listen: "127.0.0.1:0", Users: c.users, Log: zerolog.Nop()})
				if err == nil {
					e.Stop()
					t.Fatal("started")
				}
				if text := err.Error(); !errors.Is(err, embedded.ErrDamaged) || !strings.Contains(text, dir) || !strings.Contains(text, c.names) || !strings.Contains(text, "--repair") {
					t.Errorf("what is gone, or a way out, is missing: %v", err)
				}
			}
			mended(t, dir, true, docs, docs...)
		})
	}
}

// An import is a way out where the store is gone.
func TestStoreGoneIsFreshForAnImport(t *testing.T) {
	dir := soundStore(t, someDocs(3))
	for _, name := range []string{embedded.LedgerName, "jetstream"} {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	e, err := embedded.StartEmbedded(embedded.EmbeddedOptions{Dir: dir, Private: true, Log: zerolog.Nop()})
	if err == nil {
		e.Stop()
		t.Fatal("started for something else than an import")
	}
	if e, err = embedded.StartEmbedded(embedded.EmbeddedOptions{Dir: dir, Private: true, Fresh: true, Log: zerolog.Nop()}); err != nil {
		t.Fatal(err)
	}
	if err := e.Stop(); err != nil {
		t.Error(err)
	}
}

// A start that failed leaves nothing that keeps the next one from being the first, and a key that the operator put there is no sign of use.
func TestFirstStart(t *testing.T) {
	b := newBench(t)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "site.key"), []byte("the key of an operator\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if e, err := embedded.StartEmbedded(embedded.EmbeddedOptions{Dir: dir, Listen: b.srv.Addr(), Log: zerolog.Nop()}); err == nil {
		e.Stop()
		t.Fatal("started on a port in use")
	}
	for range 2 { // at once after a start that stored nothing, too
		e, err := embedded.StartEmbedded(embedded.EmbeddedOptions{Dir: dir, Listen: "127.0.0.1:0", Log: zerolog.Nop()})
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Stop(); err != nil {
			t.Fatal(err)
		}
	}
}

// However messages left a stream, its files still say which sequence it reached: what ends before that lost something.
func TestFilesTellWhatAStreamReached(t *testing.T) {
	for name, remove := range map[string]func(*bench, jetstream.Stream) error{
		"purged": func(b *bench, s jetstream.Stream) error { return s.Purge(b.t.Context()) },
		"purged twice": func(b *bench, s jetstream.Stream) error {
			return errors.Join(s.Purge(b.t.Context()), s.Purge(b.t.Context()))
		},
		"last deleted": func(b *bench, s jetstream.Stream) error {
			return s.DeleteMsg(b.t.Context(), s.CachedInfo().State.LastSeq)
		},
		"last erased": func(b *bench, s jetstream.Stream) error {
			return s.SecureDeleteMsg(b.t.Context(), s.CachedInfo().State.LastSeq)
		},
		"all deleted": func(b *bench, s jetstream.Stream) error {
			var all error
			for seq := uint64(1); seq <= s.CachedInfo().State.LastSeq; seq++ {
				all = errors.Join(all, s.DeleteMsg(b.t.Context(), seq))
			}
			return all
		},
		"cut to one": func(b *bench, s jetstream.Stream) error { return s.Purge(b.t.Context(), jetstream.WithPurgeKeep(1)) },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			if err := jet.MakeStreams(t.Context(), b.js, 1); err != nil {
				t.Fatal(err)
			}
			b.publish(someDocs(4)...)
			s, err := b.js.Stream(t.Context(), layout.StreamFHIR)
			if err == nil {
				err = remove(b, s)
			}
			if err != nil {
				t.Fatal(err)
			}
			b.stop()
			for range 2 { // also when the server has written its files anew
				_, reached, err := embedded.Scrub(b.dir, &embedded.Ledger{})
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(s.CachedInfo().State.LastSeq, reached[layout.StreamFHIR]); d != "" {
					t.Errorf("-server +files: %s", d)
				}
				b.start()
				b.stop()
			}
			b.start()
		})
	}
}
