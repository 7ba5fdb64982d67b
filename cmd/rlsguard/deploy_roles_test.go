package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"
	"go.yaml.in/yaml/v3"

	"filippo.io/age"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/connect"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/dead"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/consumers"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/health"
)

// as runs a command as a user of accounts.conf, with the password from a file.
func (d deployed) as(t *testing.T, user string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	args = append(slices.Clone(args), "--nats", "tls://"+d.addr, "--ca", d.ca)
	args = append(args, "--user", user, "--password-file", d.password(t, user))
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

// The dashboard of consumers/dashboards.md reads flags as the user dashboard.
func TestDeployedPageDashboard(t *testing.T) {
	s := deployedServer(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	defer serveDeployed(ctx, t, s, t.TempDir())()
	publishAs(ctx, t, s.connect(t, "producer"), "1-anna")
	js, err := jetstream.NewWithDomain(s.connect(t, "dashboard"), "RLSGUARD")
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
	for i, line := range commandLines(t, "serve") {
		all[fmt.Sprint("line ", i+1)] = line
	}
	return all
}

// helped are commands whose help shows how they are used on a server of the site's own.
var helped = []interface{ Help() string }{
	serveCommand{}, setupCommand{}, verifyCommand{}, exportCommand{}, importCommand{}, eraseCommand{}, publishCommand{},
	watchCommand{}, auditCommand{}, reportCommand{}, dead.DeadListCommand{},
}

// commandLines are the arguments of each line in the examples of the pages and in the help that begins
// with a command and says on which server.
func commandLines(t *testing.T, command string) (all [][]string) {
	t.Helper()
	var text strings.Builder
	for _, p := range pages(t) {
		for _, b := range p.blocks() {
			for line := range strings.Lines(strings.ReplaceAll(b.text, "\\\n", " ")) {
				text.WriteString(" " + line)
			}
		}
	}
	for _, c := range helped {
		text.WriteString("\n" + strings.ReplaceAll(c.Help(), "\\\n", " ") + "\n")
	}
	for _, m := range regexp.MustCompile(`(?m)^ +rlsguard (`+command+` .*)$`).FindAllStringSubmatch(text.String(), -1) {
		line := m[1]
		for _, end := range []string{"  #", " | ", " && ", " >"} {
			line, _, _ = strings.Cut(line, end)
		}
		if strings.Contains(line, "--nats ") || strings.Contains(line, "--context ") {
			all = append(all, strings.Fields(line))
		}
	}
	return all
}

// No secret stands in an argument, of a command that is shown or of a file that is shipped.
func TestNoSecretInArguments(t *testing.T) {
	lines := slices.Collect(maps.Values(shippedArguments(t)))
	if lines = append(lines, commandLines(t, "[a-z]+")...); len(lines) < 10 {
		t.Errorf("%d command lines", len(lines))
	}
	for _, line := range lines {
		for _, arg := range line {
			if strings.Contains(arg, "@") || regexp.MustCompile("^--(password|token|seed)(=|$)").MatchString(arg) {
				t.Errorf("%v holds a secret", line)
			}
		}
	}
}

// shippedFiles puts what the shown commands name into the folder that they run in, and says where
// they find all of it.
func (d deployed) shippedFiles(t *testing.T) *strings.Replacer {
	t.Helper()
	dir := t.TempDir()
	ca, err := os.ReadFile(d.ca)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"ca.crt": string(ca), "site.key": connect.PublicTestKey, "site.yaml": "zone: UTC\n",
		"nats.password": "rlsguard-secret\n", "rlsguard.password": "rlsguard-secret\n",
		"admin.password": "admin-secret\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	recipients := filepath.Join(dir, "backup.recipients")
	if err := os.WriteFile(recipients, []byte(identity.Recipient().String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	return strings.NewReplacer(
		"age1...", identity.Recipient().String(),
		"tls://HOST:4222", "tls://"+d.addr, "tls://nats.example.org:4222", "tls://"+d.addr, "%d/", dir+"/",
		"/secrets/", dir+"/", "/config/", dir+"/", "/etc/rlsguard/", dir+"/", "/backup/", dir+"/", "0.0.0.0:8223",
		"127.0.0.1:0",
	)
}

// The commands of the admin that are shown work on the server of nats.conf and accounts.conf, with
// the password from a file or from a context.
func TestShownCommandsFit(t *testing.T) {
	s := deployedServer(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	defer serveDeployed(ctx, t, s, t.TempDir())()
	lines := commandLines(t, "(setup|verify|export|erase)")
	if len(lines) < 5 {
		t.Errorf("%d command lines", len(lines))
	}
	s.withContexts(t)
	places := s.shippedFiles(t)
	for _, args := range lines {
		for i := range args {
			args[i] = places.Replace(args[i])
		}
		if i := slices.Index(args, "--replicas"); i > 0 { // there is one server
			args[i+1] = "1"
		}
		if !slices.Contains(args, "--context") {
			args = append(args, "--ca", s.ca)
		}
		var errs bytes.Buffer
		p := &terminal.Program{Stdout: bufio.NewWriter(io.Discard), Stderr: &errs, Now: time.Now}
		code := execute(p, args)
		if code != terminal.ExitDone || strings.Contains(errs.String(), "iolation") {
			t.Errorf("%v: %d %s", args, code, errs.String())
		}
	}
}

// noNoise is a log in which the server's refusals are faults: nothing is to be asked for that a user
// may not see.
func noNoise(t *testing.T) zerolog.Logger {
	t.Helper()
	return zerolog.New(noise{t, zerolog.NewTestWriter(t)})
}

type noise struct {
	t *testing.T
	io.Writer
}

func (n noise) Write(line []byte) (int, error) {
	if bytes.Contains(bytes.ToLower(line), []byte("violation")) {
		n.t.Errorf("refused: %s", line)
	}
	return n.Writer.Write(line)
}

// The arguments of the unit, of the manifest and of what is shown work on the server of nats.conf and
// accounts.conf, with the password from a file.
func TestShippedFilesFit(t *testing.T) {
	s := deployedServer(t)
	shipped := shippedArguments(t)
	s.withContexts(t)
	places := s.shippedFiles(t)
	for file, args := range shipped {
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
			c.HTTP, c.CA = "127.0.0.1:0", s.ca
			set, err := c.Read()
			if err != nil {
				t.Fatal(err)
			}
			cfg := consumers.Config{
				Engine:   &fold.Engine{Settings: set.Settings, Ruleset: set.Ruleset},
				Reader:   set.Reader,
				Replicas: 1,
				Health:   health.New(),
				Log:      noNoise(t),
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
