package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.yaml.in/yaml/v3"

	"github.com/rlsguard/rlsguard/cmd/rlsguard/connect"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/consumers"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/health"
	"github.com/rlsguard/rlsguard/consumers/jet"
)

// as runs a command as a user of accounts.conf, with the password from a file.
func (d deployed) as(t *testing.T, user string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	args = append(slices.Clone(args), "--nats", "tls://"+d.addr, "--ca", d.ca, "--user", user, "--password-file", d.password(t, user))
	var out, errs bytes.Buffer
	p := &terminal.Program{
		Stdin:  strings.NewReader(`{"resourceType":"Patient","id":"1"}`),
		Stdout: bufio.NewWriter(&out),
		Stderr: &errs,
		Now:    time.Now,
	}
	code = execute(p, args)
	return code, out.String(), errs.String()
}

func (d deployed) password(t *testing.T, user string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), user)
	if err := os.WriteFile(path, []byte(user+"-secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// The dashboard of the README reads flags as the user dashboard.
func TestDeployedReadmeDashboard(t *testing.T) {
	s := deployedServer(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	defer serveDeployed(ctx, t, s, t.TempDir())()
	publishAs(ctx, t, s.connect(t, "producer"), "1-anna")
	js, err := jet.New(s.connect(t, "dashboard"), jet.NamedDomain("RLSGUARD"))
	if err != nil {
		t.Fatal(err)
	}
	reading, done := context.WithCancel(ctx)
	seen := ""
	_ = dashboard(reading, js, func(change string, _ []byte) { seen = change; done() }) // it ends with the context
	if seen != "opened" {
		t.Errorf("the dashboard saw %q", seen)
	}
}

// shippedArguments are those of serve on a server of the site's own, in the systemd unit and in the
// Deployment.
func shippedArguments(t *testing.T) map[string][]string {
	t.Helper()
	unit, err := os.ReadFile("../../deploy/rlsguard.service")
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^# ExecStart=/usr/local/bin/rlsguard (.*)$`).FindSubmatch(unit)
	if line == nil {
		t.Fatal("the unit has no line for a server of the site's own")
	}
	all := map[string][]string{"rlsguard.service": strings.Fields(string(line[1]))}
	manifest, err := os.Open("../../deploy/kubernetes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	defer manifest.Close()
	for d := yaml.NewDecoder(manifest); ; {
		var doc struct {
			Spec struct {
				Template struct {
					Spec struct {
						Containers []struct{ Args []string }
					}
				}
			}
		}
		if err := d.Decode(&doc); err != nil {
			break
		}
		for _, c := range doc.Spec.Template.Spec.Containers {
			all["kubernetes.yaml"] = c.Args
		}
	}
	if len(all) != 2 {
		t.Fatal("the manifest starts no container")
	}
	return all
}

// The arguments of the unit and of the manifest work on the server of nats.conf and accounts.conf,
// with the password from a file.
func TestShippedFilesFit(t *testing.T) {
	s := deployedServer(t)
	dir := t.TempDir()
	secret := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ca, err := os.ReadFile(s.ca)
	if err != nil {
		t.Fatal(err)
	}
	secret("ca.crt", string(ca))
	secret("nats.password", "rlsguard-secret\n")
	secret("site.key", connect.PublicTestKey)
	secret("site.yaml", "zone: UTC\n")
	places := strings.NewReplacer(
		"tls://HOST:4222",
		"tls://"+s.addr,
		"tls://nats.example.org:4222",
		"tls://"+s.addr,
		"%d/",
		dir+"/",
		"/secrets/",
		dir+"/",
		"/config/",
		dir+"/",
		"/etc/rlsguard/",
		dir+"/",
		"0.0.0.0:8223",
		"127.0.0.1:0",
	)
	for file, args := range shippedArguments(t) {
		t.Run(file, func(t *testing.T) {
			var all commands
			parser, err := newParser(&all, bufio.NewWriter(io.Discard), io.Discard)
			if err != nil {
				t.Fatal(err)
			}
			for i := range args {
				args[i] = places.Replace(args[i])
			}
			if _, err := parser.Parse(args); err != nil {
				t.Fatal(err)
			}
			c := &all.Serve
			c.HTTP = "127.0.0.1:0"
			set, err := c.Read()
			if err != nil {
				t.Fatal(err)
			}
			cfg := consumers.Config{
				Engine:   &fold.Engine{Settings: set.Settings, Ruleset: set.Ruleset},
				Reader:   set.Reader,
				Replicas: 1,
				Audit:    time.Hour,
				Health:   health.New(),
				Log:      zerolog.New(zerolog.NewTestWriter(t)),
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			ended := make(chan error, 1)
			go func() { ended <- c.external(ctx, cfg) }()
			for len(cfg.Health.Reasons()) > 0 {
				select {
				case err := <-ended:
					t.Fatalf("serve ended: %v", err)
				case <-ctx.Done():
					t.Fatalf("not ready: %v", cfg.Health.Reasons())
				case <-time.After(20 * time.Millisecond):
				}
			}
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
	}
}
