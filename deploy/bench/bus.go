package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
)

// bus is a NATS server in a process of its own, on which rlsguard and the no-op take turns.
type bus struct {
	o       *options
	dir     string
	process *exec.Cmd
	url     string
	nc      *nats.Conn
	js      jetstream.JetStream
}

// startTimeout is how long anything on the bus may take: a million patients are slow.
const startTimeout = 10 * time.Minute

// start makes the folder with a key, starts the server and returns when it serves its streams.
func (b *bus) start() error {
	if err := os.MkdirAll(b.dir, 0o700); err != nil {
		return err
	}
	key := make([]byte, 32)
	rand.Read(key)
	if err := os.WriteFile(b.key(), key, 0o600); err != nil {
		return err
	}
	r := role("", 2, "server", b.dir)
	if r.err != nil {
		return r.err
	}
	b.process = exec.Command(r.argv[0], r.argv[1:]...)
	b.process.Stderr = os.Stderr
	out, err := b.process.StdoutPipe()
	if err != nil {
		return err
	}
	if err := b.process.Start(); err != nil {
		return err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return fmt.Errorf("server: %w", err)
	}
	return b.connect(strings.TrimSpace(line))
}

func (b *bus) connect(url string) (err error) {
	b.url = url
	if b.nc, err = nats.Connect(url); err != nil {
		return err
	}
	b.js, err = jetstream.New(b.nc)
	return err
}

// kill is kill -9.
func (b *bus) kill() {
	if b.nc != nil {
		b.nc.Close()
	}
	if b.process != nil {
		_ = b.process.Process.Kill() // it is gone either way
		_ = b.process.Wait()
	}
}

// runServer is the role of the server: every write is synced, as in a server that rlsguard runs
// inside.
func runServer(dir string) error {
	s, err := server.NewServer(
		&server.Options{ServerName: "bench", Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, JetStream: true,
			StoreDir: filepath.Join(
				dir,
				"jetstream",
			), SyncAlways: true, JetStreamMaxStore: 1 << 50, JetStreamMaxMemory: 1 << 30},
	)
	if err != nil {
		return err
	}
	s.Start()
	if !s.ReadyForConnections(startTimeout) {
		return errors.New("the server does not get ready")
	}
	fmt.Println(s.ClientURL())
	s.WaitForShutdown()
	return nil
}

// rlsguard runs a command on the bus and returns when it has ended.
func (b *bus) rlsguard(args ...string) error {
	out, err := exec.Command(b.o.bin, append(args, "--nats", b.url)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("rlsguard %s: %w: %s", args[0], err, out)
	}
	return nil
}

// serve starts rlsguard serve on the bus, and returns when it is ready.
func (b *bus) serve() (*child, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		return nil, err
	}
	c, err := background(b.o.bin, "serve", "--nats", b.url, "--key-file", b.key(), "--http", address)
	if err != nil {
		return nil, err
	}
	return c, c.untilReady(func() string { return "http://" + address })
}

// noop starts the no-op on the bus, which writes what says, about so many patients.
func (b *bus) noop(what string, patients int) (*child, error) {
	r := role("", 2, "noop", b.url, what, strconv.Itoa(patients))
	if r.err != nil {
		return nil, r.err
	}
	return background(r.argv...)
}

func (b *bus) key() string { return filepath.Join(b.dir, "bench.key") }

// send publishes what next gives until that is nil, and returns the last sequence.
func (b *bus) send(ctx context.Context, next func() []byte) (uint64, error) {
	var msgs []*nats.Msg
	for doc := next(); doc != nil || len(msgs) > 0; doc = next() {
		if doc != nil {
			msgs = append(msgs, &nats.Msg{Subject: "fhir.bench", Data: doc, Header: nats.Header{}})
		}
		if len(msgs) < sendBatch && doc != nil {
			continue
		}
		last, err := batch(b.nc, msgs)
		if err != nil {
			return 0, err
		}
		m, err := b.nc.RequestMsg(last, time.Minute)
		if err != nil {
			return 0, err
		}
		if err := committed(m); err != nil {
			return 0, err
		}
		msgs = nil
	}
	state, err := b.state(ctx, "FHIR")
	return state.LastSeq, err
}

// sendBatch events go out in one atomic batch: a sync for each would take most of the time.
const sendBatch = 500

// batch sends all of an atomic batch but the last message, which commits it.
func batch(nc *nats.Conn, msgs []*nats.Msg) (last *nats.Msg, err error) {
	id := nuid.Next()
	for i, m := range msgs {
		m.Header.Set("Nats-Batch-Id", id)
		m.Header.Set("Nats-Batch-Sequence", strconv.Itoa(i+1))
		if last = m; i == len(msgs)-1 {
			m.Header.Set("Nats-Batch-Commit", "1")
		} else if err := nc.PublishMsg(m); err != nil {
			return nil, err
		}
	}
	return last, nil
}

// committed is the error that the answer to a batch tells of.
func committed(m *nats.Msg) error {
	var ack jetstream.PubAck
	if err := json.Unmarshal(m.Data, &ack); err != nil || ack.Sequence == 0 {
		return fmt.Errorf("commit: %s", m.Data)
	}
	return nil
}

// state is what a stream holds.
func (b *bus) state(ctx context.Context, stream string) (jetstream.StreamState, error) {
	s, err := b.js.Stream(ctx, stream)
	if err != nil {
		return jetstream.StreamState{}, err
	}
	return s.CachedInfo().State, nil
}

// took is how long the durable took from the first event that was delivered to the acknowledgement
// of the one with sequence last.
func (b *bus) took(ctx context.Context, durable string, last uint64) (time.Duration, error) {
	began, begun := time.Now(), false
	for end := time.Now().Add(startTimeout); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		c, err := b.js.Consumer(ctx, "FHIR", durable)
		if errors.Is(err, jetstream.ErrConsumerNotFound) {
			continue
		}
		if err != nil {
			return 0, err
		}
		info := c.CachedInfo()
		switch {
		case info.AckFloor.Stream >= last:
			return time.Since(began), nil
		case !begun:
			began, begun = time.Now(), info.NumAckPending > 0
		}
	}
	return 0, fmt.Errorf("%s does not get done", durable)
}
