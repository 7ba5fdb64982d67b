package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/rlsguard/rlsguard/cmd/rlsguard/connect"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/settings"
	"github.com/rlsguard/rlsguard/consumers"
	"github.com/rlsguard/rlsguard/consumers/embedded"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/publish"
)

// withWebSocket takes the comment signs from the block of nats.conf that lets browsers in.
func withWebSocket(t *testing.T, conf []byte) []byte {
	t.Helper()
	block := regexp.MustCompile(`(?ms)^# websocket \{$.*?^# \}$`)
	if !block.Match(conf) {
		t.Fatal("nats.conf has no block websocket in comments")
	}
	return block.ReplaceAllFunc(conf, func(b []byte) []byte {
		b = regexp.MustCompile(`(?m)^# `).ReplaceAll(b, nil)
		return bytes.Replace(b, []byte("0.0.0.0:8443"), []byte("127.0.0.1:-1"), 1)
	})
}

// browse runs deploy/clients/websocket.js as a page of an origin would, and returns its lines.
func browse(ctx context.Context, t *testing.T, address, ca, password, origin string) *bufio.Scanner {
	t.Helper()
	modules := installed(t, "node_modules", "npm ci")
	node, err := exec.LookPath("node")
	if err != nil {
		missing(t, "node is not installed (Debian: apt-get install nodejs npm)")
	}
	example, err := os.ReadFile(filepath.Join(clientsDir, "websocket.js"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(modules, filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"websocket.mjs": string(example),
		// what a browser is: WebSocket, which names the page's origin
		"page.mjs": fmt.Sprintf(`import WS from "ws";
globalThis.WebSocket = class extends WS { constructor(url, p) { super(url, p, { origin: %q }); } };
const { follow } = await import("./websocket.mjs");
await follow(%q, %q, (...words) => console.log(...words));
`, origin, address, password),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(ctx, node, filepath.Join(dir, "page.mjs"))
	cmd.Env = append(os.Environ(), "NODE_EXTRA_CA_CERTS="+ca)
	cmd.Stderr = t.Output()
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()
	})
	return bufio.NewScanner(out)
}

// The example for browsers, as the user dashboard, on the server of nats.conf: what is open, then
// what changes. A page of another origin is refused.
func TestDeployedWebSocket(t *testing.T) {
	s := deployedServer(t, withWebSocket)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	defer serveDeployed(ctx, t, s, t.TempDir())()
	publishAs(ctx, t, s.connect(t, "producer"), "1-anna")
	address := s.srv.WebsocketURL()
	if !strings.HasPrefix(address, "wss://") {
		t.Fatalf("%s has no TLS", address)
	}
	lines := browse(ctx, t, address, s.ca, "dashboard-secret", "https://dashboard.example.org")
	for _, want := range []string{"opened final ", "resolved cancelled "} {
		if want += "rls.flags.moderate.rls-ssri."; !lines.Scan() || !strings.HasPrefix(lines.Text(), want) {
			t.Fatalf("it shows %q, %v and not %s", lines.Text(), lines.Err(), want)
		}
		publishAs(ctx, t, s.connect(t, "producer"), "6-anna-again")
	}
	if lines := browse(ctx, t, address, s.ca, "dashboard-secret", "https://evil.example.org"); lines.Scan() {
		t.Errorf("a page of another origin reads %s", lines.Text())
	}
}

// The same example on the server inside rlsguard serve, with --users and --websocket.
func TestEmbeddedWebSocketExample(t *testing.T) {
	dir := t.TempDir()
	server, err := embedded.Start(t.Context(), embedded.Options{
		Dir: dir, Listen: "127.0.0.1:0", Log: zerolog.Nop(),
		Users:     []embedded.User{{Name: "dashboard", Password: "secret of the test", Role: "dashboard"}},
		WebSocket: embedded.WebSocket{Listen: "127.0.0.1:0", Origins: []string{"http://localhost:3000"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	set, err := settings.Flag{}.Read()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	served := make(chan error, 1)
	serving, stop := context.WithCancel(ctx)
	go func() {
		served <- consumers.Serve(serving, consumers.Config{
			Embedded: server, Domain: server.Domain(), Reader: set.Reader, AsOf: demoAsOf, Log: zerolog.Nop(),
			Engine: &fold.Engine{Settings: set.Settings, Ruleset: set.Ruleset, Key: []byte(connect.PublicTestKey)},
		})
	}()
	defer func() {
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	}()
	data, err := demoFiles.ReadFile("demo/1-anna.json")
	if err != nil {
		t.Fatal(err)
	}
	nc, err := server.Connect()
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	pub, err := publish.New(ctx, nc, server.Domain())
	if err != nil {
		t.Fatal(err)
	}
	defer pub.Close()
	if err := errors.Join(pub.Publish(ctx, data), pub.Wait(ctx, jet.WaitOptions{})); err != nil {
		t.Fatal(err)
	}
	address, err := os.ReadFile(filepath.Join(dir, "websocket.url"))
	if err != nil {
		t.Fatal(err)
	}
	lines := browse(ctx, t, strings.TrimSpace(string(address)), "", "secret of the test", "http://localhost:3000")
	if !lines.Scan() || !strings.HasPrefix(lines.Text(), "opened final rls.flags.") {
		t.Errorf("it shows %q, %v", lines.Text(), lines.Err())
	}
}
