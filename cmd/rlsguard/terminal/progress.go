package terminal

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Progress draws a bar on a terminal while work goes on. A nil progress, as there is for everything
// that is no terminal, does nothing.
type Progress struct {
	w     io.Writer
	verb  string
	unit  func(int64) string
	total int64 // 0 when it is not known
	done  atomic.Int64
	stop  chan struct{}
	ended sync.WaitGroup
}

// progressDelay is how long work has to take before a bar is worth its flicker.
const progressDelay = time.Second

// StartProgress begins a bar on stderr when that is a terminal.
func StartProgress(stderr io.Writer, verb string, total int64, unit func(int64) string) *Progress {
	if !IsTerminal(stderr) {
		return nil
	}
	p := &Progress{w: stderr, verb: verb, unit: unit, total: total, stop: make(chan struct{})}
	p.ended.Go(p.run)
	return p
}

func (p *Progress) run() {
	tick := time.NewTicker(progressDelay)
	defer tick.Stop()
	drawn := false
	for {
		select {
		case <-tick.C:
			if !drawn {
				tick.Reset(progressDelay / 5)
			}
			drawn = true
			fmt.Fprintf(p.w, "\r\x1b[K%s", bar(p.verb, p.done.Load(), p.total, p.unit))
		case <-p.stop:
			if drawn {
				fmt.Fprint(p.w, "\r\x1b[K")
			}
			return
		}
	}
}

// Add counts work that is done.
func (p *Progress) Add(n int64) {
	if p != nil {
		p.done.Add(n)
	}
}

// End takes the bar away.
func (p *Progress) End() {
	if p != nil {
		close(p.stop)
		p.ended.Wait()
	}
}

const barWidth = 30

// bar is one line that says how far the work is.
func bar(verb string, done, total int64, unit func(int64) string) string {
	if total <= 0 {
		return fmt.Sprintf("%s %s", verb, unit(done))
	}
	done = min(done, total)
	full := int(done * barWidth / total)
	return fmt.Sprintf(
		"%s [%s%s] %3d %%  %s of %s",
		verb,
		strings.Repeat("#", full),
		strings.Repeat(".", barWidth-full),
		done*100/total,
		unit(done),
		unit(total),
	)
}

// Megabytes words a number of bytes.
func Megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

// Reader counts what is read through it.
func (p *Progress) Reader(r io.Reader) io.Reader {
	if p == nil {
		return r
	}
	return &countingReader{r: r, p: p}
}

type countingReader struct {
	r io.Reader
	p *Progress
}

func (c *countingReader) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.p.Add(int64(n))
	return n, err
}
