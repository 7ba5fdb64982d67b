package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/connect"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/settings"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/consumers"
	"github.com/rlsguard/rlsguard/consumers/cdshooks"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/health"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/ordercheck"
	"github.com/rlsguard/rlsguard/consumers/patients"
	"github.com/rlsguard/rlsguard/consumers/watch"
)

// TestDeployedOrderCheck asks, answers a flag and sends feedback under the users of
// deploy/nats.conf. Only who may ask gets an answer about a patient, and only who may acknowledge
// silences a flag.
func TestDeployedOrderCheck(t *testing.T) {
	s := deployedServer(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	dir := t.TempDir()
	defer serveDeployed(ctx, t, s, dir)()
	publishAs(ctx, t, s.connect(t, "producer"), "1-anna")

	const draft = `{"resourceType":"MedicationRequest","id":"d","status":"draft","intent":"order",` +
		`"subject":{"reference":"Patient/anna"},"medicationCodeableConcept":{"text":"mirtazapine"},` +
		`"authoredOn":"2026-11-20"}`
	asked, err := connect.Ask(s.connect(t, "orders"), []byte(draft), "application/json")
	if err != nil || !bytes.Contains(asked, []byte(`"rls-tetracyclic"`)) {
		t.Fatalf("order entry gets %s, %v", asked, err)
	}
	var reply ordercheck.Reply
	if err := json.Unmarshal(asked, &reply); err != nil || len(reply.Open) != 1 {
		t.Fatalf("open already: %s, %v", asked, err)
	}
	if m, err := s.connect(t, "orders").Request("$SRV.PING.rlsguard", nil, 5*time.Second); err != nil ||
		!bytes.Contains(m.Data, []byte("rlsguard")) {
		t.Errorf("the service is not found: %v", err)
	}
	for _, user := range []string{"producer", "reviewer", "dashboard", "operator"} {
		if !s.refuses(t, user, func(nc *nats.Conn) error { return nc.Publish("rls.check", []byte(draft)) }) {
			t.Errorf("%s may ask about any patient", user)
		}
	}
	for _, subject := range []string{"fhir.DetectedIssue", "rls.feedback.overridden.x"} {
		if !s.refuses(t, "orders", func(nc *nats.Conn) error { return nc.Publish(subject, []byte("{}")) }) {
			t.Errorf("order entry may publish on %s", subject)
		}
	}

	s.tellsOnlyThePage(t, reply.Open[0].ID)

	// A card is overridden.
	cds, err := os.ReadFile(filepath.Join(dir, "cds.url"))
	if err != nil {
		t.Fatal(err)
	}
	service := strings.TrimSpace(string(cds)) + "/cds-services/rlsguard-patient-view"
	var view cdshooks.Response
	if err := json.Unmarshal(postJSON(t, service,
		`{"hook":"patient-view","hookInstance":"1","context":{"userId":"Practitioner/7","patientId":"anna"}}`),
		&view); err != nil ||
		len(view.Cards) != 1 {
		t.Fatalf("cards %+v, %v", view, err)
	}
	postJSON(
		t,
		service+"/feedback",
		`{"feedback":[{"card":"`+view.Cards[0].UUID+
			`","outcome":"overridden","outcomeTimestamp":"2026-11-22T10:00:00Z",`+
			`"overrideReason":{"reason":{"code":"will-monitor","system":"x"}}}]}`,
	)
	operator, err := jet.New(s.connect(t, "operator"), jet.NamedDomain("RLSGUARD"))
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	err = jet.Each(
		ctx,
		operator,
		"RLS_FEEDBACK",
		jetstream.OrderedConsumerConfig{},
		func(m jetstream.Msg, _ *jetstream.MsgMetadata) error {
			told = append(told, m.Subject())
			return nil
		},
	)
	if err != nil || !slices.Equal(told, []string{"rls.feedback.overridden.rls-ssri"}) {
		t.Errorf("feedback %v, %v", told, err)
	}
	flag := reply.Open[0].ID
	waitState(ctx, t, s, flag, checks.Overridden)

	// And then noted by hand.
	var out bytes.Buffer
	p := &terminal.Program{Stdout: bufio.NewWriter(&out), Stderr: io.Discard, Now: time.Now}
	if code := execute(p, []string{"ack", "--nats", s.url("reviewer"), "--ca", s.ca, "--inbox-prefix",
		"_INBOX_reviewer", "--js-domain", "RLSGUARD", "--author", "Practitioner/7", "--date", "2026-11-22",
		flag}); code != terminal.ExitDone {
		t.Fatalf("ack ends with %d", code)
	}
	waitState(ctx, t, s, flag, checks.Acknowledged)
}

// tellsOnlyThePage asks for the patient of a flag as each user.
func (d deployed) tellsOnlyThePage(t *testing.T, flag string) {
	t.Helper()
	question := []byte(`{"flag":"` + flag + `"}`)
	m, err := d.connect(t, "page").Request(patients.Subject, question, 10*time.Second)
	if err != nil || !bytes.Contains(m.Data, []byte(`"rls-ssri"`)) || bytes.Contains(m.Data, []byte("Patient/anna")) {
		t.Fatalf("the page gets %v, %v", m, err)
	}
	for _, user := range []string{"producer", "reviewer", "dashboard", "operator", "orders"} {
		if !d.refuses(t, user, func(nc *nats.Conn) error { return nc.Publish(patients.Subject, question) }) {
			t.Errorf("%s may ask for the timeline of any patient", user)
		}
	}
	for _, subject := range []string{"fhir.DetectedIssue", "rls.check"} {
		if !d.refuses(t, "page", func(nc *nats.Conn) error { return nc.Publish(subject, []byte("{}")) }) {
			t.Errorf("the page may publish on %s", subject)
		}
	}
}

// serveDeployed runs consumer and doors as rlsguard does.
func serveDeployed(
	ctx context.Context,
	t *testing.T,
	s deployed,
	dir string,
	edits ...func(*consumers.Config),
) (stop func()) {
	t.Helper()
	set, err := settings.Flag{}.Read()
	if err != nil {
		t.Fatal(err)
	}
	found, err := connect.Flags{
		Nats:        s.url("rlsguard"),
		ServerFlags: connect.ServerFlags{CA: s.ca, Inbox: "_INBOX_rlsguard", Domain: "RLSGUARD"},
	}.Find()
	if err != nil {
		t.Fatal(err)
	}
	cfg := consumers.Config{
		URL: found.URL, Options: found.Options, Domain: found.Domain.Inside(), Reader: set.Reader, AsOf: demoAsOf,
		Log: noNoise(t), Replicas: 1,
		Engine: &fold.Engine{
			Settings: set.Settings,
			Ruleset:  set.Ruleset,
			Key:      []byte(connect.PublicTestKey),
		}, Health: health.New(),
	}
	for _, edit := range edits {
		edit(&cfg)
	}
	ctx, cancel := context.WithCancel(ctx)
	flags := connect.DoorFlags{CDS: "127.0.0.1:0", CDSOpen: true}
	opened, err := flags.Open(ctx, &cfg, dir)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- consumers.Serve(ctx, cfg) }()
	for len(cfg.Health.Reasons()) > 0 {
		if ctx.Err() != nil {
			t.Fatalf("not ready: %v", cfg.Health.Reasons())
		}
		time.Sleep(10 * time.Millisecond)
	}
	return func() {
		cancel()
		opened.Close()
		if err := <-served; err != nil {
			t.Error(err)
		}
	}
}

func postJSON(t *testing.T, url, body string) []byte {
	t.Helper()
	resp, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("status %d, %v: %s", resp.StatusCode, err, data)
	}
	return data
}

// waitState waits until a flag has a state.
func waitState(ctx context.Context, t *testing.T, s deployed, flag string, want checks.FlagState) {
	t.Helper()
	nc := s.connect(t, "dashboard")
	for {
		f, err := watch.FindFlag(ctx, nc, nil, flag, jet.NamedDomain("RLSGUARD"))
		if err == nil && f.State == want {
			return
		}
		if ctx.Err() != nil {
			t.Fatalf("the flag is %s, %v, and not %s", f.State, err, want)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
