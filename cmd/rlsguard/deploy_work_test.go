package main

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/rlsguard/rlsguard/cmd/rlsguard/connect"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
)

// asked is how many messages the connections of a user have sent that are closed by now, and how
// many connections those are.
func (d deployed) asked(t *testing.T, user string) (messages int64, connections int) {
	t.Helper()
	z, err := d.srv.Connz(&server.ConnzOptions{Username: true, State: server.ConnClosed, Limit: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range z.Conns {
		if c.AuthorizedUser == user {
			messages, connections = messages+c.InMsgs, connections+1
		}
	}
	return messages, connections
}

// work is a command as a user does it, and how many messages it took.
func (d deployed) work(t *testing.T, user string, args ...string) (sent int64, code int, stdout, stderr string) {
	t.Helper()
	before, connections := d.asked(t, user)
	args = append(args, "--js-domain", "RLSGUARD", "--inbox-prefix", "_INBOX_"+user)
	code, stdout, stderr = d.as(t, user, args...)
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) { // until the server noticed the end
		after, now := d.asked(t, user)
		if now > connections || time.Now().After(end) {
			return after - before, code, stdout, stderr
		}
	}
}

// flagLine is the id of a flag, as watch prints it for programs.
var flagLine = regexp.MustCompile(`"id":"([-0-9a-f]{36})"`)

// With every documented role each command that it is for does its work, asks for nothing that it may
// not see, and asks the server no more often than for the admin.
func TestDeployedRoles(t *testing.T) {
	s := deployedServer(t)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	dir := t.TempDir()
	defer serveDeployed(ctx, t, s, dir)()
	publishAs(ctx, t, s.connect(t, "producer"), "1-anna")
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	key := file("site.key", connect.PublicTestKey)
	draft := file("draft.json", `{"resourceType":"MedicationRequest","id":"d","status":"draft","intent":"order",`+
		`"subject":{"reference":"Patient/anna"},"medicationCodeableConcept":{"text":"mirtazapine"},`+
		`"authoredOn":"2026-11-20"}`)
	other := file("other.yaml", "zone: UTC\n")
	bad := file("bad.ndjson", "{\"resourceType\":\"Nonsense\"}\n")
	var id []string
	for id == nil { // copied to where it is read a moment after it was decided
		_, _, listed, _ := s.work(t, "dashboard", "watch", "--once", "--format", "json")
		if id = flagLine.FindStringSubmatch(listed); ctx.Err() != nil {
			t.Fatalf("no flag is open: %s", listed)
		}
	}
	answer := []string{id[1], "--author", "Practitioner/7", "--date", "2026-11-22"}
	for _, c := range []struct {
		users string // besides the admin
		args  []string
		code  int
		says  string
	}{
		{"producer operator", []string{"publish", "--wait", "-"}, terminal.ExitDone, "1 message published"},
		{"producer operator", []string{"publish", "--wait", bad}, terminal.ExitRejected, "rejected, not-fhir"},
		{"dashboard reviewer", []string{"watch", "--once"}, terminal.ExitDone, "sertraline"},
		{"dashboard", []string{"watch", "--once", "--due", "3650d"}, terminal.ExitDone, "gets milder"},
		{"reviewer", append([]string{"ack"}, answer...), terminal.ExitDone, "acknowledged"},
		{"reviewer", append([]string{"override", "--reason", "will-monitor"}, answer...), terminal.ExitDone,
			"overridden"},
		{"orders", []string{"check", draft}, terminal.ExitDone, "mirtazapine"},
		{"operator", []string{"dead", "list"}, terminal.ExitDone, "not-fhir"},
		{"operator", []string{"dead", "show", "1|2"}, terminal.ExitDone, "nonsense"},
		{"operator", []string{"dead", "retry", "1|2", "--wait"}, terminal.ExitRejected, "rejected"},
		{"operator", []string{"dead", "drop", "3|4"}, terminal.ExitDone, "1 dead letter removed"},
		{"", []string{"due", "--within", "3650d", "--key-file", key}, terminal.ExitDone,
			"rls-ssri sertraline gets milder"},
		{"", []string{"verify", "--key-file", key, "--as-of", "2026-11-23T08:00:00Z"}, terminal.ExitDone, "the same"},
		{"", []string{"audit"}, terminal.ExitDone, "practitioner/7"},
		{"", []string{"report"}, terminal.ExitDone, "1 will-monitor"},
		{"", []string{"rehearse", "--key-file", key, "--against", other}, terminal.ExitDone, ""},
		{"", []string{"export", "--key-file", key, filepath.Join(dir, "export.gz")}, terminal.ExitDone, "exported"},
		{"", []string{"setup"}, terminal.ExitDone, "all streams exist"},
		{"", []string{"erase", "Patient/anna", "--yes", "--key-file", key}, terminal.ExitDone, "erased"},
	} {
		needed := map[string]int64{}
		for _, user := range append(strings.Fields(c.users), "admin") {
			sent, code, out, errs := s.work(t, user, ofUser(user, c.args)...)
			said := strings.Contains(strings.ToLower(out+errs), c.says)
			if code != c.code || !said || strings.Contains(errs, "iolation") {
				t.Errorf("%s %v: %d\n%s\n%s", user, c.args, code, out, errs)
			}
			needed[user] = sent
		}
		for user, n := range needed { // how often whoever waits has to ask, nobody knows
			if n == 0 || n > needed["admin"] && !waits(c.args) {
				t.Errorf("%s %v takes %d messages, and %d as admin", user, c.args, n, needed["admin"])
			}
		}
	}
}

// waits tells whether a command asks until something is decided.
func waits(args []string) bool {
	return slices.Contains(args, "--wait") || args[0] == "ack" || args[0] == "override"
}

// ofUser takes of arguments with a | what is for the admin after it, and else what is before.
func ofUser(user string, args []string) []string {
	mine := slices.Clone(args)
	for i, a := range mine {
		if others, admins, ok := strings.Cut(a, "|"); ok {
			if mine[i] = others; user == "admin" {
				mine[i] = admins
			}
		}
	}
	return mine
}

// A right that is missing is named at once, and so is what was forgotten on the command line.
func TestDeployedMissingRights(t *testing.T) {
	s := deployedServer(t)
	const may, domain, inbox = "this user may not publish on ", "--js-domain RLSGUARD", "--inbox-prefix _INBOX_"
	for _, c := range []struct{ user, command, says string }{
		{"dashboard", "watch --once " + domain, "--inbox-prefix"},
		{"producer", "publish - " + domain, "--inbox-prefix"},
		{"operator", "dead list " + domain, "--inbox-prefix"},
		{"orders", "check - " + domain, "--inbox-prefix"},
		{"admin", "setup " + domain, "--inbox-prefix"},
		{"admin", "audit " + domain, "--inbox-prefix"},
		{"dashboard", "watch --once " + inbox + "dashboard", "--js-domain"},
		{"producer", "publish --wait - " + inbox + "producer", "--js-domain"},
		{"operator", "dead list " + inbox + "operator", "--js-domain"},
		{"orders", "watch --once " + domain + " " + inbox + "orders", may + "$JS.RLSGUARD.API.STREAM.INFO.RLS_FLAGS"},
		{"orders", "publish - " + domain + " " + inbox + "orders", may},
		{"dashboard", "check - " + domain + " " + inbox + "dashboard", may + "rls.check"},
		{"dashboard", "dead list " + domain + " " + inbox + "dashboard",
			may + "$JS.RLSGUARD.API.CONSUMER.CREATE.RLS_DEAD"},
		{"dashboard", "publish - " + domain + " " + inbox + "dashboard", may},
		{"producer", "watch --once " + domain + " " + inbox + "producer", may},
		{"reviewer", "audit " + domain + " " + inbox + "reviewer", may},
		{"reviewer", "setup " + domain + " " + inbox + "reviewer", may},
	} {
		code, _, errs := s.as(t, c.user, strings.Fields(c.command)...)
		if code != terminal.ExitFailed || !strings.Contains(errs, c.says) {
			t.Errorf("%s %s: %d %s", c.user, c.command, code, errs)
		}
	}
}

// A context may name the prefix of the JetStream API in place of the domain.
func TestDeployedPrefix(t *testing.T) {
	s := deployedServer(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	defer serveDeployed(ctx, t, s, t.TempDir())()
	env := s.withContexts(t)
	dir := ""
	for _, e := range env {
		if base, ok := strings.CutPrefix(e, "XDG_CONFIG_HOME="); ok {
			dir = filepath.Join(base, "nats", "context")
		}
	}
	for user, command := range map[string]string{
		"producer": "publish --wait -", "dashboard": "watch --once", "operator": "dead list", "admin": "audit",
	} {
		path := filepath.Join(dir, user+".json")
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		const domain, prefix = `"jetstream_domain": "RLSGUARD"`, `"jetstream_api_prefix": "$JS.RLSGUARD.API"`
		if !strings.Contains(string(text), domain) {
			t.Fatalf("the context has no domain: %s", text)
		}
		if err := os.WriteFile(path, []byte(strings.Replace(string(text), domain, prefix, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		var out, errs bytes.Buffer
		p := &terminal.Program{
			Stdin:  strings.NewReader(`{"resourceType":"Patient","id":"1"}`),
			Stdout: bufio.NewWriter(&out), Stderr: &errs, Now: time.Now,
		}
		if code := execute(p, append(strings.Fields(command), "--context", user)); code != terminal.ExitDone {
			t.Errorf("%s: %d %s", command, code, errs.String())
		}
	}
}
