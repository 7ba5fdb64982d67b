package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// startTable holds the start of a killed serve with its server inside against that of a server alone and a read of all states.
func (w *busWork) startTable(ctx context.Context) *table {
	return &table{title: fmt.Sprintf("start after kill -9 with %d patients, until ready", w.patients), cases: []*run{
		measured("server alone, and reading all states", func(r *run) (time.Duration, error) {
			began := time.Now()
			if err := w.start(); err != nil {
				return 0, err
			}
			err := w.readAll(ctx, "RLS", "rls.state.>")
			took := time.Since(began)
			w.kill()
			r.notePeak(w.process.ProcessState)
			return took, err
		}),
		measured("rlsguard serve", w.startServe),
	}}
}

// readAll reads all messages under a subject as fast as a client can.
func (w *busWork) readAll(ctx context.Context, stream, subject string) error {
	cons, err := w.js.OrderedConsumer(ctx, stream, jetstream.OrderedConsumerConfig{FilterSubjects: []string{subject}})
	if err != nil {
		return err
	}
	it, err := cons.Messages(jetstream.PullMaxBytes(8 << 20))
	if err != nil {
		return err
	}
	defer it.Stop()
	for n := cons.CachedInfo().NumPending; n > 0; n-- {
		if _, err := it.Next(); err != nil {
			return err
		}
	}
	return nil
}

// serveDir is a copy of the server's folder: one that two servers used in turn would look damaged to the one that keeps account of it.
func (w *busWork) serveDir() string { return filepath.Join(w.dir, "serve") }

// copyForServe makes the folder of serve, and lets serve find once that all events in it have been decided: a folder that it does not know it reads
// from the start.
func (w *busWork) copyForServe(ctx context.Context) error {
	if err := os.CopyFS(filepath.Join(w.serveDir(), "jetstream"), os.DirFS(filepath.Join(w.dir, "jetstream"))); err != nil {
		return err
	}
	stop, err := background(w.serveCommand()...)
	if err != nil {
		return err
	}
	defer stop()
	for end := time.Now().Add(startTimeout); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if url, err := os.ReadFile(filepath.Join(w.serveDir(), "http.url")); err == nil && ready(strings.TrimSpace(string(url))) {
			break
		}
	}
	url, err := os.ReadFile(filepath.Join(w.serveDir(), "nats.url"))
	if err != nil {
		return err
	}
	inside := &bus{o: w.o}
	if err := inside.connect(strings.TrimSpace(string(url))); err != nil {
		return err
	}
	defer inside.nc.Close()
	_, err = inside.took(ctx, "rlsguard", w.last)
	return err
}

func (w *busWork) serveCommand() []string {
	return []string{w.o.bin, "serve", "--data", w.serveDir(), "--key-file", w.key(), "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"}
}

// startServe starts serve on its folder, waits until it says that it is ready, and kills it.
func (w *busWork) startServe(r *run) (time.Duration, error) {
	address := filepath.Join(w.serveDir(), "http.url")
	_ = os.Remove(address) // of the time before
	began := time.Now()
	argv := w.serveCommand()
	c := exec.Command(argv[0], argv[1:]...)
	if err := c.Start(); err != nil {
		return 0, err
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	for {
		select {
		case err := <-ended:
			return 0, fmt.Errorf("serve ended: %w", err)
		case <-time.After(5 * time.Millisecond):
		}
		url, err := os.ReadFile(address)
		if err != nil || !ready(strings.TrimSpace(string(url))) {
			continue
		}
		took := time.Since(began)
		_ = c.Process.Kill() // the next start is after kill -9
		<-ended
		r.notePeak(c.ProcessState)
		return took, nil
	}
}
