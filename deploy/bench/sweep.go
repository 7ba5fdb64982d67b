package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"
)

// dimension is something that a sender can send any number of.
type dimension struct {
	name string
	door string   // replay, serve or check
	n    [3]int   // three sizes
	send messages // what is sent; for check, what the patient has
	// first is what serve knows before send comes, which is not measured; nil is nothing.
	first messages
}

// messages are so many of something, a FHIR document each. run tells one size and round from
// another, so that ids differ.
type messages func(n, run int) []string

// sweep prints with what power of the number the time grows, in each dimension.
func (o *options) sweep() error {
	b := &bus{o: o, dir: filepath.Join(o.work, "sweep")}
	defer b.kill()
	if err := b.start(); err != nil {
		return err
	}
	serve, err := b.serve()
	if err != nil {
		return err
	}
	defer serve.kill()
	s := &sweeper{o: o, b: b}
	fmt.Println("\ngrowth: 1 is linear; ms are without those of a single message")
	tw := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(tw, "dimension\tdoor\tn\tms\tn\tms\tn\tms\texponent\t\n")
	for _, d := range dimensions() {
		row, err := s.row(&d)
		if err != nil {
			return fmt.Errorf("%s, %s: %w", d.name, d.door, err)
		}
		fmt.Fprint(tw, row)
	}
	return tw.Flush()
}

type sweeper struct {
	o   *options
	b   *bus
	run int
}

func (s *sweeper) row(d *dimension) (string, error) {
	row := d.name + "\t" + d.door + "\t"
	base, err := s.best(d, 1)
	if err != nil {
		return "", err
	}
	var took [3]time.Duration
	for i, n := range d.n {
		t, err := s.best(d, n)
		if err != nil {
			return "", err
		}
		took[i] = max(t-base, time.Millisecond)
		row += fmt.Sprintf("%d\t%s\t", n, ms(took[i]))
	}
	if took[0] < base/4 { // what a start of a process varies by
		return row + "noise\t\n", nil
	}
	exponent := math.Log(float64(took[2])/float64(took[0])) / math.Log(float64(d.n[2])/float64(d.n[0]))
	return row + fmt.Sprintf("%.2f\t\n", exponent), nil
}

// best is the shortest of all rounds.
func (s *sweeper) best(d *dimension, n int) (best time.Duration, err error) {
	for range s.o.rounds {
		s.run++
		took, err := s.once(d, n)
		if err != nil {
			return 0, err
		}
		if best == 0 || took < best {
			best = took
		}
	}
	return best, nil
}

func (s *sweeper) once(d *dimension, n int) (time.Duration, error) {
	file, err := s.write(d.send(n, s.run))
	if err != nil {
		return 0, err
	}
	switch d.door {
	case "replay":
		c := exec.Command(s.o.bin, "replay", "--as-of", "2026-11-23", file)
		out, err := c.CombinedOutput()
		var flagged *exec.ExitError
		if err != nil && !errors.As(err, &flagged) {
			return 0, fmt.Errorf("%w: %s", err, out)
		}
		return c.ProcessState.UserTime() + c.ProcessState.SystemTime(), nil
	case "check":
		if err := s.b.rlsguard("publish", "--wait", file); err != nil {
			return 0, err
		}
		return s.check()
	}
	if d.first != nil {
		before, err := s.write(d.first(n, s.run))
		if err != nil {
			return 0, err
		}
		if err := s.b.rlsguard("publish", "--wait", before); err != nil {
			return 0, err
		}
	}
	began := time.Now()
	err = s.b.rlsguard("publish", "--wait", file)
	return time.Since(began), err
}

// check asks about one more order of the patient.
func (s *sweeper) check() (time.Duration, error) {
	c := exec.Command(s.o.bin, "check", "--nats", s.b.url, "-")
	c.Stdin = strings.NewReader(
		order(fmt.Sprint("draft", s.run), fmt.Sprint("p", s.run), `"status":"draft",`+named("gabapentin")),
	)
	began := time.Now()
	out, err := c.CombinedOutput()
	took := time.Since(began)
	var flagged *exec.ExitError
	if errors.As(err, &flagged) && flagged.ExitCode() == 1 { // there are flags
		err = nil
	}
	if err != nil {
		return 0, fmt.Errorf("%w: %s", err, out)
	}
	return took, nil
}

func (s *sweeper) write(docs []string) (string, error) {
	file := filepath.Join(s.o.work, fmt.Sprintf("sweep-%d.ndjson", s.run))
	return file, os.WriteFile(file, []byte(strings.Join(docs, "\n")+"\n"), 0o666)
}
