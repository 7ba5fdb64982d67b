package main

import (
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
	draft := file("draft.json", `{"resourceType":"MedicationRequest","id":"d","status":"draft","intent":"order","subject":{"reference":"Patient/anna"},"medicationCodeableConcept":{"text":"mirtazapine"},"authoredOn":"2026-11-20"}`)
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
		{"reviewer", append([]string{"ack"}, answer...), terminal.ExitDone, "acknowledged"},
		{"reviewer", append([]string{"override", "--reason", "benefit-outweighs-risk"}, answer...), terminal.ExitDone, "overridden"},
		{"orders", []string{"check", draft}, terminal.ExitDone, "mirtazapine"},
		{"operator", []string{"dead", "list"}, terminal.ExitDone, "not-fhir"},
		{"operator", []string{"dead", "show", "1|2"}, terminal.ExitDone, "nonsense"},
		{"operator", []string{"dead", "retry", "1|2", "--wait"}, terminal.ExitRejected, "rejected"},
		{"operator", []string{"dead", "drop", "3|4"}, terminal.ExitDone, "1 dead letter removed"},
		{"", []string{"verify", "--key-file", key, "--as-of", "2026-11-23T08:00:00Z"}, terminal.ExitDone, "the same"},
		{"", []string{"audit"}, terminal.ExitDone, "practitioner/7"},
		{"", []string{"rehearse", "--key-file", key, "--against", file("other.yaml", "zone: UTC\n")}, terminal.ExitDone, ""},
		{"", []string{"export", "--key-file", key, filepath.Join(dir, "export.gz")}, terminal.ExitDone, "exported"},
		{"", []string{"setup"}, terminal.ExitDone, "the streams are there"},
		{"", []string{"erase", "Patient/anna", "--yes", "--key-file", key}, terminal.ExitDone, "erased"},
	} {
		needed := map[string]int64{}
		for _, user := range append(strings.Fields(c.users), "admin") {
			sent, code, out, errs := s.work(t, user, ofUser(user, c.args)...)
			if code != c.code || !strings.Contains(strings.ToLower(out+errs), c.says) || strings.Contains(errs, "iolation") {
				t.Errorf("%s %v: %d\n%s\n%s", user, c.args, code, out, errs)
			}
			needed[user] = sent
		}
		for user, n := range needed { // how often whoever waits has to ask, nobody knows
			if n == 0 || n > needed["admin"] && !slices.Contains(c.args, "--wait") {
				t.Errorf("%s %v takes %d messages, and %d as admin", user, c.args, n, needed["admin"])
			}
		}
	}
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
	const may = "this user may not publish on "
	for _, c := range []struct {
		user string
		args []string
		says string
	}{
		{"dashboard", []string{"watch", "--once", "--js-domain", "RLSGUARD"}, "--inbox-prefix"},
		{"producer", []string{"publish", "-", "--js-domain", "RLSGUARD"}, "--inbox-prefix"},
		{"operator", []string{"dead", "list", "--js-domain", "RLSGUARD"}, "--inbox-prefix"},
		{"orders", []string{"check", "-", "--js-domain", "RLSGUARD"}, "--inbox-prefix"},
		{"admin", []string{"setup", "--js-domain", "RLSGUARD"}, "--inbox-prefix"},
		{"admin", []string{"audit", "--js-domain", "RLSGUARD"}, "--inbox-prefix"},
		{"dashboard", []string{"watch", "--once", "--inbox-prefix", "_INBOX_dashboard"}, "--js-domain"},
		{"producer", []string{"publish", "--wait", "-", "--inbox-prefix", "_INBOX_producer"}, "--js-domain"},
		{"operator", []string{"dead", "list", "--inbox-prefix", "_INBOX_operator"}, "--js-domain"},
		{"orders", []string{"watch", "--once", "--js-domain", "RLSGUARD", "--inbox-prefix", "_INBOX_orders"}, may + "$JS.RLSGUARD.API.STREAM.INFO.RLS_FLAGS"},
		{"orders", []string{"publish", "-", "--js-domain", "RLSGUARD", "--inbox-prefix", "_INBOX_orders"}, may},
		{"dashboard", []string{"check", "-", "--js-domain", "RLSGUARD", "--inbox-prefix", "_INBOX_dashboard"}, may + "rls.check"},
		{"dashboard", []string{"dead", "list", "--js-domain", "RLSGUARD", "--inbox-prefix", "_INBOX_dashboard"}, may + "$JS.RLSGUARD.API.CONSUMER.CREATE.RLS_DEAD"},
		{"dashboard", []string{"publish", "-", "--js-domain", "RLSGUARD", "--inbox-prefix", "_INBOX_dashboard"}, may},
		{"producer", []string{"watch", "--once", "--js-domain", "RLSGUARD", "--inbox-prefix", "_INBOX_producer"}, may},
		{"reviewer", []string{"audit", "--js-domain", "RLSGUARD", "--inbox-prefix", "_INBOX_reviewer"}, may},
		{"reviewer", []string{"setup", "--js-domain", "RLSGUARD", "--inbox-prefix", "_INBOX_reviewer"}, may},
	} {
		if code, _, errs := s.as(t, c.user, c.args...); code != terminal.ExitFailed || !strings.Contains(errs, c.says) {
			t.Errorf("%s %v: %d %s", c.user, c.args, code, errs)
		}
	}
}
