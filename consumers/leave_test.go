package consumers

import (
	"bytes"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/consumers/operate"
	"github.com/rlsguard/rlsguard/consumers/watch"
)

// nothingShown waits until no transition is left in RLS.
func (b *bench) nothingShown() {
	b.t.Helper()
	b.wait("out of RLS", func() bool { return b.count(layout.StreamRLS, layout.SubjectCommitFlags+">") == 0 })
}

// deleteFrom deletes some messages of a stream.
func (b *bench) deleteFrom(stream, subject string, which func(open bool) bool) {
	b.t.Helper()
	s := b.stream(stream)
	for _, m := range b.messages(stream, subject) {
		meta, err := m.Metadata()
		if err == nil && which(showsOpen(m.Headers())) {
			err = s.DeleteMsg(b.t.Context(), meta.Sequence.Stream)
		}
		if err != nil {
			b.t.Fatal(err)
		}
	}
}

// Every transition leaves RLS, also what was there before an instance began, and stays where
// dashboards read it. Whatever RLS_FLAGS loses then is shown again.
func TestTransitionsLeaveRLS(t *testing.T) {
	all, ends, opens := func(bool) bool { return true }, func(open bool) bool { return !open },
		func(open bool) bool { return open }
	shown := layout.SubjectFlags + ">"
	for name, c := range map[string]struct {
		lose func(*bench)
		// ended tells that what ended flags is shown again too.
		ended bool
	}{
		"nothing":    {func(*bench) {}, true},
		"all":        {func(b *bench) { b.deleteFrom(layout.StreamFlags, shown, all) }, true},
		"open ones":  {func(b *bench) { b.deleteFrom(layout.StreamFlags, shown, opens) }, true},
		"what ended": {func(b *bench) { b.deleteFrom(layout.StreamFlags, shown, ends) }, false},
		"the stream": {func(b *bench) { b.drop(layout.StreamFlags) }, true},
		"and their past": {func(b *bench) {
			b.drop(layout.StreamFlags)
			b.deleteFrom(layout.StreamAudit, ">", all)
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			docs := someDocs(12)
			end := func(patient string) {
				docs = append(docs, orderJSON("a"+patient, patient, "sertraline", "stopped", 9))
				b.publish(docs[len(docs)-1])
				b.decided()
			}
			stop := b.serve(b.config())
			b.publish(docs...)
			b.decided()
			end("1")
			stop()
			impatient(t)
			stop = b.serve(b.config())
			end("3")
			end("5")
			b.pruned()
			b.nothingShown()
			ended := b.endedIn(layout.StreamFlags, shown)
			if ended == 0 {
				t.Error("nothing that ended a flag is shown")
			}
			want := open(engine(), replay(docs...))
			same := func(when string) {
				t.Helper()
				if d := cmp.Diff(want, b.openNow(watch.Options{})); d != "" {
					t.Errorf("%s: what dashboards read differs (-replay +watch):\n%s", when, d)
				}
				if _, kinds := b.verify(operate.VerifyOptions{}); len(kinds) > 0 {
					t.Errorf("%s: verify: %s", when, kinds)
				}
			}
			same("out of RLS")
			stop()
			c.lose(b)
			defer b.serve(b.config())()
			same("lost")
			if n := b.endedIn(layout.StreamFlags, shown); c.ended && n != ended {
				t.Errorf("%d transitions that ended flags were shown, %d are after they were lost", ended, n)
			}
		})
	}
}

// What has left RLS is in an export, and shown where that is imported, also when the audit is not
// kept so long.
func TestExportOfWhatLeftRLS(t *testing.T) {
	impatient(t)
	b := newBench(t)
	docs := someDocs(12)
	stop := b.serve(b.config())
	b.publish(docs...)
	b.decided()
	b.pruned()
	b.nothingShown()
	stop()
	b.deleteFrom(layout.StreamAudit, ">", func(bool) bool { return true })
	var export bytes.Buffer
	done, err := b.operator().Export(t.Context(), engine().Key, &export, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if n := b.count(layout.StreamFlags, layout.SubjectFlags+">"); int(done.Transitions) != n || done.Foreign != 0 {
		t.Errorf("%d transitions exported of %d shown, and %d foreign", done.Transitions, n, done.Foreign)
	}
	other := newBench(t)
	if _, err := other.operator().Import(t.Context(), engine().Key, &export, 1, nil); err != nil {
		t.Fatal(err)
	}
	defer other.serve(other.config())()
	if d := cmp.Diff(open(engine(), replay(docs...)), other.openNow(watch.Options{})); d != "" {
		t.Errorf("what dashboards read differs (-replay +watch):\n%s", d)
	}
}

// A server of the site's own that was killed may have lost the end of RLS_FLAGS, which has left RLS.
// It is shown again without anybody starting rlsguard again.
func TestEndOfShownIsLost(t *testing.T) {
	impatient(t)
	b := &bench{t: t}
	store, aside := t.TempDir(), filepath.Join(t.TempDir(), "aside")
	shown := filepath.Join(store, "jetstream", "$G", "streams", layout.StreamFlags)
	down := b.plainOn(store, server.RANDOM_PORT)
	address, err := url.Parse(b.nc.ConnectedUrl())
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(address.Port())
	if err != nil {
		t.Fatal(err)
	}
	cfg := configOf(t)
	cfg.URL = address.String()
	defer b.serve(cfg)()
	docs := someDocs(24)
	half := func(docs []string) {
		b.publish(docs...)
		b.decided()
		b.pruned()
		b.nothingShown()
		down()
	}
	half(docs[:len(docs)/2])
	if err := os.CopyFS(aside, os.DirFS(shown)); err != nil {
		t.Fatal(err)
	}
	down = b.plainOn(store, port)
	half(docs[len(docs)/2:])
	if err := os.RemoveAll(shown); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(aside, shown); err != nil {
		t.Fatal(err)
	}
	down = b.plainOn(store, port)
	defer func() { down() }()
	want := open(engine(), replay(docs...))
	b.wait("shown again", func() bool { return cmp.Diff(want, b.openNow(watch.Options{})) == "" })
}

// Timers that have stood for long are set again, for the same moment, and keep no old block.
func TestTimersAreRenewed(t *testing.T) {
	impatient(t)
	after := renewAfter
	t.Cleanup(func() { renewAfter = after })
	b := newBench(t)
	cfg := b.config()
	cfg.AsOf = time.Time{}
	stop := b.serve(cfg)
	b.publish(rlsJSON("1"), orderJSON("a", "1", "sertraline", "active", 1))
	b.decided()
	timer := func() *jetstream.RawStreamMsg {
		return jet.LastOf(t.Context(), b.js, layout.StreamRLS, layout.SubjectTimer+"*")
	}
	b.wait("a timer", func() bool { return timer() != nil })
	stop()
	before := timer()
	renewAfter = 3
	cfg = b.config()
	cfg.AsOf = time.Time{}
	defer b.serve(cfg)()
	b.publish(rlsJSON("2"), rlsJSON("3"), rlsJSON("4"))
	b.decided()
	const schedule = "Nats-Schedule"
	for _, m := range b.messages(layout.StreamRLS, before.Subject) {
		if m.Headers().Get(schedule) != before.Header.Get(schedule) {
			t.Errorf("set for %s, and was for %s", m.Headers().Get(schedule), before.Header.Get(schedule))
		}
	}
	b.wait("renewed", func() bool {
		m, err := b.stream(layout.StreamRLS).GetLastMsgForSubject(t.Context(), before.Subject)
		return err == nil && m.Sequence > before.Sequence && m.Header.Get(schedule) == before.Header.Get(schedule)
	})
}
