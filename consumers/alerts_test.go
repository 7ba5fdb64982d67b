package consumers

import (
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/health"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// pair is two instances in processes of their own on one server, under load, and what was recorded
// of them.
type pair struct {
	*bench
	files    map[string]string
	children map[string]*exec.Cmd
	*recording
	stop func() // of load and recording
}

func newPair(t *testing.T) *pair {
	t.Helper()
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	t.Parallel()
	p := &pair{bench: newBench(t), files: map[string]string{}, children: map[string]*exec.Cmd{}}
	ask := map[string]func() (string, error){}
	for _, name := range []string{"a", "b"} {
		p.files[name] = filepath.Join(t.TempDir(), "http")
		ask[name] = metricsAt(p.files[name])
		p.startInstance(name)
	}
	done := make(chan struct{})
	var loading sync.WaitGroup
	loading.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
				for _, d := range someDocsFrom(i, 1) {
					p.tryPublish(d)
				}
			}
		}
	})
	r, stop := record(t, ask)
	p.recording = r
	p.stop = sync.OnceFunc(func() { stop(); close(done); loading.Wait() })
	t.Cleanup(p.stop)
	return p
}

// startInstance starts an instance and waits until it is ready.
func (p *pair) startInstance(name string) {
	p.t.Helper()
	if err := os.Remove(p.files[name]); err != nil && !os.IsNotExist(err) {
		p.t.Fatal(err)
	}
	p.children[name] = startChild(p.t, "RLSGUARD_TEST_URL="+p.srv.URL(), "RLSGUARD_TEST_HTTP="+p.files[name])
	p.wait("ready", func() bool { return strings.Contains(readiness(p.t.(*testing.T), p.files[name]), `"ready":true`) })
}

// active is the instance that says that it gets the inputs.
func (p *pair) active() string {
	p.t.Helper()
	found := ""
	p.wait("active", func() bool {
		for name, file := range p.files {
			if text, err := metricsAt(file)(); err == nil && strings.Contains(text, "\nrlsguard_active 1\n") {
				found = name
			}
		}
		return found != ""
	})
	return found
}

// silence is no alert: with every evaluation while a recording was made, and now and then after it.
func silentAfter(recorded, until time.Duration) (all []firing) {
	step := time.Second
	for at := step; at <= until; at += step {
		all = append(all, firing{at: at, only: true})
		if at > recorded {
			step = 10 * time.Second
		}
	}
	return all
}

// A rolling restart under load alarms nobody.
func TestNoAlertInARollingRestart(t *testing.T) {
	p := newPair(t)
	for range 2 {
		name := p.active()
		if err := p.children[name].Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if err := p.children[name].Wait(); err != nil {
			t.Errorf("after SIGTERM: %v", err)
		}
		time.Sleep(3 * scrapeEvery) // as long as a manager needs
		p.startInstance(name)
		p.active()
	}
	time.Sleep(6 * scrapeEvery)
	p.stop()
	recorded := p.duration()
	p.hold(6, 20*time.Minute)
	p.ruleTest(t, silentAfter(recorded, p.duration())...)
}

// The active instance is killed and stays away: the other takes over, and for a quarter of an hour
// nobody is called.
func TestNoAlertInAFailover(t *testing.T) {
	p := newPair(t)
	killed := p.active()
	time.Sleep(4 * scrapeEvery)
	kill(p.children[killed])
	other := map[string]string{"a": "b", "b": "a"}[killed]
	p.wait("taken over", func() bool { return p.active() == other })
	time.Sleep(6 * scrapeEvery)
	p.stop()
	recorded := p.duration()
	p.hold(6, 20*time.Minute)
	expect := silentAfter(recorded, 14*time.Minute)
	p.ruleTest(t, append(expect, firing{at: p.duration(), alerts: []string{"RlsguardStandbyMissing"}, only: true})...)
}

// Two instances lose their server: one alert, not one for each.
func TestAlertWhereBothAreNotReady(t *testing.T) {
	p := newPair(t)
	time.Sleep(4 * scrapeEvery)
	p.mu.Lock()
	before := p.scrapes
	p.mu.Unlock()
	p.bench.stop()
	for _, file := range p.files {
		p.wait("not ready", func() bool { return strings.Contains(readiness(t, file), `"disconnected"`) })
	}
	time.Sleep(6 * scrapeEvery)
	p.stop()
	p.hold(6, 5*time.Minute)
	for _, name := range []string{
		"inbound_lag_messages", "inbound_in_flight_messages", "oldest_undecided_seconds", "active", "dead_letters",
		"flags_copy_lag_seconds",
		"audit_lag_seconds",
	} {
		values := p.series["rlsguard_"+name+`{instance="a",job="rlsguard"}`]
		switch {
		case len(values) == 0 || math.IsNaN(values[before-1]):
			t.Errorf("%s was absent before the fault: %v", name, values)
		case !math.IsNaN(values[len(values)-1]):
			t.Errorf("%s is told though it cannot be read", name)
		}
	}
	p.ruleTest(
		t,
		firing{at: 2 * time.Second, only: true},
		firing{at: p.duration(), alerts: []string{"RlsguardNotReady"}, only: true},
	)
	b := &bench{t: t, dir: p.dir} // the end of the test stops a server
	b.start()
	p.srv, p.nc, p.js = b.srv, b.nc, b.js
}

// Nobody answers, or something else does.
func TestAlertWithoutInstances(t *testing.T) {
	for name, c := range map[string]struct {
		series string
		alert  string
	}{
		"no target":        {`up{instance="c",job="other"}`, "RlsguardDown"},
		"down":             {`up{instance="a",job="rlsguard"}`, "RlsguardDown"},
		"something else":   {`up{instance="b",job="rlsguard"}`, "RlsguardReadinessUnknown"},
		"another software": {`other_metric{instance="b",job="rlsguard"}`, "RlsguardDown"},
	} {
		t.Run(name, func(t *testing.T) {
			value := 0.0
			if c.alert == "RlsguardReadinessUnknown" {
				value = 1
			}
			r := &recording{series: map[string][]float64{c.series: {value}}, scrapes: 1}
			r.hold(1, 5*time.Minute)
			r.ruleTest(t, firing{at: r.duration(), alerts: []string{c.alert}, only: true})
		})
	}
}

// What goes wrong while an instance is ready is heard too.
func TestAlertsWhileReady(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	t.Parallel()
	for alert, fault := range map[string]func(*bench, *health.Health){
		"RlsguardFlagsNotCopied": func(b *bench, h *health.Health) {
			b.fillUp(layout.StreamFlags)
			b.publish(someDocs(3)...)
			b.decided()
			b.wait("behind", func() bool { return number(h, "rlsguard_flags_copy_lag_seconds") > 0 })
		},
		"RlsguardAuditStays": func(b *bench, h *health.Health) {
			b.fillUp(layout.StreamAudit)
			b.publish(someDocs(3)...)
			b.decided()
			b.wait("behind", func() bool { return number(h, "rlsguard_audit_lag_seconds") > 0 })
		},
		// somebody else takes the inputs, and does nothing with them
		"RlsguardNotConsuming": func(b *bench, h *health.Health) {
			b.publish(someDocs(1)...)
			b.decided()
			b.stealInputs()
			b.publish(someDocsFrom(7, 2)...)
			b.wait("waiting", func() bool {
				return number(h, "rlsguard_inbound_lag_messages") > 0 && number(h,
					"rlsguard_oldest_undecided_seconds") > 0
			})
		},
		"RlsguardStartsOver": func(b *bench, h *health.Health) { // somebody deletes a stream again and again
			for range 5 {
				if err := b.js.DeleteStream(b.t.Context(), layout.StreamDead); err != nil {
					b.t.Fatal(err)
				}
				b.wait("made again", func() bool {
					_, err := b.js.Stream(b.t.Context(),
						layout.StreamDead)
					return err == nil
				})
				b.wait("ready", func() bool { return len(h.Reasons()) == 0 })
			}
		},
	} {
		t.Run(alert, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			cfg := b.config()
			r, stop := record(t, map[string]func() (string, error){"a": metricsOf(cfg.Health)})
			b.begin(cfg)
			fault(b, cfg.Health)
			time.Sleep(6 * scrapeEvery)
			stop()
			r.lasting = true
			r.hold(3, 14*time.Minute)
			expect := firing{at: r.duration(), alerts: []string{alert}}
			if alert == "RlsguardNotConsuming" {
				expect.alerts = []string{"RlsguardLate", alert}
			}
			r.ruleTest(t, expect)
		})
	}
}

// stealInputs is a client that takes what is for the instances and answers nothing.
func (b *bench) stealInputs() {
	b.t.Helper()
	stream, err := b.js.Stream(b.t.Context(), layout.StreamFHIR)
	b.check(err)
	cons, err := stream.Consumer(b.t.Context(), layout.Durable)
	b.check(err)
	it, err := cons.Messages(jetstream.PullPriorityGroup(group), jetstream.PullExpiry(pullExpiry))
	b.check(err)
	b.t.Cleanup(it.Stop)
	taken := make(chan struct{})
	go func() {
		for n := 0; ; n++ {
			if _, err := it.Next(); errors.Is(err, jetstream.ErrMsgIteratorClosed) {
				return
			} else if err == nil && n == 0 {
				close(taken)
			}
		}
	}()
	n := 100
	b.wait("stolen", func() bool {
		b.check(stream.UnpinConsumer(b.t.Context(), layout.Durable, group))
		n++
		b.publish(someDocsFrom(n, 1)...)
		select {
		case <-taken:
			return true
		case <-time.After(200 * time.Millisecond):
			return false
		}
	})
}

// number is the value of a metric without labels; -1 when it is absent.
func number(h *health.Health, name string) float64 {
	text, err := metricsOf(h)()
	_, after, ok := strings.Cut(text, "\n"+name+" ")
	v := -1.0
	if _, scan := fmt.Sscan(after, &v); err != nil || !ok || scan != nil {
		return -1
	}
	return v
}
