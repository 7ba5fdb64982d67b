package main

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// run is one case: a process, and what its runs took.
type run struct {
	name     string
	cores    int
	argv     []string
	ownClock bool // it prints the seconds that count
	reported []int
	do       func(*run) (time.Duration, error) // instead of a process

	wall, cpu []time.Duration
	peak      int64 // memory in bytes, the least of all rounds
	err       error
}

func command(name string, cores int, argv []string) *run {
	return &run{name: name, cores: cores, argv: argv}
}

// measured is a case that says itself how long it took.
func measured(name string, do func(*run) (time.Duration, error)) *run {
	return &run{name: name, do: do, ownClock: true}
}

// role is this program as one of its own peers.
func role(name string, cores int, args ...string) *run {
	self, err := os.Executable()
	r := command(name, cores, append([]string{self, roleArg}, args...))
	r.err = err
	return r
}

// once runs the case and notes what it took.
func (r *run) once() error {
	if r.err != nil {
		return r.err
	}
	if r.do != nil {
		took, err := r.do(r)
		r.wall = append(r.wall, took)
		return err
	}
	c := exec.Command(r.argv[0], r.argv[1:]...)
	c.Env = append(os.Environ(), "GOMAXPROCS="+strconv.Itoa(r.cores))
	var out, complaints bytes.Buffer
	c.Stdout, c.Stderr = &out, &complaints
	start := time.Now()
	err := c.Run()
	wall := time.Since(start)
	if err != nil {
		return fmt.Errorf("%s: %w: %s", r.name, err, bytes.TrimSpace(complaints.Bytes()))
	}
	if r.ownClock {
		seconds, err := strconv.ParseFloat(strings.TrimSpace(out.String()), 64)
		if err != nil {
			return err
		}
		wall = time.Duration(seconds * float64(time.Second))
	}
	for _, word := range strings.Fields(out.String()) {
		if n, err := strconv.Atoi(word); err == nil {
			r.reported = append(r.reported, n)
		}
	}
	r.wall = append(r.wall, wall)
	r.cpu = append(r.cpu, c.ProcessState.UserTime()+c.ProcessState.SystemTime())
	r.notePeak(c.ProcessState)
	return nil
}

// notePeak notes how much memory a process that has ended took at most.
func (r *run) notePeak(s *os.ProcessState) {
	if p := peakMemory(s); r.peak == 0 || p < r.peak {
		r.peak = p
	}
}

// table is a set of cases whose ratios mean something.
type table struct {
	title  string
	items  int    // 0 for start-up
	unit   string // of items
	bytes  int64
	rounds int // 0 for as many as were asked for
	cases  []*run
}

// measure runs the cases in turn, once to warm caches and then round after round. A case that fails
// is left out from then on.
func (t *table) measure(rounds int) {
	for round := range rounds + 1 {
		for _, r := range t.cases {
			r.err = r.once()
			if r.err == nil && round == 0 {
				r.wall, r.cpu, r.reported = nil, nil, nil
			}
		}
	}
}

func (t *table) print(w io.Writer) {
	fmt.Fprintf(w, "\n%s", t.title)
	if t.bytes > 0 {
		fmt.Fprintf(w, ": %d %s, %.0f MB", t.items, t.unit, float64(t.bytes)/1e6)
	} else if t.items > 0 {
		fmt.Fprintf(w, ": %d %s a round", t.items, t.unit)
	}
	fmt.Fprintln(w)
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(tw, "case\tbest ms\tmedian\tspread\tCPU ms\t%s\tMB/s\tpeak MiB\tx first\t\n", cmp.Or(t.unit, "-")+"/s")
	for _, r := range t.cases {
		if r.err != nil {
			fmt.Fprintf(tw, "%s\tfailed: %v\t\n", r.name, r.err)
			continue
		}
		best := slices.Min(r.wall)
		spread := float64(slices.Max(r.wall))/float64(best) - 1
		slices.Sort(r.wall)
		cpu := ""
		if !r.ownClock { // it would be of more than what its clock covers
			cpu = ms(slices.Min(r.cpu))
		}
		peak := ""
		if r.peak > 0 {
			peak = fmt.Sprintf("%.0f", float64(r.peak)/(1<<20))
		}
		fmt.Fprintf(
			tw,
			"%s\t%s\t%s\t%.0f %%\t%s\t%s\t%s\t%s\t%s\t\n",
			r.name,
			ms(best),
			ms(r.wall[len(r.wall)/2]),
			100*spread,
			cpu,
			per(float64(t.items), best),
			per(float64(t.bytes)/1e6, best),
			peak,
			t.ratio(best),
		)
	}
	tw.Flush()
}

// ratio is how many times as fast as the first case; of start-up, how many times as long it takes.
func (t *table) ratio(best time.Duration) string {
	if len(t.cases[0].wall) == 0 {
		return ""
	}
	first := slices.Min(t.cases[0].wall)
	if t.items == 0 {
		return fmt.Sprintf("%.2f (time)", float64(best)/float64(first))
	}
	return fmt.Sprintf("%.2f", float64(first)/float64(best))
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f", float64(d)/float64(time.Millisecond)) }

func per(n float64, d time.Duration) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%.0f", n/d.Seconds())
}
