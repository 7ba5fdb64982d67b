package ordercheck

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"github.com/rlsguard/rlsguard/consumers/commit"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/fhir/issue"
)

// startServer runs a NATS server without JetStream.
func startServer(t testing.TB) *nats.Conn {
	t.Helper()
	srv, err := server.NewServer(
		&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true},
	)
	if err != nil {
		t.Fatal(err)
	}
	srv.Start()
	t.Cleanup(func() { srv.Shutdown(); srv.WaitForShutdown() })
	if !srv.ReadyForConnections(10 * time.Second) {
		t.Fatal("the server does not start")
	}
	nc, err := nats.Connect(srv.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

func startService(t testing.TB, c *Checker) *nats.Conn {
	t.Helper()
	nc := startServer(t)
	svc, err := Serve(nc, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := svc.Stop(); err != nil {
			t.Error(err)
		}
	})
	return nc
}

func request(t testing.TB, nc *nats.Conn, subject, data string, header nats.Header) *nats.Msg {
	t.Helper()
	m, err := nc.RequestMsg(&nats.Msg{Subject: subject, Data: []byte(data), Header: header}, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestServiceAnswers(t *testing.T) {
	nc := startService(t, checker(stored(t, bundle(adult, rlsCondition, order("o1", "active", "sertraline")))))
	draft := order("d1", "draft", "pregabalin 75 mg")
	m := request(t, nc, Subject, draft, nil)
	if got := m.Header.Get("Content-Type"); got != "application/json" {
		t.Errorf("content type %q", got)
	}
	conforms(t, replySchema, m.Data)
	var r Reply
	if err := json.Unmarshal(m.Data, &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Because) != 1 || r.Because[0].Check != "iron-labs-missing" || len(r.Open) != 1 ||
		r.Open[0].Ingredient != "sertraline" ||
		r.Iron == nil ||
		len(r.Iron.Order) != 3 {
		t.Errorf("reply %s", m.Data)
	}
	if f, err := r.Because[0].Flag(); err != nil || LineOf(&f).ID != r.Because[0].ID {
		t.Errorf("a line does not come back: %v", err)
	}

	both := request(t, nc, Subject, draft, nats.Header{"Accept": []string{AcceptBoth}})
	conforms(t, replySchema, both.Data)
	var withBundle Reply
	if err := json.Unmarshal(both.Data, &withBundle); err != nil || len(withBundle.Because) != 1 || r.Bundle != nil {
		t.Errorf("%v: %s", err, both.Data)
	}

	m = request(t, nc, Subject, draft, nats.Header{"accept": []string{"application/fhir+json"}})
	if !bytes.Equal(withBundle.Bundle, m.Data) {
		t.Errorf("the Bundle in the reply is %s, the Bundle alone %s", withBundle.Bundle, m.Data)
	}
	if got := m.Header.Get("Content-Type"); got != "application/fhir+json" {
		t.Errorf("content type %q", got)
	}
	var b struct {
		ResourceType string
		Entry        []struct{ Resource json.RawMessage }
	}
	if err := json.Unmarshal(m.Data, &b); err != nil || b.ResourceType != "Bundle" {
		t.Fatalf("%v: %s", err, m.Data)
	}
	seen := map[string]int{}
	for _, e := range b.Entry {
		var res struct {
			ResourceType string
			Meta         struct{ Tag []struct{ Code string } }
			Code         struct{ Coding []struct{ Code string } }
		}
		if err := json.Unmarshal(e.Resource, &res); err != nil {
			t.Fatal(err)
		}
		key := res.ResourceType
		if key == "DetectedIssue" {
			if _, err := issue.Unmarshal(e.Resource); err != nil {
				t.Error(err)
			}
			key = res.Meta.Tag[0].Code
		}
		seen[key]++
	}
	if seen[tagBecause] != 1 || seen[tagOpen] != 1 || seen["ServiceRequest"] != 3 {
		t.Errorf("entries %v", seen)
	}
}

func TestServiceRefuses(t *testing.T) {
	const secret = "Zebrowski"
	nc := startService(t, checker(stored(t)))
	for request_, code := range map[string]string{
		`{"resourceType":"` + secret: codeUnreadable,
		"":                           codeUnreadable,
		`{"resourceType":"Condition","code":{},"id":"` + secret + `"}`: codeUnreadable,
		bundle(strings.Replace(rlsCondition, "c1", secret, 1)):         codeNoQuestion,
	} {
		m := request(t, nc, Subject, request_, nil)
		if len(m.Data) == 0 {
			t.Error("an answer without a body")
		}
		if got := m.Header.Get(micro.ErrorCodeHeader); got != code {
			t.Errorf("%.20q: code %q, want %q", request_, got, code)
		}
		if said := m.Header.Get(micro.ErrorHeader) + string(m.Data); strings.Contains(said, secret) ||
			m.Header.Get(micro.ErrorHeader) == "" {
			t.Errorf("it says %q", said)
		}
	}
}

func TestServiceNotReady(t *testing.T) {
	c := checker(nil)
	c.Stored = commit.NewKnown()
	m := request(t, startService(t, c), Subject, order("d1", "draft", "x"), nil)
	if got := m.Header.Get(micro.ErrorCodeHeader); got != codeNotReady || len(m.Data) == 0 {
		t.Errorf("code %q", got)
	}
}

// broken panics, as nothing of ours should.
type broken struct{}

func (broken) Read(func(fold.View) error) error { panic("boom Zebrowski") }

func TestServiceSurvivesAPanic(t *testing.T) {
	c := checker(nil)
	c.Stored = broken{}
	m := request(t, startService(t, c), Subject, order("d1", "draft", "x"), nil)
	if m.Header.Get(micro.ErrorCodeHeader) != codeInternal || len(m.Data) == 0 ||
		strings.Contains(m.Header.Get(micro.ErrorHeader), "Zebrowski") {
		t.Errorf("headers %v", m.Header)
	}
}

// The service is found, and counts, as every micro service does.
func TestServiceIsDiscovered(t *testing.T) {
	nc := startService(t, checker(stored(t, rlsCondition)))
	request(t, nc, Subject, order("d1", "draft", "mirtazapine"), nil)
	request(t, nc, Subject, "{", nil)
	var info micro.Info
	if err := json.Unmarshal(request(t, nc, "$SRV.INFO.rlsguard", "", nil).Data, &info); err != nil {
		t.Fatal(err)
	}
	if info.Name != "rlsguard" || len(info.Endpoints) != 1 || info.Endpoints[0].Subject != "rls.check" {
		t.Errorf("info %+v", info)
	}
	for _, name := range []string{"request_schema", "response_schema"} {
		if !json.Valid([]byte(info.Endpoints[0].Metadata[name])) {
			t.Errorf("%s is no JSON", name)
		}
	}
	// A request is counted after its reply was sent.
	var stats micro.Stats
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		if err := json.Unmarshal(request(t, nc, "$SRV.STATS.rlsguard", "", nil).Data, &stats); err != nil {
			t.Fatal(err)
		}
		if stats.Endpoints[0].NumRequests == 2 {
			break
		}
	}
	if e := stats.Endpoints[0]; e.NumRequests != 2 || e.NumErrors != 1 {
		t.Errorf("stats %+v", e)
	}
}

func TestServiceOnAClosedConnection(t *testing.T) {
	nc := startServer(t)
	nc.Close()
	if _, err := Serve(nc, checker(stored(t))); !errors.Is(err, nats.ErrConnectionClosed) {
		t.Errorf("error %v", err)
	}
}
