package embedded

import (
	"bytes"
	"context"
	"errors"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

func started(t *testing.T, dir string) *Embedded {
	t.Helper()
	e, err := Start(t.Context(), Options{Dir: dir, Listen: "127.0.0.1:0", Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// What is asked every second goes through one connection, also after the server was started again.
func TestOwnConnectionIsKept(t *testing.T) {
	e := started(t, t.TempDir())
	e.keeping() // the goroutine that asks every second would do so beside us
	<-e.kept
	connections := func() uint64 {
		v, err := e.Current().Varz(&server.VarzOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return v.TotalConnections
	}
	note := func() {
		if err := e.note(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	note()
	before := connections()
	note()
	note()
	if now := connections(); now != before {
		t.Errorf("%d connections more", now-before)
	}
	e.down()
	if err := e.up(t.Context()); err != nil {
		t.Fatal(err)
	}
	note()
	if err := e.Stop(); err != nil {
		t.Fatal(err)
	}
}

// onLog calls do when a log line has some words.
type onLog struct {
	words string
	do    func()
}

func (l onLog) Write(p []byte) (int, error) {
	if strings.Contains(string(p), l.words) {
		l.do()
	}
	return len(p), nil
}

// A start that has more to mend than anybody waits for ends when it is told to, and leaves the
// folder to the next.
func TestStartIsCancelled(t *testing.T) {
	dir := t.TempDir()
	e := started(t, dir)
	nc, err := e.Connect()
	if err != nil {
		t.Fatal(err)
	}
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	if err := jet.MakeStreams(t.Context(), js, 1); err != nil {
		t.Fatal(err)
	}
	if _, err := js.Publish(t.Context(), layout.SubjectInbound+"Patient", []byte("{}")); err != nil {
		t.Fatal(err)
	}
	nc.Close()
	if err := e.Stop(); err != nil {
		t.Fatal(err)
	}
	l, err := readLedger(dir)
	if err != nil {
		t.Fatal(err)
	}
	mark := l.Streams[layout.StreamFHIR]
	reached := mark.Last
	mark.Last = 1 << 40 // sequences that nobody can wait for
	l.Streams[layout.StreamFHIR], l.Decided = mark, mark.Last
	if err := l.write(dir); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	log := zerolog.New(onLog{"inputs are missing at the end", cancel})
	if _, err := Start(ctx, Options{Dir: dir, Listen: "127.0.0.1:0", Log: log}); !errors.Is(
		err,
		context.Canceled,
	) {
		t.Fatalf("error %v", err)
	}
	if l, err = readLedger(dir); err != nil || l.Streams[layout.StreamFHIR].Last != 1<<40 {
		t.Errorf("the ledger has %+v, %v: what is missing would be forgotten", l.Streams, err)
	}
	mark.Last = reached + 3 // few enough to wait for
	l.Streams[layout.StreamFHIR] = mark
	if err := l.write(dir); err != nil {
		t.Fatal(err)
	}
	e = started(t, dir)
	e.keeping()
	<-e.kept
	if now, err := e.marks(t.Context()); err != nil || now[layout.StreamFHIR].Last < reached+3 {
		t.Errorf("the stream ends at %d, %v", now[layout.StreamFHIR].Last, err)
	}
	if err := e.Stop(); err != nil {
		t.Fatal(err)
	}
}

// A data folder that others can get into is told of, once it is known whose it is.
func TestSharedFolderIsToldOf(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there are no modes on Windows")
	}
	for mode, words := range map[os.FileMode]string{
		0o700: "", 0o750: "can be read by others", 0o755: "can be read by others",
		0o770: "can be changed by others", 0o777: "can be changed by others",
	} {
		dir := t.TempDir()
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		var log bytes.Buffer
		e, err := Start(t.Context(), Options{Dir: dir, Private: true, Log: zerolog.New(zerolog.SyncWriter(&log))})
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Stop(); err != nil {
			t.Fatal(err)
		}
		if told := log.String(); (words == "") == strings.Contains(told, "others") || !strings.Contains(told, words) {
			t.Errorf("%04o: %s", mode, told)
		}
	}
}
