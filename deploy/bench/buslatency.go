package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/nats-io/nats.go"
)

// probes is how often each latency is measured.
const probes = 200

// latencies holds the time from publishing one event to seeing its flag against that of the no-op,
// and the order check against an echo.
func (w *busWork) latencies(ctx context.Context, out io.Writer) error {
	tw := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(out, "\none at a time, %d each\n", probes)
	fmt.Fprintln(tw, "case\tmin ms\tp50\tp99\tp50 x first\t")
	c, err := w.noop(perFlag, w.patients)
	if err != nil {
		return err
	}
	if _, err := w.took(ctx, noopDurable(perFlag), w.last); err != nil {
		return err
	}
	first, err := w.probe(tw, "no-op: event to flag", 0, func(i int) error { return w.flagged(ctx, i, "noop.flags.>") })
	c.stop()
	if err != nil {
		return err
	}
	if c, err = w.serve(); err != nil {
		return err
	}
	defer c.stop()
	if _, err := w.took(ctx, "rlsguard", w.last); err != nil {
		return err
	}
	if _, err := w.probe(tw, "rlsguard: event to flag", first,
		func(i int) error { return w.flagged(ctx, i, "rls.flags.>") }); err != nil {
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

// watchFlags are opened at least before watch is measured: two for each patient with RLS and an
// order.
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
	flags, err := w.state(ctx, "RLS_FLAGS")
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "reading %d flags and no more\t%s\t\t\t\t\n", flags.Msgs, ms(bare))
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
