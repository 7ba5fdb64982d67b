package terminal

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
)

// Feed prints one text below the other for as long as a command runs. On a terminal it keeps a line
// below them that says how things stand, and wraps what is on the screen anew when its width
// changes. Anywhere else it only prints. Its functions may be called from several goroutines.
type Feed struct {
	p      *Program
	screen bool // standard output is a terminal whose size is known
	shared bool // and standard error shows on a terminal too

	mu     sync.Mutex
	texts  []func(*Program) error // the last ones, to be written again
	status string
	drawn  bool // the status line stands there
	stop   func()
	ended  sync.WaitGroup
}

// mostTexts is how many texts are kept: more lines than a terminal has rows.
const mostTexts = 200

// StartFeed begins a feed, which End ends. Only a lasting one has the line below and wraps anew.
func StartFeed(p *Program, lasting bool) *Feed {
	f := &Feed{p: p, screen: lasting && p.Screen.Width > 0 && os.Getenv("TERM") != "dumb", stop: func() {}}
	f.shared = f.screen && IsTerminal(p.Stderr)
	if !f.screen {
		return f
	}
	changed, stop := resizes()
	done := make(chan struct{})
	f.stop = func() { stop(); close(done) }
	f.ended.Go(func() {
		for {
			select {
			case <-changed:
				f.again()
			case <-done:
				return
			}
		}
	})
	return f
}

// End takes the line below away.
func (f *Feed) End() {
	f.stop()
	f.ended.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.erase()
	f.p.Stdout.Flush()
	f.screen, f.shared = false, false
}

// Print writes a text on standard output, so that it is seen at once. The text is written to the
// program that it is given, as wide as that one's screen, and may be written again later.
func (f *Feed) Print(text func(*Program) error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.keep(text)
	f.erase()
	if err := text(f.p); err != nil {
		return fmt.Errorf("output: %w", err)
	}
	f.draw()
	if err := f.p.Stdout.Flush(); err != nil {
		return fmt.Errorf("output: %w", err)
	}
	return nil
}

// Tell writes a message on standard error.
func (f *Feed) Tell(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.shared {
		Tell(f.p.Stderr, format, args...)
		return
	}
	f.keep(func(p *Program) error {
		TellLines(p.Stdout, p.Screen.Width, "rlsguard: "+fmt.Sprintf(format, args...))
		return nil
	})
	f.erase()
	f.p.Stdout.Flush()
	Tell(f.p.Stderr, format, args...)
	f.draw()
	f.p.Stdout.Flush()
}

// Status sets the line below. It is cut where it does not fit.
func (f *Feed) Status(text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.status = text
	f.erase()
	f.draw()
	if f.screen {
		f.p.Stdout.Flush()
	}
}

func (f *Feed) keep(text func(*Program) error) {
	if !f.screen {
		return
	}
	if len(f.texts) == mostTexts {
		f.texts = append(f.texts[:0], f.texts[1:]...)
	}
	f.texts = append(f.texts, text)
}

const (
	eraseLine   = "\r\x1b[K"
	eraseScreen = "\x1b[H\x1b[2J"
)

func (f *Feed) erase() {
	if f.drawn {
		io.WriteString(f.p.Stdout, eraseLine)
		f.drawn = false
	}
}

// draw writes the line below: a column less than there are, since a full line would wrap.
func (f *Feed) draw() {
	if !f.screen || f.status == "" {
		return
	}
	text := Harmless(f.status)
	if runes := []rune(text); len(runes) > f.p.Screen.columns-1 {
		text = string(runes[:max(0, f.p.Screen.columns-1)])
	}
	io.WriteString(f.p.Stdout, text)
	f.drawn = true
}

// again writes what fits on the screen anew, as wide as the screen is by now.
func (f *Feed) again() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.p.Screen.measure()
	if f.p.Screen.Width == 0 {
		return
	}
	var b bytes.Buffer
	page := *f.p
	page.Stdout = bufio.NewWriter(&b)
	for _, text := range f.texts {
		if text(&page) != nil {
			return // nothing is written that could fail; the next text says what is wrong
		}
	}
	page.Stdout.Flush()
	lines := strings.SplitAfter(b.String(), "\n")
	if rows := f.p.Screen.rows; rows > 0 && len(lines) > rows {
		lines = lines[len(lines)-rows:] // the last one is empty: there the status stands
	}
	f.drawn = false
	io.WriteString(f.p.Stdout, eraseScreen+strings.Join(lines, ""))
	f.draw()
	f.p.Stdout.Flush()
}
