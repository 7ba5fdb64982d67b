package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/publish"
)

// clientsDir holds what the examples for other clients need; .ci/run installs it.
const clientsDir = "../../deploy/clients"

// missing leaves a test out, and says why, unless RLSGUARD_CLIENTS says that nothing may be missing.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("RLSGUARD_CLIENTS") != "" {
		t.Fatal(what)
	}
	t.Skipf("the examples for other clients are not tested: %s", what)
}

// installed is something of clientsDir.
func installed(t *testing.T, path, how string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(clientsDir, path))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err == nil {
		return path
	}
	missing(t, path+" is not there; in deploy/clients: "+how)
	return ""
}

// withContexts writes a context of the nats command line for each user, as deploy/clients.md shows
// one, with the password in a file, and returns the environment that finds them.
func (d deployed) withContexts(t *testing.T) (env []string) {
	t.Helper()
	base := t.TempDir()
	dir := filepath.Join(base, "nats", "context")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	example := ""
	for _, b := range pages(t)["deploy/clients.md"].blocks() {
		if b.language == "json" {
			example = b.text
		}
	}
	for _, user := range []string{"admin", "rlsguard", "producer", "orders", "reviewer", "dashboard", "operator"} {
		text := strings.NewReplacer(
			"tls://nats.example.org:4222", "tls://"+d.addr,
			"/etc/rlsguard/ca.crt", d.ca,
			"/etc/rlsguard/dashboard.password", d.password(t, user),
			"dashboard", user,
		).Replace(example)
		if !json.Valid([]byte(text)) {
			t.Fatalf("the context is no JSON: %s", text)
		}
		if err := os.WriteFile(filepath.Join(dir, user+".json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("XDG_CONFIG_HOME", base)
	t.Setenv("NATS_URL", "")
	return append(os.Environ(), "XDG_CONFIG_HOME="+base, "NO_COLOR=1")
}

// shown are the lines of the examples on pages, or on all, that begin a command line with a program,
// without comments.
func shown(t *testing.T, program string, on ...string) (lines []string) {
	t.Helper()
	all := pages(t)
	if len(on) == 0 {
		on = all.paths()
	}
	for _, name := range on {
		for _, b := range all[name].blocks() {
			for line := range strings.Lines(b.text) {
				if line, _, _ = strings.Cut(line, "  #"); strings.HasPrefix(line, program+" ") {
					lines = append(lines, strings.TrimSpace(line))
				}
			}
		}
	}
	return lines
}

// The examples for the nats command line on the pages work on the server of accounts.conf, with a
// context of the role that they are for.
func TestDeployedCLI(t *testing.T) {
	program := installed(t, "bin/nats", "go build -o bin/nats github.com/nats-io/natscli/nats")
	s := deployedServer(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	defer serveDeployed(ctx, t, s, t.TempDir())()
	publishAs(ctx, t, s.connect(t, "producer"), "2-bert")
	env := s.withContexts(t)
	dir := t.TempDir()
	for name, text := range map[string]string{
		"draft.json":   `{"resourceType":"MedicationRequest","id":"d","status":"draft","intent":"order","subject":{"reference":"Patient/bert"},"medicationCodeableConcept":{"text":"mirtazapine"}}`,
		"patient.json": `{"resourceType":"Patient","id":"1"}`,
		"answer.json":  `{"resourceType":"DetectedIssue","status":"final"}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var lines []string
	for _, line := range shown(t, "nats") {
		role := "orders"
		if strings.Contains(line, "rls.flags") {
			role = "dashboard"
		}
		if !strings.Contains(line, "--context ") {
			line = strings.Replace(line, "nats ", "nats --context "+role+" ", 1)
		}
		lines = append(lines, line)
	}
	if len(lines) < 9 {
		t.Errorf("%d examples", len(lines))
	}
	for _, line := range lines {
		limited, quiet := "", func() {}
		if strings.Contains(line, " sub ") { // it would go on for ever
			limited, quiet = " --count 1", s.busy(ctx, t)
		}
		cmd := exec.CommandContext(ctx, "sh", "-ec", program+strings.TrimPrefix(line, "nats")+limited)
		cmd.Dir, cmd.Env = dir, env
		out, err := cmd.CombinedOutput()
		quiet()
		if err != nil || bytes.Contains(bytes.ToLower(out), []byte("violation")) {
			t.Errorf("%s: %v\n%s", line, err, out)
		}
	}
	for _, line := range shown(t, "rlsguard watch --once --context") {
		var out, errs bytes.Buffer
		p := &terminal.Program{Stdout: bufio.NewWriter(&out), Stderr: &errs, Now: time.Now}
		code := execute(p, strings.Fields(line)[1:])
		if code != terminal.ExitDone || !strings.Contains(out.String(), "Patient/bert") {
			t.Errorf("%s: %d %s %s", line, code, out.String(), errs.String())
		}
	}
}

// busy goes on sending what opens a flag, and what is rejected, until it is told to stop.
func (d deployed) busy(ctx context.Context, t *testing.T) (stop func()) {
	t.Helper()
	pub, err := publish.New(ctx, d.connect(t, "producer"), jet.NamedDomain("RLSGUARD"))
	if err != nil {
		t.Fatal(err)
	}
	var ended sync.WaitGroup
	ctx, cancel := context.WithCancel(ctx)
	ended.Go(func() {
		defer pub.Close()
		for n := 0; ctx.Err() == nil; n++ {
			for _, doc := range []string{
				`{"resourceType":"Condition","id":"c%d","subject":{"reference":"Patient/b%d"},"code":{"coding":[{"system":"http://snomed.info/sct","code":"32914008"}]}}`,
				`{"resourceType":"MedicationRequest","id":"g%d","status":"active","intent":"order","subject":{"reference":"Patient/b%d"},"medicationCodeableConcept":{"text":"Gabapentin 300 mg"}}`,
				`{"resourceType":"MedicationRequest","id":"o%d","status":"active","intent":"order","subject":{"reference":"Patient/b%d"},"medicationCodeableConcept":{"text":"Oxycodone 5 mg"}}`,
				`{"resourceType":"Nonsense","id":"n%d-%d"}`,
			} {
				if err := pub.Publish(ctx, fmt.Appendf(nil, doc, n, n)); err != nil && ctx.Err() == nil {
					t.Error(err)
				}
			}
			jet.Sleep(ctx, 200*time.Millisecond)
		}
	})
	return func() { cancel(); ended.Wait() }
}

// programs are the examples of consumers/dashboards.md for nats.js.
func programs(t *testing.T) (all []string) {
	t.Helper()
	for _, b := range pages(t)["consumers/dashboards.md"].blocks() {
		if b.language == "js" {
			all = append(all, b.text)
		}
	}
	if len(all) != 2 {
		t.Fatalf("%d programs for nats.js", len(all))
	}
	return all
}

// startNode runs a program for nats.js, gives what it prints, and stops it when the test ends.
func startNode(ctx context.Context, t *testing.T, program string, env ...string) *bufio.Scanner {
	t.Helper()
	modules := installed(t, "node_modules", "npm ci")
	node, err := exec.LookPath("node")
	if err != nil {
		missing(t, "node is not installed (Debian: apt-get install nodejs npm)")
	}
	dir := t.TempDir()
	if err := os.Symlink(modules, filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(dir, "dashboard.mjs")
	if err := os.WriteFile(script, []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, node, script)
	cmd.Env = append(os.Environ(), env...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have failed
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(errs.String())
		}
	})
	return bufio.NewScanner(out)
}

// The examples for nats.js in consumers/dashboards.md show what is open, and then what changes: the
// second on the server of accounts.conf,
func TestDeployedNodeJS(t *testing.T) {
	program := programs(t)[1]
	installed(t, "node_modules", "npm ci")
	s := deployedServer(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	defer serveDeployed(ctx, t, s, t.TempDir())()
	publishAs(ctx, t, s.connect(t, "producer"), "1-anna")
	lines := startNode(ctx, t, strings.NewReplacer(
		"tls://nats.example.org:4222", "tls://"+s.addr,
		"/etc/rlsguard/ca.crt", s.ca,
		"/etc/rlsguard/dashboard.password", s.password(t, "dashboard"),
	).Replace(program))
	for _, want := range []string{"opened final ", "resolved cancelled "} {
		if want += "rls.flags.moderate.rls-ssri."; !lines.Scan() || !strings.HasPrefix(lines.Text(), want) {
			t.Errorf("it shows %q, %v and not %s", lines.Text(), lines.Err(), want)
			break
		}
		publishAs(ctx, t, s.connect(t, "producer"), "6-anna-again")
	}
}

// and the first on the server inside serve.
func TestPageNodeJS(t *testing.T) {
	program := programs(t)[0]
	installed(t, "node_modules", "npm ci")
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	server, stop := servedDemo(ctx, t, "1-anna")
	defer stop()
	lines := startNode(ctx, t, program, "NATS_URL="+server)
	const want = "opened final rls.flags.moderate.rls-ssri."
	if !lines.Scan() || !strings.HasPrefix(lines.Text(), want) {
		t.Errorf("it shows %q, %v and not %s", lines.Text(), lines.Err(), want)
	}
}
