package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/connect"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/settings"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/tables"
	"github.com/rlsguard/rlsguard/consumers"
	"github.com/rlsguard/rlsguard/consumers/embedded"
	"github.com/rlsguard/rlsguard/consumers/fold"
)

// readPage is a page by its path from the top of the repository.
func readPage(t *testing.T, name string) string {
	t.Helper()
	p := pages(t)[name]
	if p == nil {
		t.Fatalf("there is no page %s", name)
	}
	return string(p.source)
}

// between is what stands between two marks of a page; with -update it is replaced by want.
func between(t *testing.T, name, start, end, want string) string {
	t.Helper()
	before, rest, ok := strings.Cut(readPage(t, name), start)
	inside, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no part from %q to %q", name, start, end)
	}
	if *update && inside != want {
		if err := os.WriteFile(filepath.Join(top, name), []byte(before+start+want+end+after), 0o666); err != nil {
			t.Fatal(err)
		}
		return want
	}
	return inside
}

func TestPageListsTheChecks(t *testing.T) {
	var b bytes.Buffer
	if err := tables.ChecksMarkdown(&b, tables.ChecksInForce(checks.DefaultSettings(), time.Now())); err != nil {
		t.Fatal(err)
	}
	want := "\n\n" + b.String() + "\n"
	got := between(t, "checks/checks.md", "<!-- checks -->", "<!-- /checks -->", want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("go test ./cmd/rlsguard -run Page -update writes the table anew (-want +got)\n%s", diff)
	}
}

// TestPageListsTheSettings holds the reference to the defaults, and to every key that there is.
func TestPageListsTheSettings(t *testing.T) {
	_, block, _ := strings.Cut(readPage(t, "cmd/rlsguard/settings.md"), "```yaml\n")
	block, _, _ = strings.Cut(block, "```")
	got := settings.DefaultConfig()
	// nothing of the defaults may be missing
	got.Renal.Maxima, got.Renal.Variants, got.Dopamine.Maxima, got.Orders.TailDays = nil, nil, nil, nil
	if err := got.Decode([]byte(block), &settings.ConfigPlace{File: "settings.md"}); err != nil {
		t.Fatalf("the settings of the page are refused: %v", err)
	}
	// What is an example, since the default is nothing.
	if got.Checks == nil || got.Iron.Laboratories == nil || got.Terminology.SiteTables == nil || got.Region == "" ||
		got.BaseURL == "" ||
		got.Reasons == nil || got.Approvals == nil || got.Reviewers == nil {
		t.Error("an example is missing")
	}
	got.Approvals, got.Reviewers = nil, nil
	got.Checks, got.Iron.Laboratories, got.Terminology.SiteTables, got.Region, got.BaseURL, got.Reasons = nil, nil, nil,
		"", "", nil
	if diff := cmp.Diff(settings.DefaultConfig(), got, cmp.AllowUnexported(time.Location{}),
		cmpopts.IgnoreUnexported(settings.Config{})); diff != "" {
		t.Errorf("the page does not show the defaults (-want +got)\n%s", diff)
	}
	for _, key := range yamlKeys(reflect.TypeFor[settings.Config]()) {
		if !regexp.MustCompile(`(?m)(^[ -]*|[{ ])` + regexp.QuoteMeta(key) + `:`).MatchString(block) {
			t.Errorf("the page does not show the key %s", key)
		}
	}
}

// yamlKeys are all keys of a struct and of those in it.
func yamlKeys(t reflect.Type) []string {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return yamlKeys(t.Elem())
	case reflect.Struct:
	default:
		return nil
	}
	var keys []string
	for f := range t.Fields() {
		key, inline, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if key == "-" || key == "" && inline == "" {
			continue
		}
		if key != "" {
			keys = append(keys, key)
		}
		keys = append(keys, yamlKeys(f.Type)...)
	}
	return keys
}

// The dashboard of consumers/dashboards.md, word for word.
func dashboard(ctx context.Context, js jetstream.JetStream, show func(change string, flag []byte)) error {
	flags, err := js.OrderedConsumer(ctx, "RLS_FLAGS", jetstream.OrderedConsumerConfig{})
	if err != nil {
		return err
	}
	messages, err := flags.Messages()
	if err != nil {
		return err
	}
	defer messages.Stop()
	for ctx.Err() == nil {
		m, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			return err
		}
		show(m.Headers().Get("Rls-Transition"), m.Data()) // opened, updated, resolved, ...; a FHIR DetectedIssue
	}
	return ctx.Err()
}

// shownDashboard is the program of consumers/dashboards.md. It holds the function above, word for word.
func shownDashboard(t *testing.T) string {
	t.Helper()
	source, err := os.ReadFile("pages_tables_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, want, _ := strings.Cut(string(source), "// The dashboard of consumers/dashboards.md, word for word.\n")
	want, _, _ = strings.Cut(want, "\n}\n")
	for _, b := range pages(t)["consumers/dashboards.md"].blocks() {
		if b.language == "go" && strings.HasSuffix(b.text, "\n"+want+"\n}\n") {
			return b.text
		}
	}
	t.Fatal("consumers/dashboards.md shows another function than the one that is tested")
	return ""
}

// The program that consumers/dashboards.md shows builds in a clone, and sees what the demo publishes.
func TestPageDashboard(t *testing.T) {
	source, program := filepath.Join(t.TempDir(), "dashboard.go"), filepath.Join(t.TempDir(), "dashboard")
	if err := os.WriteFile(source, []byte(shownDashboard(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "build", "-o", program, source)
	build.Dir = top
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	server, stop := servedDemo(ctx, t, "1-anna")
	defer stop()
	cmd := exec.CommandContext(ctx, program)
	cmd.Env = append(os.Environ(), "NATS_URL="+server)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "opened {") || !strings.Contains(line, `"resourceType":"DetectedIssue"`) {
		t.Errorf("it shows %q, %v", line, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = cmd.Wait() // it was killed
}

// servedDemo is the address of a server whose consumer has decided about a document of the demo.
func servedDemo(ctx context.Context, t *testing.T, file string) (address string, stop func()) {
	t.Helper()
	server, err := embedded.Start(
		t.Context(),
		embedded.Options{Dir: t.TempDir(), Listen: "127.0.0.1:0", Log: zerolog.Nop()},
	)
	if err != nil {
		t.Fatal(err)
	}
	set, err := settings.Flag{}.Read()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(ctx)
	served := make(chan error, 1)
	engine := &fold.Engine{Settings: set.Settings, Key: []byte(connect.PublicTestKey), Ruleset: set.Ruleset}
	go func() {
		served <- consumers.Serve(ctx, consumers.Config{Embedded: server, Engine: engine, Reader: set.Reader,
			AsOf: demoAsOf, Log: zerolog.Nop()})
	}()
	nc, err := server.Connect()
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	publishDemo(ctx, t, nc, file)
	return server.URL(), func() {
		cancel()
		if err := errors.Join(<-served, server.Stop()); err != nil {
			t.Error(err)
		}
	}
}
