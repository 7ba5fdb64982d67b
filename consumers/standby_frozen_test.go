//go:build unix

package consumers

import (
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// An instance is frozen in the middle of its work; another one takes over; then the first goes on
// and believes that it is active. It is refused, and that is counted.
func TestFrozenInstance(t *testing.T) {
	b := newBench(t)
	var health [2]string
	var pids [2]int
	for i := range pids {
		health[i] = filepath.Join(t.TempDir(), "http")
		pids[i] = startChild(t, "RLSGUARD_TEST_URL="+b.srv.URL(), "RLSGUARD_TEST_HTTP="+health[i]).Process.Pid
		b.wait("ready", func() bool { return strings.Contains(readiness(t, health[i]), `"ready":true`) })
	}
	signal := func(i int, s syscall.Signal) {
		if err := syscall.Kill(pids[i], s); err != nil {
			t.Fatal(err)
		}
	}
	var docs []string
	counted := 0
	least := kills(t, 1)
	for round := 0; counted < least && round < 20*least; round++ {
		// Versions of the same few orders: whatever the frozen one holds, the other one writes too.
		var more []string
		for i := range 400 {
			p := fmt.Sprint(i % 10)
			more = append(more, rlsJSON(p), orderJSON("a"+p, p, drugNames[i%len(drugNames)], "active", 1000*round+i))
		}
		docs = append(docs, more...)
		frozen := round % 2
		js, err := jetstream.New(b.nc)
		if err != nil {
			t.Fatal(err)
		}
		for i, d := range more {
			if _, err := js.PublishAsync("fhir.any", []byte(d)); err != nil {
				t.Fatal(err)
			}
			if i == len(more)/2 {
				time.Sleep(time.Duration(round) * time.Millisecond)
				signal(frozen, syscall.SIGSTOP)
			}
		}
		<-js.PublishAsyncComplete()
		began := time.Now()
		b.decided()
		took := time.Since(began)
		signal(frozen, syscall.SIGCONT)
		time.Sleep(500 * time.Millisecond) // it finishes what it had begun
		b.decided()
		counted = conflicts(t, health[0]) + conflicts(t, health[1])
		t.Logf("frozen: the rest decided after %v; %d conflicts so far", took, counted)
	}
	if counted == 0 {
		t.Error("no conflict was counted")
	}
	b.sameAsReplay(docs...)
	b.shownAsReplay(docs)
}
