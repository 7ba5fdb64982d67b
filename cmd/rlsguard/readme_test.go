package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// doors are the parts of the README that show a use each, and what a reader sees who pastes their
// examples one after the other.
var doors = []struct {
	part string
	sees []string // of each example that ends
}{
	{"Check files", []string{"HIGH gabapentinoid-respiratory-depression gabapentin"}},
	{"Run on a bus", []string{"MODERATE iron-low"}},
	{"Feed a dashboard", []string{`"check":"iron-low"`}},
	{"Before the prescription", []string{"rls-tetracyclic mirtazapine"}},
	{"Test with it", []string{"1 case"}},
}

// examples are the examples of a part of a page.
func (p *sheet) examples(part string) (all []string) {
	_, rest, _ := strings.Cut(string(p.source), "\n## "+part+"\n")
	rest, _, _ = strings.Cut(rest, "\n## ")
	for _, b := range newSheet([]byte(rest)).blocks() {
		all = append(all, b.text)
	}
	return all
}

// clone is a folder in which the README can be followed: what it shows is there, and nothing that is
// written reaches the repository.
func clone(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, folder := range []string{"cmd/rlsguard/demo"} {
		if err := os.CopyFS(filepath.Join(dir, folder), os.DirFS(filepath.Join(top, folder))); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Every door of the README opens for whoever pastes its example.
func TestReadmeDoors(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the examples are for a shell")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	dir := clone(t)
	env := append(os.Environ(), "NATS_URL=", "HOME="+dir, "XDG_DATA_HOME="+dir+"/data",
		"XDG_CONFIG_HOME="+dir+"/config")
	for _, door := range doors {
		examples := pages(t)[firstPage].examples(door.part)
		if len(examples) == 0 {
			t.Errorf("%s: it shows no example", door.part)
		}
		var seen []string
		for _, example := range examples {
			if strings.HasPrefix(example, "rlsguard serve ") {
				serveAsShown(ctx, t, dir, env, example)
				continue
			}
			var errs bytes.Buffer
			cmd := exec.CommandContext(ctx, "sh", "-ec", example)
			cmd.Dir, cmd.Env, cmd.Stderr = dir, env, &errs
			out, err := cmd.Output()
			if err != nil {
				t.Errorf("%s: %v\n%s\n%s%s", door.part, err, example, out, errs.String())
			}
			seen = append(seen, string(out))
			if strings.Contains(example, "--format json") {
				for line := range bytes.Lines(out) {
					if !json.Valid(line) {
						t.Errorf("%s: no JSON: %s", door.part, line)
					}
				}
			}
		}
		for i, want := range door.sees {
			if i >= len(seen) || !strings.Contains(seen[i], want) {
				t.Errorf("%s: %q is not to be seen in %q", door.part, want, seen)
			}
		}
	}
}

// serveAsShown starts the server that an example starts, on ports that are free, and stops it when the
// test ends.
func serveAsShown(ctx context.Context, t *testing.T, dir string, env []string, example string) {
	t.Helper()
	// not with the context: it is ended as by Ctrl-C
	cmd := exec.Command("sh", "-ec", "exec "+strings.TrimSpace(example)+" --listen 127.0.0.1:0 --http 127.0.0.1:0")
	cmd.Dir, cmd.Env = dir, env
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		if err := <-ended; err != nil {
			t.Errorf("serve ended with %v: %s", err, log.String())
		}
	})
	address := filepath.Join(cmd.Dir, "trial", "data", "nats.url")
	for {
		if _, err := os.Stat(address); err == nil {
			return
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("serve ended: %v", err)
		case <-ctx.Done():
			t.Fatal("serve does not start")
		case <-time.After(20 * time.Millisecond):
		}
	}
}
