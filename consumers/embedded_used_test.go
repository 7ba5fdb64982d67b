package consumers

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/rlsguard/rlsguard/consumers/embedded"
)

// A folder that was used and has no store any more is not taken for a new one.
func TestStoreGone(t *testing.T) {
	docs := someDocs(12)
	sound := soundStore(t, docs)
	for name, c := range map[string]struct {
		gone  []string
		users []embedded.User
		names string // what the refusal names
	}{
		"ledger and store": {gone: []string{"ledger.json", "jetstream"}, names: "jetstream"},
		"ledger, store and password": {gone: []string{"ledger.json", "jetstream", "nats.user"},
			names: "jetstream"},
		"ledger, store and marker": {gone: []string{"ledger.json", "jetstream", "used"},
			names: "jetstream"},
		"store":  {gone: []string{"jetstream"}, names: "stream"},
		"ledger": {gone: []string{"ledger.json"}, names: embedded.LedgerName},
		"ledger and streams": {gone: []string{"ledger.json", filepath.Join("jetstream",
			"jetstream")}, names: "jetstream"},
		"ledger, store and password, own users": {gone: []string{"ledger.json", "jetstream", "nats.user"},
			users: []embedded.User{{Name: "a", Password: "b", Role: "admin"}}, names: "jetstream"},
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
				e, err := embedded.Start(
					t.Context(),
					embedded.Options{Dir: dir, Listen: "127.0.0.1:0", Users: c.users, Log: zerolog.Nop()},
				)
				if err == nil {
					e.Stop()
					t.Fatal("started")
				}
				if text := err.Error(); !errors.Is(err, embedded.ErrDamaged) || !strings.Contains(text, dir) ||
					!strings.Contains(text, c.names) ||
					!strings.Contains(text, "--repair") {
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
	for _, name := range []string{"ledger.json", "jetstream"} {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	e, err := embedded.Start(t.Context(), embedded.Options{Dir: dir, Private: true, Log: zerolog.Nop()})
	if err == nil {
		e.Stop()
		t.Fatal("started for something else than an import")
	}
	if e, err = embedded.Start(t.Context(), embedded.Options{Dir: dir, Private: true, Fresh: true,
		Log: zerolog.Nop()}); err != nil {
		t.Fatal(err)
	}
	if err := e.Stop(); err != nil {
		t.Error(err)
	}
}

// A start that failed leaves nothing that keeps the next one from being the first, and a key that
// the operator put there is no sign of use.
func TestFirstStart(t *testing.T) {
	b := newBench(t)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "site.key"), []byte("the key of an operator\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if e, err := embedded.Start(t.Context(), embedded.Options{Dir: dir, Listen: b.srv.Addr(),
		Log: zerolog.Nop()}); err == nil {
		e.Stop()
		t.Fatal("started on a port in use")
	}
	for range 2 { // at once after a start that stored nothing, too
		e, err := embedded.Start(
			t.Context(),
			embedded.Options{Dir: dir, Listen: "127.0.0.1:0", Log: zerolog.Nop()},
		)
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Stop(); err != nil {
			t.Fatal(err)
		}
	}
}
