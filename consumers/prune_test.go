package consumers

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/audit"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/consumers/operate"
)

// impatient lets the audit leave RLS at once.
func impatient(t *testing.T) {
	every, both, passed, shown := pruneEvery, audit.KeepBoth, passedOverFor, audit.KeepShown
	pruneEvery, audit.KeepBoth, passedOverFor, audit.KeepShown = 0, 0, 0, 0
	t.Cleanup(func() { pruneEvery, audit.KeepBoth, passedOverFor, audit.KeepShown = every, both, passed, shown })
}

// count is how many messages a stream has under a subject.
func (b *bench) count(stream, subject string) int {
	b.t.Helper()
	s, err := b.js.Stream(b.t.Context(), stream)
	if err != nil {
		b.t.Fatal(err)
	}
	info, err := s.Info(b.t.Context(), jetstream.WithSubjectFilter(subject))
	if err != nil {
		b.t.Fatal(err)
	}
	n := 0
	for _, k := range info.State.Subjects {
		n += int(k)
	}
	return n
}

// pruned waits until all of the audit has left RLS.
func (b *bench) pruned() {
	b.t.Helper()
	b.wait("pruned", func() bool { return b.count(layout.StreamRLS, layout.SubjectAudit+">") == 0 })
}

// wholeHistory holds that RLS_AUDIT alone has every number of every flag that a state has, at its last
// beginning without a gap or a repetition, in order.
func (b *bench) wholeHistory() {
	b.t.Helper()
	last := map[string]uint64{}
	for _, m := range b.messages(layout.StreamAudit, ">") {
		id, number := m.Subject()[len(layout.SubjectAudit):], m.Headers().Get(layout.HeaderNumber)
		switch {
		case number == "1":
			last[id] = 1
		case number == fmt.Sprint(last[id]+1):
			last[id]++
		default:
			b.t.Errorf("flag %s: transition %s after %d", id, number, last[id])
		}
	}
	flags := 0
	for ref, st := range b.states() {
		for _, f := range st.Flags {
			flags++
			if id := checks.FlagID(engine().Key, ref, f.Check, f.Ingredient); last[id] != f.Number {
				b.t.Errorf("flag %s: the state is at transition %d, the audit ends at %d", id, f.Number, last[id])
			}
		}
	}
	if flags == 0 {
		b.t.Error("no flags")
	}
}

// onceEach holds that RLS_AUDIT has every transition of every flag once, in order.
func (b *bench) onceEach() {
	b.t.Helper()
	b.wholeHistory()
	want := 0
	for _, st := range b.states() {
		for _, f := range st.Flags {
			want += int(f.Number)
		}
	}
	if n := b.count(layout.StreamAudit, ">"); n != want {
		b.t.Errorf("%d transitions of states, %d in RLS_AUDIT", want, n)
	}
}

// What RLS_AUDIT holds leaves RLS, whoever of two is active, and everything reads it from there.
func TestAuditLeavesRLS(t *testing.T) {
	impatient(t)
	b := newBench(t)
	defer b.serve(b.config())()
	stop := b.serve(b.config())
	docs := someDocs(40)
	b.publish(docs[:len(docs)/2]...)
	b.decided()
	stop()
	b.publish(docs[len(docs)/2:]...)
	b.decided()
	b.pruned()
	b.wholeHistory()
	b.sameAsReplay(docs...)
	if _, kinds := b.verify(operate.VerifyOptions{}); len(kinds) > 0 {
		t.Errorf("verify: %s", kinds)
	}
	b.forgetCopied(t)
}

// forgetCopied holds that verify sees a hole in what RLS_AUDIT alone has.
func (b *bench) forgetCopied(t *testing.T) {
	t.Helper()
	s, err := b.js.Stream(t.Context(), layout.StreamAudit)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range b.messages(layout.StreamAudit, ">") {
		if m.Headers().Get(layout.HeaderNumber) != "2" {
			continue
		}
		meta, err := m.Metadata()
		if err == nil {
			err = s.DeleteMsg(t.Context(), meta.Sequence.Stream)
		}
		if err != nil {
			t.Fatal(err)
		}
		break
	}
	if _, kinds := b.verify(operate.VerifyOptions{}); len(kinds) != 1 || kinds[0] != operate.AuditDiffers {
		t.Errorf("verify with a hole: %s", kinds)
	}
}

// endedIn is how many transitions that end a flag a stream shows.
func (b *bench) endedIn(stream, subject string) (n int) {
	b.t.Helper()
	for _, m := range b.messages(stream, subject) {
		if !showsOpen(m.Headers()) {
			n++
		}
	}
	return n
}

// A RLS that was made anew gives the sequences of the old one again. Nothing leaves it that was not
// copied, and what the old one had stays.
func TestAuditOfAnRLSMadeAnew(t *testing.T) {
	impatient(t)
	b := newBench(t)
	cfg := b.config()
	cfg.AsOf = time.Time{}
	stop := b.serve(cfg)
	docs := someDocs(40)
	b.publish(docs...)
	b.decided()
	b.pruned()
	stop()
	before := b.count(layout.StreamAudit, ">")
	if err := b.js.DeleteStream(t.Context(), layout.StreamRLS); err != nil {
		t.Fatal(err)
	}
	cfg = b.config()
	cfg.AsOf = time.Time{}
	defer b.serve(cfg)()
	b.publish(orderJSON("a1", "1", "sertraline", "stopped", 99))
	b.decided()
	b.pruned()
	b.wholeHistory()
	if after := b.count(layout.StreamAudit, ">"); after < before+before/2 {
		t.Errorf("%d entries before, %d after", before, after)
	}
	if _, kinds := b.verify(operate.VerifyOptions{}); len(kinds) > 0 {
		t.Errorf("verify: %s", kinds)
	}
}

// plain runs a server without a ledger, as a site of its own has it, and gives its stop.
func (b *bench) plain(store string) (stop func()) { return b.plainOn(store, server.RANDOM_PORT) }

// plainOn is plain on a port.
func (b *bench) plainOn(store string, port int) (stop func()) {
	b.t.Helper()
	srv, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: port, JetStream: true, StoreDir: store, NoSigs: true, NoLog: true,
	})
	if err != nil {
		b.t.Fatal(err)
	}
	srv.Start()
	b.wait("listening", func() bool { return srv.ReadyForConnections(time.Second) })
	if b.nc, err = nats.Connect(srv.ClientURL()); err != nil {
		b.t.Fatal(err)
	}
	if b.js, err = jetstream.New(b.nc); err != nil {
		b.t.Fatal(err)
	}
	return func() {
		b.nc.Close()
		srv.Shutdown()
		srv.WaitForShutdown()
	}
}

// A RLS that lost its end gives sequences again that were copied before. The server passes over what
// comes under them; it stays until it was copied all the same.
func TestAuditOfAnRLSThatLostItsEnd(t *testing.T) {
	impatient(t)
	b := &bench{t: t}
	store := t.TempDir()
	rls := filepath.Join(store, "jetstream", "$G", "streams", layout.StreamRLS)
	session := func(docs ...string) {
		down := b.plain(store)
		cfg := configOf(t)
		cfg.URL, cfg.AsOf = b.nc.ConnectedUrl(), time.Time{}
		stop := b.serve(cfg)
		b.publish(docs...)
		b.decided()
		b.pruned()
		stop()
		if err := jet.WaitAudited(t.Context(), b.js); err != nil {
			t.Fatal(err)
		}
		down()
	}
	docs := someDocs(40)
	session(docs[:len(docs)/3]...)
	aside := filepath.Join(t.TempDir(), "aside")
	if err := os.CopyFS(aside, os.DirFS(rls)); err != nil {
		t.Fatal(err)
	}
	session(docs[len(docs)/3 : 2*len(docs)/3]...)
	if err := os.RemoveAll(rls); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(aside, rls); err != nil {
		t.Fatal(err)
	}
	session(docs[2*len(docs)/3:]...)

	defer b.plain(store)()
	held := map[string]map[string]bool{}
	for _, m := range b.messages(layout.StreamAudit, ">") {
		id := m.Subject()[len(layout.SubjectAudit):]
		if held[id] == nil {
			held[id] = map[string]bool{}
		}
		held[id][m.Headers().Get(layout.HeaderNumber)] = true
	}
	flags := 0
	for ref, st := range b.states() {
		for _, f := range st.Flags {
			flags++
			id := checks.FlagID(engine().Key, ref, f.Check, f.Ingredient)
			for n := uint64(1); n <= f.Number; n++ {
				if !held[id][fmt.Sprint(n)] {
					t.Errorf("flag %s: the state is at transition %d, and number %d is gone", id, f.Number, n)
				}
			}
		}
	}
	if flags == 0 {
		t.Error("no flags")
	}
}
