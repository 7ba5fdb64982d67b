//go:build unix

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
)

// TestWatchOnATerminal watches as a person does: the line below says how things stand, and when the
// terminal gets narrower no line breaks inside a word.
func TestWatchOnATerminal(t *testing.T) {
	dir := t.TempDir()
	s := startServe(t, "rlsguard", dir, "--as-of", "2026-11-23T08:00:00Z")
	s.run(0, "publish", "--wait", inFile(t, watchedRLS, watchedSertraline))
	w := watchTerminal(t, s.url, "xterm", 100)
	w.until(`connected; 2 flags open; no change yet; 1 moderate; 1 low$`)
	w.until(`rls-ssri sertraline`)
	if wide := widestOf(w.text()); wide <= 60 || wide > 100 {
		t.Errorf("on 100 columns the widest line has %d", wide)
	}

	w.resize(60)
	w.until(`(?s)\x1b\[2J.*connected; 2 flags open`)
	s.run(0, "publish", "--wait", inFile(t, watchedMirtazapine))
	w.until(`connected; 3 flags open; last change \d\d:\d\d:\d\d`)
	_, narrow, _ := strings.Cut(w.text(), "\x1b[2J")
	if wide := widestOf(narrow); wide <= 40 || wide > 60 {
		t.Errorf("on 60 columns the widest line has %d", wide)
	}
	if !regexp.MustCompile(`(?s)rls-ssri sertraline.*==== Changes since.*mirtazapine \[opened\]`).MatchString(narrow) {
		t.Errorf("the open flag, a line and the change are not there:\n%s", narrow)
	}

	// One that knows no escapes gets none, and no line below.
	dumb := watchTerminal(t, s.url, "dumb", 60)
	dumb.until(`==== Changes since .* ====`)

	s.stop()
	dumb.until(`rlsguard: connection lost at \d\d:\d\d:\d\d, trying again`)
	if strings.Contains(dumb.text(), "\x1b") || strings.Contains(dumb.text(), "connected; ") {
		t.Errorf("a dumb terminal gets %q", dumb.text())
	}
	w.until(`connection lost at \d\d:\d\d:\d\d, trying again; 3 flags open`)
}

const (
	watchedRLS = `{"resourceType":"Condition","id":"c","subject":{"reference":"Patient/1"},` +
		`"code":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"G25.81"}]}}` + "\n"
	watchedSertraline = `{"resourceType":"MedicationRequest","id":"m","status":"active","intent":"order",` +
		`"subject":{"reference":"Patient/1"},"medicationCodeableConcept":{"text":"sertraline 50 mg tablet"},"authoredOn":"2026-11-01"}` + "\n"
	watchedMirtazapine = `{"resourceType":"MedicationRequest","id":"n","status":"active","intent":"order",` +
		`"subject":{"reference":"Patient/1"},"medicationCodeableConcept":{"text":"mirtazapine 15 mg tablet"},"authoredOn":"2026-11-01"}` + "\n"
)

// inFile writes resources into a file.
func inFile(t *testing.T, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "in.ndjson")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// widestOf is the width of the widest line, without what a terminal acts on.
func widestOf(text string) int {
	widest := 0
	text = regexp.MustCompile("\x1b\\[[0-9;]*[A-Za-z]").ReplaceAllString(text, "")
	for _, line := range regexp.MustCompile(`[\r\n]+`).Split(text, -1) {
		widest = max(widest, len([]rune(line)))
	}
	return widest
}

// shownTerminal is a terminal on which watch runs.
type shownTerminal struct {
	t    *testing.T
	file *os.File

	mu    sync.Mutex
	shown bytes.Buffer
}

func watchTerminal(t *testing.T, url, kind string, columns uint16) *shownTerminal {
	t.Helper()
	cmd := exec.Command("rlsguard", "watch")
	cmd.Env = append(os.Environ(), "NATS_URL="+url, "TERM="+kind)
	file, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 50, Cols: columns})
	if err != nil {
		t.Fatal(err)
	}
	w := &shownTerminal{t: t, file: file}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		part := make([]byte, 4096)
		for {
			n, err := file.Read(part)
			w.mu.Lock()
			w.shown.Write(part[:n])
			w.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt)
		cmd.Wait()
		file.Close()
		<-ended
	})
	return w
}

func (w *shownTerminal) resize(columns uint16) {
	w.t.Helper()
	if err := pty.Setsize(w.file, &pty.Winsize{Rows: 50, Cols: columns}); err != nil {
		w.t.Fatal(err)
	}
}

// text is all that was written.
func (w *shownTerminal) text() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.shown.String()
}

func (w *shownTerminal) until(pattern string) {
	w.t.Helper()
	for deadline := time.Now().Add(releasePatience); !regexp.MustCompile(pattern).MatchString(w.text()); {
		if time.Now().After(deadline) {
			w.t.Fatalf("%s does not come:\n%q", pattern, w.text())
		}
		time.Sleep(10 * time.Millisecond)
	}
}
