package consumers

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/rlsguard/rlsguard/consumers/embedded"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/consumers/operate"
)

// blocksOf are the block files of a stream.
func blocksOf(t *testing.T, dir, stream string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(streamsDir(dir), stream, "msgs", "*.blk"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// A block of RLS that the server removed, since all that was in it had been copied and purged, is no
// damage to whoever was killed before the ledger knew. One that went with what nobody copied is.
func TestBlockEmptiedBeforeTheLedgerKnew(t *testing.T) {
	for name, copied := range map[string]bool{"copied": true, "not copied": false} {
		t.Run(name, func(t *testing.T) {
			b := &bench{t: t, dir: filepath.Join(t.TempDir(), "data")}
			b.start()
			large := bytes.Repeat([]byte("x"), 900_000)
			stop := b.serve(b.config())
			for n := range 9 { // the second block holds nothing else
				m := &nats.Msg{
					Subject: layout.AuditSubject("3e7f3c5e-0000-8000-8000-000000000000", uint64(n+1)),
					Data:    large,
					Header:  nats.Header{layout.HeaderNumber: {string(rune('1' + n))}},
				}
				layout.NewSigner(engine().Key).Sign(m, 0)
				if _, err := b.js.PublishMsg(t.Context(), m); err != nil {
					t.Fatal(err)
				}
			}
			docs := someDocs(12)
			b.publish(docs...)
			b.decided()
			before := len(blocksOf(t, b.dir, layout.StreamRLS))
			ledger, kept := filepath.Join(b.dir, embedded.LedgerName), filepath.Join(b.dir, "blocks")
			listed := `"` + layout.StreamRLS + `":[1,2`
			b.wait("kept", func() bool {
				links, err := filepath.Glob(filepath.Join(kept, "*.blk"))
				noted, failed := os.ReadFile(ledger) // written after the links are made
				return errors.Join(err, failed) == nil && before > 1 && len(links) == before &&
					bytes.Contains(noted, []byte(listed))
			})
			stop()
			aside := filepath.Join(t.TempDir(), "aside")
			if err := os.CopyFS(filepath.Join(aside, "blocks"), os.DirFS(kept)); err != nil {
				t.Fatal(err)
			}
			noted, err := os.ReadFile(ledger)
			if err != nil {
				t.Fatal(err)
			}
			impatient(t)
			stop = b.serve(b.config())
			b.pruned()
			b.wait("emptied", func() bool { return len(blocksOf(t, b.dir, layout.StreamRLS)) < before })
			stop()
			b.stop()
			if _, err := os.Stat(filepath.Join(streamsDir(b.dir), layout.StreamRLS, "msgs", "2.blk")); err == nil {
				t.Fatal("the block is still there")
			}
			// What a kill just then would have left.
			if err := os.CopyFS(kept, os.DirFS(filepath.Join(aside, "blocks"))); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(ledger, noted, 0o600); err != nil {
				t.Fatal(err)
			}
			if !copied {
				change(t, filepath.Join(kept, "2.blk"), func(data []byte) []byte {
					return bytes.ReplaceAll(data, []byte("rls.audit.3e7f3c5e"), []byte("rls.audit.3e7f3c5f"))
				})
			}
			b.start()
			defer b.stop()
			damaged, err := filepath.Glob(filepath.Join(b.dir, "damaged", layout.StreamRLS+"-*"))
			if err != nil || (len(damaged) == 0) != copied {
				t.Errorf("%d copies of what is damaged: %v", len(damaged), err)
			}
			if kinds := b.verifyServing(); len(kinds) > 0 {
				t.Errorf("verify: %s", kinds)
			}
		})
	}
}

// verifyServing verifies once an instance has mended what it had to.
func (b *bench) verifyServing() []operate.DifferenceKind {
	b.t.Helper()
	defer b.serve(b.config())()
	b.decided()
	_, kinds := b.verify(operate.VerifyOptions{})
	return kinds
}
