package consumers

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/consumers/watch"
)

// kills is how often a fault is made; RLSGUARD_SOAK=1 is for a long run, a higher number says how
// long.
func kills(t *testing.T, few int) int {
	s := os.Getenv("RLSGUARD_SOAK")
	if s == "" {
		return few
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatalf("RLSGUARD_SOAK: %v", err)
	}
	if n <= 1 {
		return 10 * few
	}
	return n
}

// Server and consumer are killed together, again and again, while inputs come in.
func TestKillWithEmbeddedServer(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	b := &bench{t: t}
	urlFile := filepath.Join(dir, "nats.url")
	connect := func() {
		b.wait("listening", func() bool {
			raw, err := os.ReadFile(urlFile)
			if err != nil {
				return false
			}
			b.nc, err = nats.Connect(strings.TrimSpace(string(raw)))
			return err == nil
		})
		b.js, _ = jetstream.New(b.nc)
		b.wait("streams", func() bool { _, err := b.js.Stream(t.Context(), layout.StreamDead); return err == nil })
	}
	env := []string{"RLSGUARD_TEST_DIR=" + dir, "RLSGUARD_TEST_LISTEN=127.0.0.1:0", "RLSGUARD_TEST_IMPATIENT=1"}
	cmd := startChild(t, env...)
	connect()
	n := kills(t, 4)
	docs := someDocs(10 * (n + 1))
	step := len(docs)/(n+1) + 1
	for i := range n + 1 {
		b.publish(docs[min(i*step, len(docs)):min((i+1)*step, len(docs))]...)
		if i == n {
			break
		}
		time.Sleep(time.Duration(rand.IntN(30)) * time.Millisecond)
		b.nc.Close()
		kill(cmd)
		if err := os.Remove(urlFile); err != nil {
			t.Fatal(err)
		}
		cmd = startChild(t, env...)
		connect()
	}
	b.decided()
	b.sameAsReplay(docs...)
	if d := cmp.Diff(open(engine(), replay(docs...)), b.openNow(watch.Options{})); d != "" {
		t.Errorf("what dashboards read differs (-replay +watch):\n%s", d)
	}
	b.pruned()
	b.nothingShown()
	b.onceEach()
	if d := cmp.Diff(open(engine(), replay(docs...)), b.openNow(watch.Options{})); d != "" {
		t.Errorf("what dashboards read once it has left RLS differs (-replay +watch):\n%s", d)
	}
	if damaged, err := filepath.Glob(filepath.Join(dir, "damaged", "*")); err != nil || len(damaged) > 0 {
		t.Errorf("damaged: %s, %v", damaged, err)
	}
	b.nc.Close()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v", err)
	}
}

// Two instances on one server; the one or the other is killed while inputs come in.
func TestKillOneOfTwo(t *testing.T) {
	b := newBench(t)
	env := []string{"RLSGUARD_TEST_URL=" + b.srv.URL(), "RLSGUARD_TEST_IMPATIENT=1"}
	first, second := startChild(t, env...), startChild(t, env...)
	b.wait("streams", func() bool { _, err := b.js.Stream(t.Context(), layout.StreamDead); return err == nil })
	sub, err := b.nc.SubscribeSync(layout.SubjectFlags + ">")
	if err != nil {
		t.Fatal(err)
	}
	n := kills(t, 2)
	docs := someDocs(15 * (n + 1))
	step := len(docs)/(n+1) + 1
	for i := range n + 1 {
		b.publish(docs[min(i*step, len(docs)):min((i+1)*step, len(docs))]...)
		if i < n {
			time.Sleep(time.Duration(rand.IntN(50)) * time.Millisecond)
			kill(first)
			first, second = second, startChild(t, env...)
		}
	}
	b.decided()
	b.sameAsReplay(docs...)
	seen := map[string]bool{}
	for _, f := range b.history() {
		m, err := sub.NextMsg(5 * time.Second)
		if err != nil {
			t.Fatalf("%d committed transitions, %d shown: %v", len(b.history()), len(seen), err)
		}
		id := m.Header.Get("ce-id")
		if want := fmt.Sprintf("%s.%d", f.ID, f.Number); id != want || seen[id] {
			t.Errorf("shown %s (before: %v), committed %s", id, seen[id], want)
		}
		seen[id] = true
	}
	b.pruned()
	b.onceEach()
	kill(first)
	kill(second)
}
