package deploy

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nats.go/micro"
)

// outsiders are the users whom nobody has to trust with states and flags.
var outsiders = []string{"producer", "orders", "reviewer", "dashboard", "operator", "page"}

// targets are subjects that an outsider would like a message to appear on.
var targets = []string{
	"rls.state.site", "rls.state.patient.x", "rls.commit.flags.high.x.y", "rls.audit.x.1", "rls.timer.x", "rls.due.x",
	"rls.dead.x", "rls.rejected.x",
	"rls.feedback.x.y", "rls.flags.high.x.y", "fhir.DetectedIssue", "fhir.x", "fhir.in.x", "rls-copy.RLS.x",
	"_INBOX_rlsguard.x", "_INBOX_admin.x", "_R_.x",
	"$JS.API.STREAM.DELETE.RLS", "$JS.API.STREAM.PURGE.RLS", "$JS.API.STREAM.MSG.DELETE.RLS",
	"$JS.API.STREAM.UPDATE.RLS_AUDIT", "$JS.API.STREAM.PURGE.FHIR", "$JS.API.CONSUMER.DELETE.FHIR.rlsguard",
	"$JS.RLSGUARD.API.STREAM.PURGE.RLS_DEAD",
	"$JS.RLSGUARD.API.STREAM.DELETE.RLS_FLAGS", "$JS.CORE.API.CONSUMER.CREATE.RLS.x.rls.commit.flags.>", "$JS.FC.RLS.x",
	"$JS.FC.RLS_FLAGS.x",
	"$JS.ACK.FHIR.rlsguard.1.1.1.1700000000000000000.0",
}

// bodies are those of what is published with such a reply.
var bodies = []string{
	"",
	"{}",
	`{"batch":1,"no_wait":true}`,
	`{"seq":1}`,
	`{"seq":1,"next_by_subj":">","batch":2}`,
	`{"last_by_subj":">"}`,
}

// asks are subjects that the users of accounts.conf may publish on.
func asks(t *testing.T, user string) []string {
	t.Helper()
	for _, a := range accountsFile(t) {
		for _, u := range listOf(a.(block)["users"]) {
			if u["user"] != user {
				continue
			}
			publish := u["permissions"].(block)["publish"]
			if b, ok := publish.(block); ok {
				publish = b["allow"]
			}
			var all []string
			for _, s := range publish.([]any) {
				all = append(all, strings.NewReplacer(".>", ".x", ".*", ".x").Replace(s.(string)))
			}
			return append(all, "fhir.Patient")
		}
	}
	t.Fatalf("there is no user %s", user)
	return nil
}

// holdings are what the streams hold, by stream and subject, and what the consumer of inputs has
// acknowledged.
func (s site) holdings(t *testing.T) map[string]uint64 {
	t.Helper()
	js := s.jetStream(t, "admin")
	all := map[string]uint64{}
	for _, name := range []string{"FHIR", "RLS", "RLS_AUDIT", "RLS_FLAGS", "RLS_DEAD", "RLS_REJECTED", "RLS_FEEDBACK"} {
		stream, err := js.Stream(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		info, err := stream.Info(t.Context(), jetstream.WithSubjectFilter(">"))
		if err != nil {
			t.Fatal(err)
		}
		for subject, n := range info.State.Subjects {
			all[name+" "+subject] = n
		}
		all[name+" last"] = info.State.LastSeq
	}
	s.settings(t, js, all)
	cons, err := js.Consumer(t.Context(), "FHIR", "rlsguard")
	if err != nil {
		t.Fatal(err)
	}
	all["acknowledged"], all["pending"] = cons.CachedInfo().AckFloor.Stream, uint64(cons.CachedInfo().NumAckPending)
	return all
}

// settled are the holdings once nothing has come for a while: what is not stored leaves no sign to
// wait for.
func (s site) settled(t *testing.T) map[string]uint64 {
	t.Helper()
	for before := s.holdings(t); ; {
		time.Sleep(500 * time.Millisecond)
		now := s.holdings(t)
		if maps.Equal(before, now) {
			return now
		}
		before = now
	}
}

// listener collects the subjects of what a user hears.
func (s site) listener(t *testing.T, user, subject string) func() []string {
	t.Helper()
	var mu sync.Mutex
	var heard []string
	nc := s.connect(t, user)
	_, err := nc.Subscribe(subject, func(m *nats.Msg) {
		mu.Lock()
		defer mu.Unlock()
		heard = append(heard, m.Subject)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	return func() []string {
		if err := nc.Flush(); err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(heard)
	}
}

// No user but rlsguard and the admin can cause a message in a stream of rlsguard's or a live flag:
// not by publishing, not as the reply of what they publish, ask of JetStream or of the service, not
// as the place that a consumer delivers to, nor by streams of their own or what headers ask for.
func TestNobodyWritesWhereTheyMayNot(t *testing.T) {
	s := run(t, "nats.conf", 1)
	s.setUp(t, 1)
	s.fill(t)
	s.nobodyWrites(t, bodies)
}

// nobodyWrites lets each outsider try everything, with each of contents.
func (s site) nobodyWrites(t *testing.T, contents []string) {
	for _, user := range outsiders {
		t.Run(user, func(t *testing.T) {
			var heard []func() []string
			for _, l := range listeners {
				if l.user != user {
					heard = append(heard, s.listener(t, l.user, l.subject))
				}
			}
			before := s.holdings(t)
			sent := s.attack(t, user, contents)
			after := s.settled(t)
			for what, n := range after {
				if before[what] == n || s.rightOf(user, what) {
					continue
				}
				t.Errorf("%s: %d, and %d before", what, n, before[what])
			}
			for what := range maps.Keys(before) {
				// who may drop letters
				if _, there := after[what]; !there && (user != "operator" || what != "RLS_DEAD rls.dead.x") {
					t.Errorf("%s is gone", what)
				}
			}
			for _, subjects := range heard {
				if all := subjects(); len(all) > 0 {
					t.Errorf("others are shown %v", all)
				}
			}
			if sent < 500 {
				t.Errorf("%d attempts", sent)
			}
		})
	}
}

// listeners are subjects on which nobody else may be heard.
var listeners = []struct{ user, subject string }{
	{"dashboard", "rls.flags.>"},
	{"reviewer", "rls.flags.>"},
	{"producer", "rls.rejected.>"},
	{"rlsguard", "_INBOX_rlsguard.x"},
	{"admin", "_INBOX_admin.x"},
}

// rightOf tells what a user may store: producers and operators inputs that acknowledge nothing,
// reviewers acknowledgements.
func (s site) rightOf(user, what string) bool {
	switch user {
	case "producer", "operator":
		return what == "FHIR last" || strings.HasPrefix(what, "FHIR fhir.in.")
	case "reviewer":
		return what == "FHIR last" || what == "FHIR fhir.DetectedIssue"
	}
	return false
}

// fill stores something of each kind, leaves an input that is not acknowledged, and answers
// rls.check.
func (s site) fill(t *testing.T) {
	t.Helper()
	js := s.jetStream(t, "rlsguard")
	for _, subject := range []string{
		"rls.state.site", "rls.state.patient.x", "rls.commit.flags.high.x.y",
		"rls.dead.x", "rls.rejected.x", "rls.feedback.x.y",
	} {
		if _, err := js.Publish(t.Context(), subject, []byte(subject)); err != nil {
			t.Fatal(subject, err)
		}
	}
	if _, err := s.jetStream(t, "producer").Publish(t.Context(), "fhir.Patient", []byte("{}")); err != nil {
		t.Fatal(err)
	}
	cons, err := js.CreateConsumer(
		t.Context(),
		"FHIR",
		jetstream.ConsumerConfig{Durable: "rlsguard", AckPolicy: jetstream.AckExplicitPolicy, AckWait: time.Hour},
	)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cons.Fetch(1); err != nil {
		t.Fatal(err)
	}
	svc, err := micro.AddService(s.connect(t, "rlsguard"), micro.Config{Name: "rlsguard", Version: "1.0.0"})
	if err != nil {
		t.Fatal(err)
	}
	err = svc.AddEndpoint(
		"check",
		micro.HandlerFunc(func(r micro.Request) { _ = r.Respond([]byte("{}")) }),
		micro.WithEndpointSubject("rls.check"),
	)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = svc.Stop() })
	admin := s.jetStream(t, "admin")
	for {
		flags, err := admin.Stream(t.Context(), "RLS_FLAGS")
		if err != nil {
			t.Fatal(err)
		}
		if flags.CachedInfo().State.Msgs > 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// attack tries every target with all that a user may publish on, and tells how often.
func (s site) attack(t *testing.T, user string, contents []string) (sent int) {
	t.Helper()
	nc := s.connect(t, user, nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
	publish := func(m *nats.Msg) {
		if err := nc.PublishMsg(m); err != nil {
			t.Fatal(err)
		}
		if sent++; sent%2000 == 0 { // what a cluster is asked for at once is bounded
			if err := nc.Flush(); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, target := range targets {
		if user != "reviewer" || target != "fhir.DetectedIssue" { // may be published
			publish(&nats.Msg{Subject: target, Data: []byte("{}")})
		}
	}
	for _, subject := range asks(t, user) {
		if subject == "fhir.DetectedIssue" && user != "reviewer" {
			continue
		}
		for _, target := range targets {
			for _, body := range contents {
				m := &nats.Msg{Subject: subject, Reply: target, Data: []byte(body), Header: nats.Header{}}
				if len(body) == 2 {
					m.Header.Set("Nats-Trace-Dest", target)
				}
				publish(m)
			}
			for _, headers := range tricks(target) {
				publish(&nats.Msg{Subject: subject, Reply: nc.NewInbox(), Data: []byte("{}"), Header: headers})
			}
		}
	}
	for _, m := range ownStreams() {
		m.Reply = nc.NewInbox()
		publish(m)
	}
	sent += s.deliver(t, nc, user)
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	return sent
}
