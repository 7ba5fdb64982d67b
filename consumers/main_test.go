package consumers

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/rlsguard/rlsguard/consumers/audit"
	"github.com/rlsguard/rlsguard/consumers/embedded"
	"github.com/rlsguard/rlsguard/consumers/health"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/fhir"
)

func TestMain(m *testing.M) {
	if os.Getenv("RLSGUARD_TEST_CHILD") != "" {
		os.Exit(child())
	}
	jet.LookEvery = 300 * time.Millisecond
	goleak.VerifyTestMain(m,
		// The server's own: it waits up to 30 s for the answer to a request that its shutdown cut
		// off.
		goleak.IgnoreTopFunction("github.com/nats-io/nats-server/v2/server.(*stream).trySetupSourceConsumer.func3"),
		// nats.go's own: an ordered consumer that is stopped while it opens itself again leaves the
		// iterator that it was about to use.
		goleak.IgnoreTopFunction("github.com/nats-io/nats.go/jetstream.(*pullConsumer).Messages.func2"),
		goleak.IgnoreTopFunction("github.com/nats-io/nats.go/jetstream.(*pullSubscription).pullMessages"))
}

// child serves in a process of its own, so that it can be killed: with a server in
// RLSGUARD_TEST_DIR, or on that at RLSGUARD_TEST_URL.
func child() int {
	if path := os.Getenv("RLSGUARD_TEST_NATS"); path != "" {
		return natsServer(path)
	}
	if os.Getenv("RLSGUARD_TEST_IMPATIENT") != "" { // transitions leave RLS at once
		pruneEvery, audit.KeepBoth, audit.KeepShown = 0, 0, 0
		jet.LookEvery = 20 * time.Millisecond
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	cfg := Config{
		URL:    os.Getenv("RLSGUARD_TEST_URL"),
		Engine: engine(),
		Reader: fhir.DefaultOptions(),
		AsOf:   asOf,
		Batch:  20,
		Log:    zerolog.New(os.Stderr).Level(zerolog.WarnLevel),
	}
	if dir := os.Getenv("RLSGUARD_TEST_DIR"); dir != "" {
		srv, err := embedded.Start(
			ctx,
			embedded.Options{Dir: dir, Listen: os.Getenv("RLSGUARD_TEST_LISTEN"), Log: cfg.Log},
		)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer srv.Stop()
		cfg.Embedded = srv
	}
	if path := os.Getenv("RLSGUARD_TEST_HTTP"); path != "" { // where it says how healthy it is
		cfg.Health = health.New()
		web := httptest.NewServer(cfg.Health.Handler())
		defer web.Close()
		if err := embedded.WriteFile(path, []byte(web.URL)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	if err := Serve(ctx, cfg); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// natsServer is a NATS server of its own, until it is killed.
func natsServer(path string) int {
	o, err := server.ProcessConfigFile(path)
	if err == nil {
		o.NoLog, o.NoSigs = true, true
		var s *server.Server
		if s, err = server.NewServer(o); err == nil {
			s.Start()
			s.WaitForShutdown()
			return 0
		}
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// startChild runs TestMain's child with more environment.
func startChild(t testing.TB, env ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), "RLSGUARD_TEST_CHILD=1"), env...)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kill(cmd) })
	return cmd
}

// kill ends a child as a power cut would.
func kill(cmd *exec.Cmd) {
	_ = cmd.Process.Kill() // it may have ended already
	_ = cmd.Wait()
}
