package consumers

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/health"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// faults produce each reason of not being ready: they start an instance, and return how its metrics
// are asked for once the fault is there, which lasts until the test ends.
var faults = map[string]func(*bench) func() (string, error){
	// nobody can read the states while others have all consumers of their stream
	health.Starting: func(b *bench) func() (string, error) {
		cfg := b.config()
		b.serve(cfg)()
		b.takeConsumers(layout.StreamRLS)
		return b.begin(b.config())
	},
	health.Stopping: func(b *bench) func() (string, error) {
		cfg := b.config()
		b.serve(cfg)()
		return metricsOf(cfg.Health)
	},
	health.NotConnected: func(b *bench) func() (string, error) {
		ask, p := b.throughProxy()
		p.set(true, false)
		return ask
	},
	health.NotLooking: func(b *bench) func() (string, error) {
		ask, p := b.throughProxy()
		p.set(false, true)
		return ask
	},
	health.NoConsumer: func(b *bench) func() (string, error) {
		ask := b.begin(b.config())
		b.takeConsumers(layout.StreamFHIR)
		if err := b.js.DeleteConsumer(b.t.Context(), layout.StreamFHIR, layout.Durable); err != nil {
			b.t.Fatal(err)
		}
		return ask
	},
	health.NotWriting: func(b *bench) func() (string, error) {
		b.serve(b.config())()
		b.publish(someDocs(3)...)
		b.fillUp(layout.StreamRLS)
		return b.begin(b.config())
	},
	health.NoDisk: fullDisk,
	health.WrongClock: func(b *bench) func() (string, error) {
		p := newProxy(b.t.(*testing.T), b.srv.Addr())
		p.later = true
		cfg := b.config()
		cfg.URL, cfg.AsOf = p.url(b.srv.URL()), time.Time{}
		return b.begin(cfg)
	},
	// states are gone, and an input that cannot be put aside holds up the making of new ones
	health.Rebuilding: func(b *bench) func() (string, error) {
		stop := b.serve(b.config())
		b.publish(someDocs(3)...)
		b.decided()
		stop()
		b.fillUp(layout.StreamDead)
		b.publish("[]")
		if err := b.js.DeleteStream(b.t.Context(), layout.StreamRLS); err != nil {
			b.t.Fatal(err)
		}
		return b.begin(b.config())
	},
	health.CopyingFlags: func(b *bench) func() (string, error) { // RLS_FLAGS takes no more
		stop := b.serve(b.config())
		b.fillUp(layout.StreamFlags)
		b.publish(someDocs(3)...)
		b.decided()
		stop()
		return b.begin(b.config())
	},
	health.StreamReplaced: func(b *bench) func() (string, error) { // and the states cannot be read again
		ask := b.begin(b.config())
		b.takeConsumers(layout.StreamRLS)
		if err := b.js.DeleteStream(b.t.Context(), layout.StreamDead); err != nil {
			b.t.Fatal(err)
		}
		return ask
	},
	health.StreamMissing: func(b *bench) func() (string, error) { // and may not be made
		ask := b.begin(b.config())
		if err := b.js.DeleteStream(b.t.Context(), layout.StreamFHIR); err != nil {
			b.t.Fatal(err)
		}
		b.limit(server.JetStreamAccountLimits{MaxStreams: 1})
		return ask
	},
	// a state was removed while nobody ran, and the inbound stream does not hold all any more
	health.StateDamaged: func(b *bench) func() (string, error) {
		stop := b.serve(b.config())
		b.publish(someDocs(3)...)
		b.decided()
		stop()
		b.remove(layout.StreamRLS, stateSubject("Patient/1"))
		if err := b.stream(layout.StreamFHIR).Purge(b.t.Context(), jetstream.WithPurgeKeep(1)); err != nil {
			b.t.Fatal(err)
		}
		return b.begin(b.config())
	},
	// somebody goes on writing where only rlsguard should
	health.ForeignMessages: func(b *bench) func() (string, error) {
		ask := b.begin(b.config())
		b.publish(someDocs(3)...)
		b.decided()
		ctx, cancel := context.WithCancel(context.Background())
		var writing sync.WaitGroup
		writing.Go(func() {
			for ctx.Err() == nil {
				_, _ = b.js.Publish(ctx, stateSubject("Patient/1"), []byte("junk"))
				jet.Sleep(ctx, 20*time.Millisecond)
			}
		})
		b.t.Cleanup(func() { cancel(); writing.Wait() })
		return ask
	},
	health.NoJetStream: func(b *bench) func() (string, error) {
		srv, err := server.NewServer(
			&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true},
		)
		if err != nil {
			b.t.Fatal(err)
		}
		srv.Start()
		b.t.Cleanup(func() { srv.Shutdown(); srv.WaitForShutdown() })
		cfg := b.config()
		cfg.URL = srv.ClientURL()
		return b.begin(cfg)
	},
	health.ChangedStream: func(b *bench) func() (string, error) {
		ask := b.begin(b.config())
		b.maxAge(layout.StreamRLS, 24*time.Hour)
		return ask
	},
	health.StatesMissing: func(b *bench) func() (string, error) { // and the stream would not keep what is stored again
		ask := b.begin(b.config())
		b.publish(someDocs(3)...)
		b.decided()
		b.maxAge(layout.StreamRLS, time.Second)
		return ask
	},
	health.ChangedConsumer: func(b *bench) func() (string, error) { // again and again
		cfg := b.config()
		ask := b.begin(cfg)
		b.wait("refused", func() bool {
			c, err := b.js.Consumer(b.t.Context(), layout.StreamFHIR, layout.Durable)
			if err == nil && !c.CachedInfo().Config.HeadersOnly {
				change := c.CachedInfo().Config
				change.HeadersOnly = true
				_, _ = b.js.UpdateConsumer(b.t.Context(), layout.StreamFHIR, change) // it may be about to be made again
			}
			return slices.Contains(cfg.Health.Reasons(), health.ChangedConsumer)
		})
		return ask
	},
	health.StartingOver: func(b *bench) func() (string, error) { // somebody made the stream as it is no use
		for _, c := range layout.StreamConfigs(1) {
			if c.Name == layout.StreamRLS {
				c.AllowAtomicPublish = false
			}
			if _, err := b.js.CreateStream(b.t.Context(), c); err != nil {
				b.t.Fatal(err)
			}
		}
		return b.begin(b.config())
	},
}

// begin runs an instance until the test ends; it need not get ready. Where it does so before the
// fault, the caller waits for that.
func (b *bench) begin(cfg Config) func() (string, error) {
	b.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, cfg) }()
	b.t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			b.t.Errorf("Serve: %v", err)
		}
	})
	for end := time.Now().Add(3 * time.Second); len(cfg.Health.Reasons()) > 0 && time.Now().Before(end); {
		time.Sleep(5 * time.Millisecond)
	}
	return metricsOf(cfg.Health)
}

func (b *bench) throughProxy() (func() (string, error), *proxy) {
	b.t.Helper()
	p := newProxy(b.t.(*testing.T), b.srv.Addr())
	cfg := b.config()
	cfg.URL = p.url(b.srv.URL())
	return b.begin(cfg), p
}

// limit sets what the account may have; what is 0 is not limited.
func (b *bench) limit(l server.JetStreamAccountLimits) {
	b.t.Helper()
	for _, n := range []*int{&l.MaxStreams, &l.MaxConsumers} {
		if *n == 0 {
			*n = -1
		}
	}
	l.MaxMemory, l.MaxStore = -1, -1
	limits := map[string]server.JetStreamAccountLimits{"": l}
	if err := b.srv.Current().GlobalAccount().UpdateJetStreamLimits(limits); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) maxAge(stream string, age time.Duration) {
	b.t.Helper()
	s, err := b.js.Stream(b.t.Context(), stream)
	if err == nil {
		cfg := s.CachedInfo().Config
		cfg.MaxAge, cfg.Duplicates = age, 0
		_, err = b.js.UpdateStream(b.t.Context(), cfg)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// takeConsumers leaves a stream no consumer for anybody else.
func (b *bench) takeConsumers(stream string) {
	b.t.Helper()
	if _, err := b.js.CreateConsumer(b.t.Context(), stream, jetstream.ConsumerConfig{Durable: "another"}); err != nil {
		b.t.Fatal(err)
	}
	b.limit(server.JetStreamAccountLimits{MaxConsumers: 1})
}

// fullDisk is an instance with its server inside, in a file system of its own that something else
// fills.
func fullDisk(b *bench) func() (string, error) {
	t := b.t.(*testing.T)
	dir, health := t.TempDir(), filepath.Join(t.TempDir(), "http")
	cmd := inNamespace(t, fmt.Sprintf(`mount -t tmpfs -o size=24m tmpfs '%s'`, dir),
		"RLSGUARD_TEST_DIR="+dir, "RLSGUARD_TEST_LISTEN=127.0.0.1:0", "RLSGUARD_TEST_HTTP="+health)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kill(cmd) })
	b.wait("ready", func() bool { return strings.Contains(readiness(t, health), `"ready":true`) })
	fill(t, filepath.Join("/proc", fmt.Sprint(cmd.Process.Pid), "root", dir, "ballast"))
	return metricsAt(health)
}

// Each reason of not being ready comes of a real fault, is in the metrics, and lets an alert fire
// while it lasts.
func TestAlertForEachReason(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute")
	}
	t.Parallel()
	for _, reason := range health.NotReady {
		t.Run(reason, func(t *testing.T) {
			fault := faults[reason]
			if fault == nil {
				t.Fatalf("no fault produces the reason %s: add one to faults", reason)
			}
			t.Parallel()
			b := newBench(t)
			ask := fault(b)
			named := fmt.Sprintf("rlsguard_not_ready{reason=%q} 1\n", reason)
			b.wait(reason, func() bool { text, err := ask(); return err == nil && strings.Contains(text, named) })
			r, stop := record(t, map[string]func() (string, error){"a": ask})
			time.Sleep(6 * scrapeEvery)
			stop()
			for series, values := range r.series {
				if strings.HasPrefix(series, "rlsguard_ready{") && slices.Contains(values, 1) {
					t.Errorf("ready at times: %v", values)
				}
			}
			r.hold(6, 5*time.Minute)
			r.ruleTest(t, firing{at: r.duration(), alerts: []string{"RlsguardNotReady"}})
		})
	}
}

// The list of reasons is closed: whatever the code calls a reason is in it.
func TestReasonsAreClosed(t *testing.T) {
	used := usedReasons(t)
	if len(used) < 10 {
		t.Fatalf("only %d reasons found in the code", len(used))
	}
	for reason := range used {
		if !slices.Contains(health.NotReady, reason) {
			t.Errorf("the reason %s is not in NotReady", reason)
		}
	}
	if !slices.IsSorted(health.NotReady) {
		t.Error("NotReady is not sorted")
	}
	doc, err := os.ReadFile("../deploy/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, reason := range health.NotReady {
		if !strings.Contains(string(doc), "`"+reason+"`") {
			t.Errorf("deploy/README.md does not name the reason %s", reason)
		}
	}
}

// usedReasons are the constants that the code gives to the methods of Health that take a reason,
// and those that reasonOf returns.
func usedReasons(t *testing.T) map[string]bool {
	t.Helper()
	constants, used := map[string]string{}, map[string]bool{}
	all := sources(t)
	for _, f := range all {
		ast.Inspect(f, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok {
				for i, v := range spec.Values {
					constants[spec.Names[i].Name] = literal(v)
				}
			}
			return true
		})
	}
	use := func(e ast.Expr) {
		reason := literal(e)
		switch e := e.(type) {
		case *ast.Ident:
			reason = constants[e.Name]
		case *ast.SelectorExpr:
			reason = constants[e.Sel.Name]
		}
		if reason != "" {
			used[reason] = true
		}
	}
	for _, f := range all {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if takesReason(n) {
					use(n.Args[0])
				}
			case *ast.FuncDecl:
				if n.Name.Name == "reasonOf" {
					ast.Inspect(n, func(n ast.Node) bool {
						if r, ok := n.(*ast.ReturnStmt); ok {
							use(r.Results[0])
						}
						return true
					})
				}
			}
			return true
		})
	}
	return used
}

func takesReason(call *ast.CallExpr) bool {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	switch sel.Sel.Name {
	case "Unready", "StartOver":
		return len(call.Args) == 1
	case "set", "Trouble", "trouble":
		return len(call.Args) == 2
	}
	return false
}

// literal is the value of a string; "" of anything else.
func literal(e ast.Expr) string {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != gotoken.STRING {
		return ""
	}
	s, _ := strconv.Unquote(lit.Value) // the parser took it
	return s
}

// sources are the files of this package, and of those that tell readiness, but their tests.
func sources(t *testing.T) (all []*ast.File) {
	t.Helper()
	var names []string
	for _, dir := range []string{".", "health", "commit"} {
		found, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, found...)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(gotoken.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, f)
	}
	return all
}
