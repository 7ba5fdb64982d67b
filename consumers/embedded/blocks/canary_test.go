package blocks

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// message is what a server was given, and what its files must say.
type message struct {
	Subject, Header string
	Seq             uint64
}

// The files of the nats-server in go.mod are laid out as this room reads them: where they stand, each
// record of every kind of message, the checksums, what deleting and erasing leaves, and when the
// stream was made. Where this fails after an update of the server, nothing may be released: damage
// would not be seen, and what was erased would not be overwritten.
func TestTheServersFilesAreLaidOutAsTheyAreRead(t *testing.T) {
	dir := t.TempDir()
	created, want := stored(t, dir)
	here := "nats-server " + server.VERSION + " lays out its files in another way: "
	if got := CreatedOf(dir, "CANARY"); !got.Equal(created) {
		t.Fatalf("%sthe stream was made at %v, and meta.inf says %v", here, created, got)
	}
	files, err := filepath.Glob(filepath.Join(StreamDir(dir, "CANARY"), "msgs", "*.blk"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%s%d block files, %v", here, len(files), err)
	}
	if stream, n := Of(files[0]); stream != "CANARY" || n != 1 {
		t.Errorf("%sblock %d of %s", here, n, stream)
	}
	if !IsStreamMeta(filepath.Join(StreamDir(dir, "CANARY"), "meta.inf")) {
		t.Errorf("%smeta.inf is not where it is looked for", here)
	}
	var got []message
	err = Each(files[0], func(r Record) {
		got = append(got, message{r.Subject, r.headerValue("Canary"), r.Seq})
		if d := time.Since(r.stored); d < 0 || d > time.Hour {
			t.Errorf("%smessage %d was stored %v ago", here, r.Seq, d)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%s(-server +files)\n%s", here, diff)
	}
	if s := Scrub(files[0]); s.Err != nil || s.At >= 0 || s.Reached != 7 {
		t.Errorf("%sthe first bad record at %d, reached %d, %v", here, s.At, s.Reached, s.Err)
	}
	damaged(t, files[0], here)
	overwritten(t, dir, files[0], here)
}

// stored gives a server messages of every kind and stops it; it tells when the stream was made and
// what its files hold then.
func stored(t *testing.T, dir string) (time.Time, []message) {
	t.Helper()
	js, stop := serveAt(t, dir)
	defer stop()
	stream, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "CANARY", Subjects: []string{"canary.>"}})
	if err != nil {
		t.Fatal(err)
	}
	var kept []message
	for i, m := range []*nats.Msg{
		{Subject: "canary.plain", Data: []byte("payload")},
		{Subject: "canary.headers", Header: nats.Header{"Canary": {"in a header"}}, Data: []byte("payload")},
		{Subject: "canary.deleted", Data: []byte("payload")},
		{Subject: "canary.empty"},
		{Subject: "canary.erased", Data: []byte("payload")},
		{Subject: "canary." + strings.Repeat("long", 50), Header: nats.Header{"Canary": {"long"}},
			Data: make([]byte, 70_000)},
		{Subject: "canary.last", Data: []byte("payload")},
	} {
		if _, err := js.PublishMsg(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		if m.Subject != "canary.erased" { // a deleted one stays until its block is compacted
			kept = append(kept, message{m.Subject, m.Header.Get("Canary"), uint64(i + 1)})
		}
	}
	if err := errors.Join(stream.DeleteMsg(t.Context(), 3), stream.SecureDeleteMsg(t.Context(), 5)); err != nil {
		t.Fatal(err)
	}
	info, err := stream.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return info.Created, kept
}

// damaged flips bits of a block and wants each to be seen.
func damaged(t *testing.T, file, here string) {
	t.Helper()
	sound, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []int{5, recordHeader + 2, recordHeader + 14, len(sound) / 2, len(sound) - 3} {
		bad := append([]byte(nil), sound...)
		bad[at] ^= 0x10
		path := filepath.Join(t.TempDir(), "CANARY", "msgs", "1.blk")
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, bad, 0o600)); err != nil {
			t.Fatal(err)
		}
		if s := Scrub(path); s.Err != nil || s.At < 0 {
			t.Errorf("%sa flipped bit at byte %d is not seen", here, at)
		}
	}
}

// overwritten erases a record in the file and wants the server to go on without it alone.
func overwritten(t *testing.T, dir, file, here string) {
	t.Helper()
	places, whole, err := RecordsIn(file, func(r Record) bool { return r.Subject == "canary.headers" })
	if err != nil || !whole || len(places) != 1 {
		t.Fatalf("%s%d places of one message, %v", here, len(places), err)
	}
	if err := Overwrite(file, places); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil || strings.Contains(string(data), "canary.headers") || strings.Contains(string(data), "in a header") {
		t.Errorf("%san overwritten message is still there, %v", here, err)
	}
	if s := Scrub(file); s.Err != nil || s.At >= 0 {
		t.Errorf("%swhat was overwritten reads as damage at %d", here, s.At)
	}
	js, stop := serveAt(t, dir)
	defer stop()
	stream, err := js.Stream(t.Context(), "CANARY")
	if err != nil {
		t.Fatal(err)
	}
	for seq, there := range map[uint64]bool{1: true, 2: false, 4: true, 6: true, 7: true} {
		if _, err := stream.GetMsg(t.Context(), seq); (err == nil) != there {
			t.Errorf("%smessage %d after overwriting: %v", here, seq, err)
		}
	}
}

// serveAt starts a server on the files of a folder; stop ends it when all is written.
func serveAt(t *testing.T, dir string) (js jetstream.JetStream, stop func()) {
	t.Helper()
	s, err := server.NewServer(&server.Options{
		JetStream: true, StoreDir: filepath.Join(dir, "jetstream"), Port: -1, Host: "127.0.0.1", NoSigs: true,
		DontListen: true, SyncAlways: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(time.Minute) {
		t.Fatal("the server does not get ready")
	}
	nc, err := nats.Connect("", nats.InProcessServer(s))
	if err != nil {
		t.Fatal(err)
	}
	if js, err = jetstream.New(nc); err != nil {
		t.Fatal(err)
	}
	return js, func() { nc.Close(); s.Shutdown(); s.WaitForShutdown() }
}
