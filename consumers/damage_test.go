package consumers

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/rlsguard/rlsguard/consumers/embedded"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/consumers/watch"
)

// storeFile is a file of a stream's store.
func storeFile(t *testing.T, dir, stream, name string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(streamsDir(dir), stream, name))
	for _, path := range slices.Backward(found) {
		if info, err := os.Stat(path); err == nil && info.Size() > 0 {
			return path
		}
	}
	t.Fatalf("no %s of %s: %v", name, stream, err)
	return ""
}

// change rewrites a file with what do makes of it.
func change(t *testing.T, path string, do func([]byte) []byte) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, do(b), 0o600); err != nil {
		t.Fatal(err)
	}
}

func cutTail(n int) func([]byte) []byte { return func(b []byte) []byte { return b[:len(b)-n] } }

func flipBit(part float64) func([]byte) []byte {
	return func(b []byte) []byte { b[int(part*float64(len(b)-1))] ^= 4; return b }
}

// crashed makes a store that was stopped cleanly one that was not: the ledger does not know the
// files.
func crashed(t *testing.T, dir string) {
	t.Helper()
	editLedger(t, dir, func(l map[string]any) { delete(l, "files") })
}

// streamsDir is where the server of a data folder keeps its streams.
func streamsDir(dir string) string {
	return filepath.Join(dir, "jetstream", "jetstream", "$G", "streams")
}

// editLedger rewrites what the embedded server noted of its store.
func editLedger(t *testing.T, dir string, do func(map[string]any)) {
	t.Helper()
	change(t, filepath.Join(dir, "ledger.json"), func(b []byte) []byte {
		var l map[string]any
		if err := json.Unmarshal(b, &l); err != nil {
			t.Fatal(err)
		}
		do(l)
		b, err := json.Marshal(l)
		if err != nil {
			t.Fatal(err)
		}
		return b
	})
}

// What is damaged is made again from the inbound stream, or refused with the file and a way out; it
// is never served as if it were whole.
func TestDamagedStore(t *testing.T) {
	defer func(d time.Duration) { copyStall = d }(copyStall)
	copyStall = 2 * time.Second
	docs := append(someDocs(12), `{"resourceType":"MedicationRequest","id":"nobody","status":"active"}`)
	sound := soundStore(t, docs)
	block := func(stream string) func(*testing.T, string) string {
		return func(t *testing.T, dir string) string { return storeFile(t, dir, stream, "msgs/*.blk") }
	}
	file := func(stream, name string) func(*testing.T, string) string {
		return func(t *testing.T, dir string) string { return storeFile(t, dir, stream, name) }
	}
	for name, c := range map[string]struct {
		of     func(*testing.T, string) string
		do     func([]byte) []byte // nil removes the file
		crash  bool
		refuse bool
	}{
		"states, 1 byte cut":           {of: block(layout.StreamRLS), do: cutTail(1)},
		"states, 60 bytes cut":         {of: block(layout.StreamRLS), do: cutTail(60)},
		"states, 2000 bytes cut":       {of: block(layout.StreamRLS), do: cutTail(2000)},
		"states, 1 byte cut, crash":    {of: block(layout.StreamRLS), do: cutTail(1), crash: true},
		"states, 20 bytes cut, crash":  {of: block(layout.StreamRLS), do: cutTail(20), crash: true},
		"states, 150 bytes cut, crash": {of: block(layout.StreamRLS), do: cutTail(150), crash: true},
		"states, all cut, crash": {of: block(layout.StreamRLS), do: func([]byte) []byte { return nil },
			crash: true},
		"states, bit at the start":         {of: block(layout.StreamRLS), do: flipBit(0)},
		"states, bit in the middle":        {of: block(layout.StreamRLS), do: flipBit(.5)},
		"states, bit in the middle, crash": {of: block(layout.StreamRLS), do: flipBit(.5), crash: true},
		"states, bit at the end, crash":    {of: block(layout.StreamRLS), do: flipBit(1), crash: true},
		"states, block gone":               {of: block(layout.StreamRLS)},
		"states, block gone, crash":        {of: block(layout.StreamRLS), crash: true},
		"states, block empty, no crash":    {of: block(layout.StreamRLS), do: func([]byte) []byte { return nil }},
		"dead letters, block gone, crash":  {of: block(layout.StreamDead), crash: true},
		"flags, block gone, crash":         {of: block(layout.StreamFlags), crash: true},
		"flags, half a block, crash": {of: block(layout.StreamFlags),
			do: func(b []byte) []byte { return b[:len(b)/2] }, crash: true},
		"consumer damaged": {of: file(layout.StreamFHIR, "obs/rlsguard/meta.inf"), do: flipBit(.5)},
		"consumer's state cut, crash": {of: file(layout.StreamFHIR, "obs/rlsguard/o.dat"),
			do: func(b []byte) []byte { return b[:len(b)/2] }, crash: true},
		"states, meta gone":           {of: file(layout.StreamRLS, "meta.inf")},
		"states, meta gone, crash":    {of: file(layout.StreamRLS, "meta.inf"), crash: true},
		"states, meta damaged, crash": {of: file(layout.StreamRLS, "meta.inf"), do: flipBit(.5), crash: true},
		"states, index gone":          {of: file(layout.StreamRLS, "msgs/index.db")},
		"states, index damaged":       {of: file(layout.StreamRLS, "msgs/index.db"), do: flipBit(.5)},
		"flags, meta gone":            {of: file(layout.StreamFlags, "meta.inf")},
		"garbage after the states, crash": {of: block(layout.StreamRLS),
			do: func(b []byte) []byte { return append(b, make([]byte, 100)...) }, crash: true},
		"consumer gone":             {of: file(layout.StreamFHIR, "obs/rlsguard/meta.inf")},
		"inputs, tail cut":          {of: block(layout.StreamFHIR), do: cutTail(300)},
		"inputs, tail cut, crash":   {of: block(layout.StreamFHIR), do: cutTail(300), crash: true},
		"inputs, bit in the middle": {of: block(layout.StreamFHIR), do: flipBit(.5)},
		"inputs, meta gone":         {of: file(layout.StreamFHIR, "meta.inf")},
		"inputs, block gone, crash": {of: block(layout.StreamFHIR), crash: true},
		"ledger damaged": {of: func(_ *testing.T, dir string) string {
			return filepath.Join(dir,
				"ledger.json")
		}, do: cutTail(9), refuse: true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "data")
			if err := os.CopyFS(dir, os.DirFS(sound)); err != nil {
				t.Fatal(err)
			}
			path := c.of(t, dir)
			if c.crash {
				crashed(t, dir)
			}
			damageFile(t, path, c.do)
			if c.refuse {
				refused(t, dir, path)
			}
			mended(t, dir, c.refuse, docs)
		})
	}
}

// A block that the ledger knows of and that is gone after a crash took states with it, although the
// stream reaches as far as before.
func TestBlockGoneInTheMiddle(t *testing.T) {
	docs := someDocs(12)
	for name, refuse := range map[string]bool{"inputs are whole": false, "inputs are not": true} {
		t.Run(name, func(t *testing.T) {
			dir := soundStore(t, docs)
			editLedger(t, dir, func(l map[string]any) {
				delete(l, "files")
				blocks := l["blocks"].(map[string]any)
				blocks[layout.StreamRLS] = append([]any{0}, blocks[layout.StreamRLS].([]any)...)
				if refuse { // the inbound stream has dropped what was decided long ago
					mark := l["streams"].(map[string]any)[layout.StreamFHIR].(map[string]any)
					mark["first"], mark["deleted"] = 2, 1
				}
			})
			if refuse {
				refused(t, dir, filepath.Join(streamsDir(dir), layout.StreamRLS, "msgs", "0.blk"))
			}
			mended(t, dir, refuse, docs)
			if kept, err := filepath.Glob(filepath.Join(dir, "damaged", layout.StreamRLS+"-*")); err != nil ||
				len(kept) != 1 {
				t.Errorf("%d copies of what is damaged: %v", len(kept), err)
			}
		})
	}
}

// soundStore is a data folder where all of docs, and none of undecided, was decided.
func soundStore(t *testing.T, docs []string, undecided ...string) string {
	t.Helper()
	b := &bench{t: t, dir: filepath.Join(t.TempDir(), "data")}
	b.start()
	stop := b.serve(b.config())
	b.publish(docs...)
	b.decided()
	b.wait("copied", func() bool {
		return len(
			b.messages(layout.StreamFlags, layout.SubjectFlags+">"),
		) == len(
			b.messages(layout.StreamRLS, layout.SubjectCommitFlags+">"),
		)
	})
	stop()
	b.publish(undecided...)
	b.stop()
	return b.dir
}

// Inputs that were acknowledged and never decided are lost with the stream that held them: that
// needs somebody who publishes them again.
func TestDamagedInputsNotDecided(t *testing.T) {
	docs := someDocs(12)
	sound := soundStore(t, docs[:20], docs[20:]...)
	for name, c := range map[string]struct {
		name  string
		do    func([]byte) []byte
		crash bool
	}{
		"tail cut":            {"msgs/*.blk", cutTail(300), false},
		"tail cut, crash":     {"msgs/*.blk", cutTail(300), true},
		"bit":                 {"msgs/*.blk", flipBit(.9), false},
		"bit, crash":          {"msgs/*.blk", flipBit(.2), true},
		"meta gone":           {"meta.inf", nil, false},
		"meta damaged, crash": {"meta.inf", flipBit(.5), true},
		"block gone, crash":   {"msgs/*.blk", nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "data")
			if err := os.CopyFS(dir, os.DirFS(sound)); err != nil {
				t.Fatal(err)
			}
			path := storeFile(t, dir, layout.StreamFHIR, c.name)
			if c.crash {
				crashed(t, dir)
			}
			damageFile(t, path, c.do)
			refused(t, dir, path)
			mended(t, dir, true, docs, docs[20:]...)
		})
	}
}

// damageFile changes a file, or removes it.
func damageFile(t *testing.T, path string, do func([]byte) []byte) {
	t.Helper()
	if do != nil {
		change(t, path, do)
	} else if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

// refused: a server does not start, however often it is tried, and says which file and what to do.
func refused(t *testing.T, dir, path string) {
	t.Helper()
	for range 2 {
		e, err := embedded.Start(
			context.Background(),
			embedded.Options{Dir: dir, Listen: "127.0.0.1:0", Log: zerolog.Nop()},
		)
		if err == nil {
			e.Stop()
			t.Fatal("started")
		}
		if !errors.Is(err, embedded.ErrDamaged) || !strings.Contains(err.Error(), "--repair") {
			t.Errorf("no way out: %v", err)
		}
		if !strings.Contains(err.Error(), path) && !strings.Contains(err.Error(), "stream FHIR") {
			t.Errorf("%s is not named: %v", path, err)
		}
	}
}

// mended: it starts, with --repair or by itself, shows what replay shows, and takes new inputs in.
func mended(t *testing.T, dir string, repair bool, docs []string, again ...string) {
	t.Helper()
	b := &bench{t: t, dir: dir}
	var err error
	if b.srv, err = embedded.Start(context.Background(), embedded.Options{Dir: dir, Listen: "127.0.0.1:0",
		Repair: repair, Log: zerolog.Nop()}); err != nil {
		t.Fatal(err)
	}
	defer b.stop()
	b.reconnect()
	cfg := b.config()
	cfg.Log = zerolog.Nop()
	stop := b.serve(cfg)
	more := []string{
		rlsJSON("new"),
		orderJSON("anew", "new", "sertraline", "active", 1),
		orderJSON("a1", "1", "sertraline", "stopped", 9),
	}
	b.publish(again...)
	b.publish(more...)
	b.decided()
	if d := cmp.Diff(open(engine(), replay(append(docs, more...)...)), b.openNow(watch.Options{Once: true})); d != "" {
		t.Errorf("what dashboards read differs (-replay +watch):\n%s", d)
	}
	stop()
	b.sameAsReplay(append(docs, more...)...)
}
