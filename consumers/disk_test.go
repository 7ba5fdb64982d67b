package consumers

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/layout"
)

// inNamespace is a command of a shell in which folders can be mounted, with the test's child as $0.
// It skips the test where the system does not permit that.
func inNamespace(t *testing.T, script string, env ...string) *exec.Cmd {
	t.Helper()
	dir := t.TempDir()
	try := exec.Command("unshare", "-rm", "sh", "-c", `mount -t tmpfs -o size=1m tmpfs "$0"`, dir)
	if out, err := try.CombinedOutput(); err != nil {
		t.Skipf("no file system can be mounted here: %v: %s", err, out)
	}
	cmd := exec.Command("unshare", "-rm", "sh", "-c", script+` && exec "$0"`, os.Args[0])
	cmd.Env = append(append(os.Environ(), "RLSGUARD_TEST_CHILD=1"), env...)
	return cmd
}

// fill writes a file until nothing fits any more.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for block := make([]byte, 64<<10); len(block) > 0; {
		if _, err := f.Write(block); err != nil {
			block = block[:len(block)/2]
		}
	}
}

// readiness asks a child's health page.
func readiness(t *testing.T, file string) string {
	t.Helper()
	base, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	res, err := http.Get(string(base) + "/readyz")
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// A full disk: not ready, nothing lost that was acknowledged, and it goes on by itself when there
// is space.
func TestDiskFull(t *testing.T) {
	dir, health := t.TempDir(), filepath.Join(t.TempDir(), "http")
	cmd := inNamespace(t, fmt.Sprintf(`mount -t tmpfs -o size=24m tmpfs '%s'`, dir),
		"RLSGUARD_TEST_DIR="+dir, "RLSGUARD_TEST_LISTEN=127.0.0.1:0", "RLSGUARD_TEST_HTTP="+health)
	var log strings.Builder
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		kill(cmd)
		if t.Failed() {
			t.Log(log.String())
		}
	})
	inside := filepath.Join("/proc", fmt.Sprint(cmd.Process.Pid), "root", dir)
	b := &bench{t: t}
	b.wait("listening", func() bool {
		raw, err := os.ReadFile(filepath.Join(inside, "nats.url"))
		if err != nil {
			return false
		}
		b.nc, err = nats.Connect(
			strings.TrimSpace(string(raw)),
			nats.MaxReconnects(-1),
			nats.ReconnectWait(50*time.Millisecond),
		)
		return err == nil
	})
	defer b.nc.Close()
	var err error
	if b.js, err = jetstream.New(b.nc); err != nil {
		t.Fatal(err)
	}
	ready := func() bool { return strings.Contains(readiness(t, health), `"ready":true`) }
	b.wait("ready", ready)

	rounds := kills(t, 2)
	var docs []string
	for round := range rounds {
		more := someDocsFrom(round*100, 20)
		docs = append(docs, more...)
		b.publish(more[:30]...)
		ballast := filepath.Join(inside, "ballast")
		fill(t, ballast)
		began := time.Now()
		var refused []string
		full := func() bool { return strings.Contains(readiness(t, health), `"disk"`) }
		for _, d := range more[30:] {
			if !b.tryPublish(d) {
				refused = append(refused, d)
			}
			if len(refused) > 2 && full() {
				break
			}
		}
		b.wait("unready for the disk", full)
		told := time.Since(began)
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
		began = time.Now()
		b.wait("ready again", ready)
		t.Logf(
			"told after %v; ready %v after there was space; %d inputs were refused",
			told,
			time.Since(began),
			len(refused),
		)
		// what was not acknowledged is published again; what was stored nevertheless is the same
		for _, d := range more[30:] {
			b.wait("published", func() bool { return b.tryPublish(d) })
		}
		b.decided()
	}
	b.sameAsReplay(docs...)
	b.shownAsReplay(docs)
	if n := len(b.messages(layout.StreamDead, layout.SubjectDead+">")); n != 0 {
		t.Errorf("%d dead letters", n)
	}
}

// someDocsFrom are someDocs of other patients.
func someDocsFrom(first, n int) []string {
	var docs []string
	for i := first; i < first+n; i++ {
		p := fmt.Sprint(i)
		docs = append(
			docs,
			rlsJSON(p),
			orderJSON("a"+p, p, "sertraline", "active", 1),
			orderJSON("a"+p, p, "sertraline", "stopped", 2),
			orderJSON("b"+p, p, "gabapentin", "active", 1),
		)
	}
	return docs
}

// tryPublish tells whether a document was acknowledged.
func (b *bench) tryPublish(doc string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_, err := b.js.Publish(ctx, "fhir.any", []byte(doc))
	return err == nil
}

// A folder that cannot be written is told with path and cause before anything is consumed.
func TestReadOnlyData(t *testing.T) {
	docs := someDocs(3)
	dir := soundStore(t, docs)
	for name, what := range map[string]string{"all of it": dir, "the store": filepath.Join(dir, "jetstream")} {
		t.Run(name, func(t *testing.T) {
			cmd := inNamespace(
				t,
				fmt.Sprintf(`mount --bind '%[1]s' '%[1]s' && mount -o remount,bind,ro '%[1]s'`, what),
				"RLSGUARD_TEST_DIR="+dir,
				"RLSGUARD_TEST_LISTEN=127.0.0.1:0",
			)
			out, err := cmd.CombinedOutput()
			if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != 1 {
				t.Errorf("ended with %v", err)
			}
			if text := string(out); !strings.Contains(text, what) || !strings.Contains(text, "read-only file system") {
				t.Errorf("path or cause is missing: %s", text)
			}
		})
	}
}
