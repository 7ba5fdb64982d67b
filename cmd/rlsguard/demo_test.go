package main

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
)

// demonstrate runs the demo on a screen so wide.
func demonstrate(t *testing.T, width int) string {
	t.Helper()
	var out, errs bytes.Buffer
	p := &terminal.Program{Stdout: bufio.NewWriter(&out), Stderr: &errs, Now: time.Now}
	p.Screen.Width = width
	if code := execute(p, []string{"demo"}); code != terminal.ExitDone || errs.Len() > 0 {
		t.Fatalf("exit %d: %s", code, errs.String())
	}
	return out.String()
}

// nowhere leaves no folder that can be written.
func nowhere(t *testing.T) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	gone := t.TempDir()
	t.Chdir(gone)
	if err := os.Remove(gone); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", file)
	t.Setenv("XDG_CACHE_HOME", file)
	t.Setenv("HOME", file)
}

// A patient of the demo fits a screen of 24 lines, and a line its width.
func TestDemoFitsAScreen(t *testing.T) {
	for _, width := range []int{80, 100} {
		text := demonstrate(t, width)
		for chapter := range strings.SplitSeq(text, "\n> ") {
			if n := strings.Count(chapter, "\n"); n > 24 {
				t.Errorf("at %d columns: %d lines: %s", width, n, chapter)
			}
		}
		for line := range strings.Lines(text) {
			// what is there to be typed is not wrapped
			if n := terminal.Columns(strings.TrimSuffix(line, "\n")); n > max(width, 86) {
				t.Errorf("at %d columns: %d: %s", width, n, line)
			}
		}
	}
}

// Without a folder that can be written the demo shows the same flags, and says that there was no
// server.
func TestDemoWithoutAFolder(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a folder that is in use cannot be removed there")
	}
	const end = "That was the w"
	want, _, _ := strings.Cut(demonstrate(t, 80), end)
	nowhere(t)
	got, after, _ := strings.Cut(demonstrate(t, 80), end)
	if got != want || !strings.Contains(want, "HIGH gabapentinoid-respiratory-depression") {
		t.Errorf("it shows\n%s\nand with a server\n%s", got, want)
	}
	if !strings.Contains(after, "without a server") {
		t.Errorf("it does not say so: %s", after)
	}

	var out, errs bytes.Buffer
	p := &terminal.Program{Stdout: bufio.NewWriter(&out), Stderr: &errs, Now: time.Now}
	if code := execute(p, []string{"demo", "--keep"}); code != terminal.ExitFailed ||
		!strings.Contains(errs.String(), "TMPDIR") {
		t.Errorf("--keep: exit %d: %s", code, errs.String())
	}
}

// The demo finds another folder where there is none for temporary files.
func TestDemoFolder(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("other variables name the folders there")
	}
	nowhere(t)
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	t.Setenv("HOME", filepath.Dir(cache))
	if runtime.GOOS == "darwin" {
		cache = filepath.Join(filepath.Dir(cache), "Library", "Caches")
		if err := os.MkdirAll(cache, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	dir, err := demoFolder()
	if err != nil || filepath.Dir(dir) != cache {
		t.Errorf("%s: %v", dir, err)
	}
}

// demo --keep shows where the page and the server are, keeps both until it is interrupted, and leaves
// nothing behind.
func TestDemoKeeps(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no signal to end it with")
	}
	folder := t.TempDir()
	cmd := exec.Command("rlsguard", "demo", "--keep")
	cmd.Env = append(os.Environ(), "TMPDIR="+folder)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	link, server := "", ""
	lines := bufio.NewScanner(out)
	for (link == "" || server == "") && lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if strings.HasPrefix(line, "http://127.0.0.1:") {
			link = line
		}
		if rest, ok := strings.CutPrefix(line, "export NATS_URL="); ok {
			server = rest
		}
	}
	if jar, err := cookiejar.New(nil); err != nil {
		t.Error(err)
	} else if resp, err := (&http.Client{Jar: jar, Timeout: time.Minute}).Get(link); err != nil {
		t.Error(err)
	} else {
		if resp.StatusCode != http.StatusOK {
			t.Errorf("the page answers %s", resp.Status)
		}
		resp.Body.Close()
	}
	watch := exec.Command("rlsguard", "watch", "--once")
	watch.Env = append(os.Environ(), "NATS_URL="+server)
	if text, err := watch.CombinedOutput(); err != nil || !bytes.Contains(text, []byte("Patient/bert")) {
		t.Errorf("watch: %v: %s", err, text)
	}
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Error(err)
	}
	_, _ = io.Copy(io.Discard, out)
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}
