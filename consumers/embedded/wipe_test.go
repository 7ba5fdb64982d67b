package embedded

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/embedded/blocks"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

const wipeCanary = "Zq7wipecanary"

// filesWith are the files below a folder that hold a text, and how often.
func filesWith(t testing.TB, dir, text string) map[string]int {
	t.Helper()
	found := map[string]int{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if n := bytes.Count(b, []byte(text)); n > 0 {
			found[path] = n
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// withStreams starts a server with the streams, and connects.
func withStreams(t testing.TB, dir string) (*Embedded, jetstream.JetStream, *nats.Conn) {
	t.Helper()
	e, err := Start(context.Background(), Options{Dir: dir, Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	nc, err := e.Connect()
	if err != nil {
		t.Fatal(err)
	}
	js, err := jet.New(nc, jet.Domain{})
	if err != nil {
		t.Fatal(err)
	}
	if err := jet.MakeStreams(t.Context(), js, 1); err != nil {
		t.Fatal(err)
	}
	return e, js, nc
}

func put(t testing.TB, js jetstream.JetStream, subject, text string) {
	t.Helper()
	if _, err := js.Publish(t.Context(), subject, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

func askWipe(t testing.TB, nc *nats.Conn, keys ...string) layout.WipeAnswer {
	t.Helper()
	data, err := json.Marshal(layout.WipeRequest{
		Streams: []string{layout.StreamRLS, layout.StreamAudit, layout.StreamFlags}, Keys: keys,
		Whole: []string{layout.StreamFHIR, "NOT_THERE"},
	})
	if err != nil {
		t.Fatal(err)
	}
	m, err := nc.Request(layout.SubjectWipe, data, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	var told layout.WipeAnswer
	if err := json.Unmarshal(m.Data, &told); err != nil || told.Error != "" {
		t.Fatalf("%+v, %v", told, err)
	}
	return told
}

// held is what the streams hold, by stream and sequence.
func held(t testing.TB, js jetstream.JetStream) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, name := range []string{layout.StreamRLS, layout.StreamFlags, layout.StreamFHIR} {
		cfg := jetstream.OrderedConsumerConfig{}
		err := jet.Each(t.Context(), js, name, cfg, func(m jetstream.Msg, meta *jetstream.MsgMetadata) error {
			all[fmt.Sprintf("%s %d", name, meta.Sequence.Stream)] = m.Subject() + " " + string(m.Data())
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// What the server leaves in its files on each way on which a message goes: only the deletion of a
// single live message overwrites it.
func TestServerLeavesBytes(t *testing.T) {
	for name, c := range map[string]struct {
		remove func(context.Context, jetstream.JetStream, jetstream.Stream) error
		left   bool
	}{
		"replaced": {func(ctx context.Context, js jetstream.JetStream, _ jetstream.Stream) error {
			_, err := js.Publish(ctx, "rls.state.patient.a", []byte("newer"))
			return err
		}, true},
		"replaced, then the newer one deleted": {
			func(ctx context.Context, js jetstream.JetStream, s jetstream.Stream) error {
				ack, err := js.Publish(ctx, "rls.state.patient.a", []byte("newer"))
				if err != nil {
					return err
				}
				return s.SecureDeleteMsg(ctx, ack.Sequence)
			}, true,
		},
		"purged": {func(ctx context.Context, _ jetstream.JetStream, s jetstream.Stream) error {
			return s.Purge(ctx, jetstream.WithPurgeSubject("rls.state.patient.a"))
		}, true},
		"deleted": {func(ctx context.Context, _ jetstream.JetStream, s jetstream.Stream) error {
			return s.DeleteMsg(ctx, 2)
		}, true},
		"deleted for good": {func(ctx context.Context, _ jetstream.JetStream, s jetstream.Stream) error {
			return s.SecureDeleteMsg(ctx, 2)
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "data")
			e, js, nc := withStreams(t, dir)
			put(t, js, "rls.state.patient.other", "stays")
			put(t, js, "rls.state.patient.a", wipeCanary)
			put(t, js, "rls.state.patient.third", "stays")
			s, err := js.Stream(t.Context(), layout.StreamRLS)
			if err != nil {
				t.Fatal(err)
			}
			if err := c.remove(t.Context(), js, s); err != nil {
				t.Fatal(err)
			}
			if left := filesWith(t, dir, wipeCanary); len(left) > 0 != c.left {
				t.Errorf("while it runs: %v", left)
			}
			nc.Close()
			if err := e.Stop(); err != nil {
				t.Fatal(err)
			}
			if left := filesWith(t, dir, wipeCanary); len(left) > 0 != c.left {
				t.Errorf("after a stop: %v", left)
			}
		})
	}
}

// What is gone from a stream is overwritten in its files, and nothing else.
func TestWipe(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	e, js, nc := withStreams(t, dir)
	block := strings.Repeat("x", 100<<10)
	for i := range 120 { // several blocks of 4 MiB
		put(t, js, "rls.state.patient.a", fmt.Sprint(wipeCanary, i))
		put(t, js, "rls.commit.flags.high.rls-ssri.b", wipeCanary+"flag")
		put(t, js, fmt.Sprintf("rls.audit.b.%d", i), wipeCanary+"audit")
		put(t, js, fmt.Sprintf("rls.state.patient.other%d", i), block)
		put(t, js, "rls.state.patient.busy", fmt.Sprint("busy", i))
	}
	for i := range 9 {
		put(t, js, "fhir.any", fmt.Sprint(wipeCanary, "input", i))
		put(t, js, "fhir.any", "stays")
	}
	inbound, err := js.Stream(t.Context(), layout.StreamFHIR)
	if err == nil {
		err = inbound.Purge(t.Context(), jetstream.WithPurgeSequence(10))
	}
	for seq := uint64(11); seq < 18 && err == nil; seq += 2 {
		err = inbound.DeleteMsg(t.Context(), seq)
	}
	if err != nil {
		t.Fatal(err)
	}
	put(t, js, "rls.state.patient.a", "live, and about somebody who came back")
	s, err := js.Stream(t.Context(), layout.StreamRLS)
	if err != nil {
		t.Fatal(err)
	}
	if err := jet.WaitAudited(t.Context(), js); err != nil {
		t.Fatal(err)
	}
	for _, subject := range []string{"rls.audit.b.*", "rls.commit.flags.*.*.b"} {
		if err := s.Purge(t.Context(), jetstream.WithPurgeSubject(subject)); err != nil {
			t.Fatal(err)
		}
	}
	audit, err := js.Stream(t.Context(), layout.StreamAudit)
	if err == nil {
		err = audit.Purge(t.Context())
	}
	if err = errors.Join(err, jet.WaitCopied(t.Context(), js)); err != nil {
		t.Fatal(err)
	}
	before := held(t, js)
	if len(filesWith(t, dir, wipeCanary)) < 4 {
		t.Fatalf("there is nothing to find: %v", filesWith(t, dir, wipeCanary))
	}
	told := askWipe(t, nc, "a", "b")
	if told.Records < 300 || told.Unread > 0 || told.Aside {
		t.Errorf("%+v", told)
	}
	left := func(of string) {
		t.Helper()
		// RLS_FLAGS holds the newest flag still: nobody purged it.
		n := 0
		for _, k := range filesWith(t, dir, wipeCanary) {
			n += k
		}
		if n != 1 {
			t.Errorf("%s: %v", of, filesWith(t, dir, wipeCanary))
		}
	}
	left("wiped")
	if d := cmp.Diff(before, held(t, js)); d != "" {
		t.Error(d)
	}
	if again := askWipe(t, nc, "a", "b"); again.Records != 0 {
		t.Errorf("again: %+v", again)
	}

	// The server has a block in memory as it was, and writes it back.
	for seq := uint64(4); seq < 500; seq += 100 {
		if err := s.SecureDeleteMsg(t.Context(), seq); err != nil && !jet.IsNoMessage(err) {
			t.Fatal(err)
		}
	}
	before = held(t, js)
	askWipe(t, nc, "nobody")
	left("wiped, and written back")
	nc.Close()
	if err := e.Stop(); err != nil {
		t.Fatal(err)
	}
	left("stopped")
	e, js, nc = withStreams(t, dir)
	left("started again")
	if d := cmp.Diff(before, held(t, js)); d != "" {
		t.Error(d)
	}
	nc.Close()
	if err := e.Stop(); err != nil {
		t.Fatal(err)
	}
	if blocks.IsThere(filepath.Join(dir, wipesName)) {
		t.Error("the list is kept after the server has stopped")
	}
}

// The links to blocks as they were are gone too by the time that it is answered.
func TestWipeWaitsForLinks(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	e, js, nc := withStreams(t, dir)
	s, err := js.Stream(t.Context(), layout.StreamRLS)
	if err != nil {
		t.Fatal(err)
	}
	old := 0 // how often a link was behind
	for i := range 5 {
		put(t, js, "rls.state.patient.a", wipeCanary)
		put(t, js, "rls.state.patient.other", "stays")
		last, err := s.GetLastMsgForSubject(t.Context(), "rls.state.patient.a")
		if err == nil {
			time.Sleep(keepEvery + 100*time.Millisecond) // until there is a link
			err = s.SecureDeleteMsg(t.Context(), last.Sequence)
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(filesWith(t, filepath.Join(dir, keptName), wipeCanary)) > 0 {
			old++
		}
		askWipe(t, nc, "a")
		if left := filesWith(t, dir, wipeCanary); len(left) > 0 {
			t.Errorf("round %d: %v", i, left)
		}
	}
	if old == 0 {
		t.Error("no link was ever behind: there was nothing to wait for")
	}
	nc.Close()
	if err := e.Stop(); err != nil {
		t.Fatal(err)
	}
}

// A crash in the middle of overwriting leaves half a record, which is no damage: the next start
// finishes it.
func TestWipeIsFinished(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	e, js, nc := withStreams(t, dir)
	for i := range 20 {
		put(t, js, "rls.state.patient.a", fmt.Sprint(strings.Repeat(wipeCanary, 1000), i))
		put(t, js, "rls.state.patient.other", fmt.Sprint("other", i))
	}
	before := held(t, js)
	list, _, err := recordsOf(dir, layout.StreamRLS,
		func(r blocks.Record) bool { return r.Subject == "rls.state.patient.a" })
	if err == nil {
		list, err = left(t.Context(), js, layout.StreamRLS, list)
	}
	if err != nil || len(list) != 19 {
		t.Fatalf("%d records, %v", len(list), err)
	}
	nc.Close()
	if err := e.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := wipeList(list).write(dir); err != nil {
		t.Fatal(err)
	}
	tear(t, dir, list)
	if found, _, err := scrub(t.Context(), dir, &ledger{}); err != nil || len(found) == 0 {
		t.Fatalf("half a record is none: %v, %v", found, err)
	}
	e, js, nc = withStreams(t, dir)
	now := held(t, js)
	if d := cmp.Diff(before, now); d != "" {
		t.Error(d)
	}
	if live := strings.Count(strings.Join(slices.Collect(maps.Values(now)), ""), wipeCanary); live != 1000 {
		t.Errorf("%d live", live)
	}
	n := 0
	for _, k := range filesWith(t, dir, wipeCanary) {
		n += k
	}
	if n != 1000 {
		t.Errorf("%d are left, of which 1000 are live", n)
	}
	nc.Close()
	if err := e.Stop(); err != nil {
		t.Fatal(err)
	}
}

// tear overwrites the first half of records.
func tear(t *testing.T, dir string, list []blocks.Place) {
	t.Helper()
	for _, r := range list {
		path := filepath.Join(dir, r.File)
		h, err := blocks.RecordHash(blocks.Of(path))
		if err != nil {
			t.Fatal(err)
		}
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt(blocks.ErasedRecord(r, h)[:r.Size/2], r.At); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
}
