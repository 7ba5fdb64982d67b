package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// startTable holds the start of a killed serve with its server inside against that of a server
// alone and a read of all states.
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

// serveDir is a copy of the server's folder: one that two servers used in turn would look damaged
// to the one that keeps account of it.
func (w *busWork) serveDir() string { return filepath.Join(w.dir, "serve") }

// copyForServe makes the folder of serve, and lets serve find once that all events in it have been
// decided: a folder that it does not know it reads from the start.
func (w *busWork) copyForServe(ctx context.Context) error {
	if err := os.CopyFS(filepath.Join(w.serveDir(), "jetstream"),
		os.DirFS(filepath.Join(w.dir, "jetstream"))); err != nil {
		return err
	}
	c, err := w.serveInside()
	if err != nil {
		return err
	}
	defer c.stop()
	inside := &bus{o: w.o}
	if err := inside.connect(w.told("nats.url")); err != nil {
		return err
	}
	defer inside.nc.Close()
	_, err = inside.took(ctx, "rlsguard", w.last)
	return err
}

// serveInside starts serve with its server inside on its folder, and returns when it is ready.
func (w *busWork) serveInside() (*child, error) {
	_ = os.Remove(filepath.Join(w.serveDir(), "http.url")) // of the time before
	c, err := background(
		w.o.bin,
		"serve",
		"--data",
		w.serveDir(),
		"--key-file",
		w.key(),
		"--listen",
		"127.0.0.1:0",
		"--http",
		"127.0.0.1:0",
	)
	if err != nil {
		return nil, err
	}
	return c, c.untilReady(func() string { return w.told("http.url") })
}

// told is an address that serve wrote into its folder; "" as long as it has not.
func (w *busWork) told(name string) string {
	url, err := os.ReadFile(filepath.Join(w.serveDir(), name))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(url))
}

// startServe measures the start of serve, and kills it.
func (w *busWork) startServe(r *run) (time.Duration, error) {
	began := time.Now()
	c, err := w.serveInside()
	if err != nil {
		return 0, err
	}
	took := time.Since(began)
	c.kill() // the next start is after it
	r.notePeak(c.cmd.ProcessState)
	return took, nil
}
