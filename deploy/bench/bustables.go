package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// onBus measures serve among so many patients and prints.
func (o *options) onBus(ctx context.Context, patients int) error {
	dir := filepath.Join(o.work, "bus"+strconv.Itoa(patients))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b := &bus{o: o, dir: dir}
	defer b.kill()
	key := make([]byte, 32)
	rand.Read(key)
	if err := os.WriteFile(b.key(), key, 0o600); err != nil {
		return err
	}
	if err := b.start(); err != nil {
		return err
	}
	f, err := newFeed(o.samples, patients)
	if err != nil {
		return err
	}
	w := &busWork{bus: b, feed: f, events: o.events}
	if err := w.fill(ctx); err != nil {
		return err
	}
	t, err := w.rateTable(ctx)
	if err != nil {
		return err
	}
	t.measure(o.rounds)
	t.print(os.Stdout)
	if err := w.latencies(ctx, os.Stdout); err != nil {
		return err
	}
	b.kill()
	if err := os.CopyFS(filepath.Join(w.serveDir(), "jetstream"), os.DirFS(filepath.Join(dir, "jetstream"))); err != nil {
		return err
	}
	t = w.startTable(ctx)
	t.measure(o.rounds)
	t.print(os.Stdout)
	return nil
}

// busWork is a feed on a bus.
type busWork struct {
	*bus
	*feed
	events int    // of a round
	last   uint64 // sequence of the last event
}

// runs runs a program until the durable has done everything, and says how long that took.
func (w *busWork) runs(ctx context.Context, durable string, start func() (func(), error)) (time.Duration, error) {
	stop, err := start()
	if err != nil {
		return 0, err
	}
	defer stop()
	return w.took(ctx, durable, w.last)
}

func (w *busWork) serves(ctx context.Context) (time.Duration, error) {
	return w.runs(ctx, "rlsguard", w.serve)
}

func (w *busWork) noops(ctx context.Context, what string) (time.Duration, error) {
	return w.runs(ctx, noopDurable(what), func() (func(), error) { return w.noop(what) })
}

// fill makes all patients known.
func (w *busWork) fill(ctx context.Context) (err error) {
	if err := w.rlsguard("setup"); err != nil {
		return err
	}
	if w.last, err = w.send(ctx, take(w.patients, w.first)); err != nil {
		return err
	}
	_, err = w.serves(ctx)
	return err
}

// more publishes the events of a round.
func (w *busWork) more(ctx context.Context) (err error) {
	w.last, err = w.send(ctx, take(w.events, func(int) []byte { return w.next() }))
	return err
}

// rateTable holds serve against the no-op that writes as many messages, and the one that does not look into what it gets.
func (w *busWork) rateTable(ctx context.Context) (*table, error) {
	before, err := w.bus.last(ctx, "RLS")
	if err != nil {
		return nil, err
	}
	if err := w.more(ctx); err != nil {
		return nil, err
	}
	if _, err := w.serves(ctx); err != nil {
		return nil, err
	}
	after, err := w.bus.last(ctx, "RLS")
	if err != nil {
		return nil, err
	}
	share := strconv.FormatFloat(float64(after-before)/float64(w.events), 'f', 4, 64)
	for _, what := range []string{share, perType} { // what came so far is none of their work
		if _, err := w.noops(ctx, what); err != nil {
			return nil, err
		}
	}
	return &table{title: fmt.Sprintf("serve, %d patients, server in a process of its own", w.patients), items: w.events, unit: "events", cases: []*run{
		measured("no-op, "+share+" messages an event, as rlsguard", func() (time.Duration, error) {
			if err := w.more(ctx); err != nil {
				return 0, err
			}
			return w.noops(ctx, share)
		}),
		measured("no-op, one for each MedicationRequest, Observation, Condition", func() (time.Duration, error) { return w.noops(ctx, perType) }),
		measured("rlsguard serve", func() (time.Duration, error) { return w.serves(ctx) }),
	}}, nil
}

// startTable holds the start of a killed serve with its server inside against that of a server alone and a read of all states.
func (w *busWork) startTable(ctx context.Context) *table {
	return &table{title: fmt.Sprintf("start after kill -9 with %d patients, until ready", w.patients), cases: []*run{
		measured("server alone, and reading all states", func() (time.Duration, error) {
			began := time.Now()
			defer w.kill()
			if err := w.start(); err != nil {
				return 0, err
			}
			err := w.readAll(ctx, "RLS", "rls.state.>")
			return time.Since(began), err
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

// startServe starts serve on its folder, waits until it says that it is ready, and kills it.
func (w *busWork) startServe() (time.Duration, error) {
	address := filepath.Join(w.serveDir(), "http.url")
	_ = os.Remove(address) // of the time before
	began := time.Now()
	c := exec.Command(w.o.bin, "serve", "--data", w.serveDir(), "--key-file", w.key(), "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0")
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
		if !ready(address) {
			continue
		}
		took := time.Since(began)
		_ = c.Process.Kill() // the next start is after kill -9
		<-ended
		return took, nil
	}
}

// ready asks serve, whose address stands in a file.
func ready(address string) bool {
	url, err := os.ReadFile(address)
	if err != nil {
		return false
	}
	r, err := http.Get(strings.TrimSpace(string(url)) + "/readyz")
	if err != nil {
		return false
	}
	r.Body.Close()
	return r.StatusCode == http.StatusOK
}

// probes is how often each latency is measured.
const probes = 200

// latencies holds the time from publishing one event to seeing its flag against that of the no-op, and the order check against an echo.
func (w *busWork) latencies(ctx context.Context, out io.Writer) error {
	tw := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(out, "\none at a time, %d each\n", probes)
	fmt.Fprintln(tw, "case\tmin ms\tp50\tp99\tp50 x first\t")
	stop, err := w.noop(perFlag)
	if err != nil {
		return err
	}
	if _, err := w.took(ctx, noopDurable(perFlag), w.last); err != nil {
		return err
	}
	first, err := w.probe(tw, "no-op: event to flag", 0, func(i int) error { return w.flagged(ctx, i, "noop.flags.>") })
	stop()
	if err != nil {
		return err
	}
	if stop, err = w.serve(); err != nil {
		return err
	}
	defer stop()
	if _, err := w.took(ctx, "rlsguard", w.last); err != nil {
		return err
	}
	if _, err := w.probe(tw, "rlsguard: event to flag", first, func(i int) error { return w.flagged(ctx, i, "rls.flags.>") }); err != nil {
		return err
	}
	if err := w.checks(tw); err != nil {
		return err
	}
	return w.watch(ctx, tw)
}

// probe prints how long do takes, and returns the middle of that.
func (w *busWork) probe(out io.Writer, name string, first time.Duration, do func(int) error) (time.Duration, error) {
	var all []time.Duration
	for i := range probes {
		began := time.Now()
		if err := do(i); err != nil {
			return 0, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, time.Since(began))
		time.Sleep(3 * time.Millisecond)
	}
	slices.Sort(all)
	p50 := all[len(all)/2]
	ratio := ""
	if first > 0 {
		ratio = fmt.Sprintf("%.2f", float64(p50)/float64(first))
	}
	fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\t\n", name, ms(all[0]), ms(p50), ms(all[len(all)*99/100]), ratio)
	return p50, nil
}

// flagged publishes an order for a patient with RLS and waits for the flag.
func (w *busWork) flagged(ctx context.Context, i int, flags string) error {
	sub, err := w.nc.SubscribeSync(flags)
	if err != nil {
		return err
	}
	defer sub.Unsubscribe()
	if err := w.nc.Flush(); err != nil {
		return err
	}
	w.made++
	ack, err := w.js.Publish(ctx, "fhir.MedicationRequest", w.order(patientID(i*oneInRLS%w.patients)))
	if err != nil {
		return err
	}
	w.last = ack.Sequence
	_, err = sub.NextMsg(time.Minute)
	return err
}

// checks holds rls.check against a service that only answers.
func (w *busWork) checks(out io.Writer) error {
	echo, err := w.nc.Subscribe("bench.echo", func(m *nats.Msg) { _ = m.Respond(m.Data) })
	if err != nil {
		return err
	}
	defer echo.Unsubscribe()
	ask := func(subject string) func(int) error {
		return func(i int) error {
			_, err := w.nc.Request(subject, w.order(patientID(i*oneInRLS%w.patients)), time.Minute)
			return err
		}
	}
	first, err := w.probe(out, "echo of a request", 0, ask("bench.echo"))
	if err != nil {
		return err
	}
	_, err = w.probe(out, "rlsguard: order check", first, ask("rls.check"))
	return err
}

// watchFlags are opened at least before watch is measured: two for each patient with RLS and an order.
const watchFlags = 10_000

// watch opens flags and measures the first line and all lines of watch --once.
func (w *busWork) watch(ctx context.Context, out *tabwriter.Writer) error {
	var err error
	w.last, err = w.send(ctx, take(watchFlags, func(i int) []byte {
		p := fmt.Sprintf("watched-%d", i/2)
		if w.made++; i%2 == 0 {
			return diagnosis(p)
		}
		return w.order(p)
	}))
	if err != nil {
		return err
	}
	if _, err := w.took(ctx, "rlsguard", w.last); err != nil {
		return err
	}
	var first, all, bare time.Duration
	for range w.o.rounds {
		began := time.Now()
		if err := w.readAll(ctx, "RLS_FLAGS", "rls.flags.>"); err != nil {
			return err
		}
		bare = least(bare, time.Since(began))
		f, a, err := w.watchOnce()
		if err != nil {
			return err
		}
		first, all = least(first, f), least(all, a)
	}
	flags, err := w.bus.count(ctx, "RLS_FLAGS")
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "reading %d flags and no more\t%s\t\t\t\t\n", flags, ms(bare))
	fmt.Fprintf(out, "watch --once of them: first line\t%s\t\t\t\t\n", ms(first))
	fmt.Fprintf(out, "all lines\t%s\t\t\t\t\n", ms(all))
	return out.Flush()
}

// least is the lesser of two times, of which a is none at first.
func least(a, b time.Duration) time.Duration {
	if a == 0 {
		return b
	}
	return min(a, b)
}

func (w *busWork) watchOnce() (first, all time.Duration, err error) {
	began := time.Now()
	c := exec.Command(w.o.bin, "watch", "--once", "--format", "json", "--nats", w.url)
	lines, err := c.StdoutPipe()
	if err != nil {
		return 0, 0, err
	}
	if err := c.Start(); err != nil {
		return 0, 0, err
	}
	r := bufio.NewReader(lines)
	if _, err := r.ReadString('\n'); err != nil {
		return 0, 0, err
	}
	first = time.Since(began)
	if _, err := io.Copy(io.Discard, r); err != nil {
		return 0, 0, err
	}
	return first, time.Since(began), c.Wait()
}
