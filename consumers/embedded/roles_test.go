package embedded

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/rlsguard/rlsguard/consumers/embedded/blocks"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// shared is a server with two users of each role.
func shared(t *testing.T, dir string) *Embedded {
	t.Helper()
	var users []User
	for _, role := range Roles() {
		users = append(users, User{"a-" + role, "secret", role}, User{"b-" + role, "secret", role})
	}
	e, err := Start(t.Context(), Options{Dir: dir, Listen: "127.0.0.1:0", Users: users, Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Stop(); err != nil {
			t.Error(err)
		}
	})
	js, err := jet.New(within(t, e), e.Domain())
	if err != nil {
		t.Fatal(err)
	}
	if err := jet.MakeStreams(t.Context(), js, 1); err != nil {
		t.Fatal(err)
	}
	return e
}

func within(t *testing.T, e *Embedded) *nats.Conn {
	t.Helper()
	nc, err := e.Connect()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// asUser connects somebody, and refused is what the server does not let them do.
func asUser(t *testing.T, e *Embedded, name string) (nc *nats.Conn, refused <-chan error) {
	t.Helper()
	denied := make(chan error, 100)
	nc, err := nats.Connect(
		"nats://"+e.Addr(), nats.UserInfo(name, "secret"), nats.CustomInboxPrefix("_INBOX_"+name),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { denied <- err }),
	)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc, denied
}

// Roles are those of deploy/accounts.conf, and an unknown one is refused.
func TestRoles(t *testing.T) {
	want := []string{"admin", "dashboard", "operator", "orders", "page", "producer", "reviewer", "rlsguard", "sys"}
	if got := Roles(); !slices.Equal(got, want) {
		t.Errorf("roles %v", got)
	}
	for name, users := range map[string][]User{
		"unknown role": {{"a", "b", "owner"}},
		"no role":      {{"a", "b", ""}},
		"twice":        {{"a", "b", "producer"}, {"a", "c", "admin"}},
		"wildcard":     {{"*", "b", "producer"}},
		"two words":    {{"a.b", "b", "producer"}},
	} {
		o := Options{Dir: t.TempDir(), Listen: "127.0.0.1:0", Users: users, Log: zerolog.Nop()}
		if e, err := Start(t.Context(), o); err == nil {
			e.Stop()
			t.Errorf("%s: started", name)
		}
	}
}

// A user of the embedded server has the rights of the role in deploy/accounts.conf.
func TestRightsOfRoles(t *testing.T) {
	e := shared(t, t.TempDir())
	for _, c := range []struct {
		user, subject string
		may           bool
	}{
		{"a-producer", "fhir.Patient", true},
		{"a-producer", "fhir.DetectedIssue", false},
		{"a-producer", "rls.state.site", false},
		{"a-reviewer", "fhir.DetectedIssue", true},
		{"a-reviewer", "fhir.Patient", false},
		{"a-dashboard", "fhir.Patient", false},
		{"a-dashboard", "$JS.API.STREAM.DELETE.FHIR", false},
		{"a-dashboard", "$JS.RLSGUARD.API.STREAM.DELETE.RLS_FLAGS", false},
		{"a-operator", "$JS.RLSGUARD.API.STREAM.MSG.GET.RLS_DEAD", true},
		{"a-orders", "rls.check", true},
		{"a-orders", "fhir.Patient", false},
		{"a-rlsguard", "rls.state.site", true},
		{"a-rlsguard", "$JS.API.STREAM.DELETE.RLS", false},
		{"a-admin", "$JS.API.STREAM.INFO.RLS", true},
	} {
		nc, denied := asUser(t, e, c.user)
		if err := nc.Publish(c.subject, []byte("{}")); err != nil {
			t.Fatal(err)
		}
		if err := nc.Flush(); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-denied:
			if c.may {
				t.Errorf("%s on %s: %v", c.user, c.subject, err)
			}
		case <-time.After(50 * time.Millisecond): // the refusal comes before the answer to Flush
			if !c.may {
				t.Errorf("%s may publish on %s", c.user, c.subject)
			}
		}
	}
}

// Whoever has the same role has an account of its own: no answer that one names as a reply, and no
// inbox, is the other's.
func TestUsersOfOneRoleAreApart(t *testing.T) {
	e := shared(t, t.TempDir())
	a, _ := asUser(t, e, "a-dashboard")
	b, denied := asUser(t, e, "b-dashboard")
	heard, err := b.SubscribeSync("rls.flags.>")
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := a.PublishRequest("$JS.RLSGUARD.API.STREAM.INFO.RLS_FLAGS", "rls.flags.high.x.y", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := b.SubscribeSync("_INBOX_a-dashboard.>"); err != nil {
		t.Fatal(err)
	}
	if m, err := heard.NextMsg(500 * time.Millisecond); err == nil {
		t.Errorf("the other hears %s", m.Subject)
	}
	select {
	case <-denied:
	default:
		t.Error("the other may hear the answers")
	}
	js, err := jet.New(b, jet.NamedDomain(domainName))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.OrderedConsumer(t.Context(), layout.StreamFlags, jetstream.OrderedConsumerConfig{}); err != nil {
		t.Errorf("a dashboard reads as the README says: %v", err)
	}
}

// A folder that one user had to himself goes on when others are let in: inputs, states and letters
// are where the accounts want them, and the flags are copied again. It also goes on when the server
// is started again in this process, without users, and for a look from outside.
func TestIntoAccounts(t *testing.T) {
	dir := t.TempDir()
	alone := started(t, dir)
	nc := within(t, alone)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	if err := jet.MakeStreams(t.Context(), js, 1); err != nil {
		t.Fatal(err)
	}
	for subject := range stored {
		if _, err := js.Publish(t.Context(), subject, []byte(subject)); err != nil {
			t.Fatal(err)
		}
	}
	nc.Close()
	if err := alone.Stop(); err != nil {
		t.Fatal(err)
	}
	// interrupted after the first stream
	if err := os.MkdirAll(blocks.AccountDir(dir, blocks.OwnAccount), 0o700); err != nil {
		t.Fatal(err)
	}
	was, is := blocks.AccountDir(dir, blocks.SoleAccount), blocks.AccountDir(dir, blocks.OwnAccount)
	if err := os.Rename(filepath.Join(was, layout.StreamFHIR), filepath.Join(is, layout.StreamFHIR)); err != nil {
		t.Fatal(err)
	}
	users := []User{{"anna", "secret", "admin"}}
	for _, o := range []Options{
		{Dir: dir, Listen: "127.0.0.1:0", Users: users, Log: zerolog.Nop()},
		{Dir: dir, Listen: "127.0.0.1:0", Log: zerolog.Nop()},
		{Dir: dir, Private: true, Log: zerolog.Nop()},
	} {
		e, err := Start(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if e.Rebuild.Load() > 0 {
			t.Error("everything is read again")
		}
		holds(t, e)
		e.keeping() // the goroutine that asks every second would do so beside us
		<-e.kept
		e.down()
		if err := e.open(t.Context()); err != nil {
			t.Fatal(err)
		}
		holds(t, e)
		if err := e.Stop(); err != nil {
			t.Fatal(err)
		}
	}
	if blocks.IsThere(blocks.AccountDir(dir, blocks.SoleAccount)) {
		t.Error("something was left behind")
	}
}

// stored is what one user has stored, by subject, and where.
var stored = map[string]string{
	"fhir.Patient":              layout.StreamFHIR,
	"rls.state.site":            layout.StreamRLS,
	"rls.commit.flags.high.x.y": layout.StreamRLS,
	"rls.dead.x":                layout.StreamDead,
	"rls.rejected.x":            layout.StreamRejected,
}

func holds(t *testing.T, e *Embedded) {
	t.Helper()
	js, err := jet.New(within(t, e), e.Domain())
	if err != nil {
		t.Fatal(err)
	}
	if err := jet.MakeStreams(t.Context(), js, 1); err != nil {
		t.Fatal(err)
	}
	for subject, stream := range stored {
		if jet.LastOf(t.Context(), js, stream, subject) == nil {
			t.Errorf("%s lacks %s", stream, subject)
		}
	}
	end := time.Now().Add(30 * time.Second)
	for jet.LastOf(t.Context(), js, layout.StreamFlags, "rls.flags.high.x.y") == nil {
		if time.Now().After(end) {
			t.Fatal("the flags are not copied")
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// No answer to what a user may publish or ask is stored in a stream or shown live, whatever subject
// it is to come on.
func TestNoAnswerIsStored(t *testing.T) {
	e := shared(t, t.TempDir())
	js, err := jet.New(within(t, e), e.Domain())
	if err != nil {
		t.Fatal(err)
	}
	heard, err := within(t, e).SubscribeSync("rls.flags.>")
	if err != nil {
		t.Fatal(err)
	}
	accounts, err := shippedAccounts()
	if err != nil {
		t.Fatal(err)
	}
	before := lasts(t, js)
	for name, a := range accounts {
		if keepsName(name) {
			continue
		}
		for _, role := range mapsIn(a.(block)["users"]) {
			if role["user"] == "reviewer" { // who may acknowledge, in whatever way
				continue
			}
			nc, _ := asUser(t, e, "a-"+role["user"].(string))
			for _, subject := range mayPublish(role) {
				for _, reply := range wished {
					m := nats.Msg{Subject: subject, Reply: reply, Data: []byte(`{"batch":1,"no_wait":true}`)}
					if err := nc.PublishMsg(&m); err != nil {
						t.Fatal(err)
					}
				}
			}
			if err := nc.Flush(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if m, err := heard.NextMsg(500 * time.Millisecond); err == nil {
		t.Errorf("heard: %s", m.Subject)
	}
	for stream, last := range lasts(t, js) {
		if stream != layout.StreamFHIR && last != before[stream] {
			t.Errorf("%s ends at %d, and at %d before", stream, last, before[stream])
		}
	}
	fhir, err := js.Stream(t.Context(), layout.StreamFHIR)
	if err != nil {
		t.Fatal(err)
	}
	info, err := fhir.Info(t.Context(), jetstream.WithSubjectFilter(">"))
	if err != nil {
		t.Fatal(err)
	}
	// What they may: inputs of producers and operators, among which the server also stores answers that
	// come back to a subject which they may publish on.
	for subject, n := range info.State.Subjects {
		if !strings.HasPrefix(subject, "fhir.in.") {
			t.Errorf("%d inputs on %s", n, subject)
		}
	}
}

// wished are subjects on which a user might like an answer to appear.
var wished = []string{
	"rls.state.site", "rls.flags.high.x.y", "rls.dead.x", "rls.rejected.x", "fhir.DetectedIssue",
}

// mayPublish are subjects that a role may publish on.
func mayPublish(role block) (subjects []string) {
	publish := role["permissions"].(block)["publish"]
	if p, ok := publish.(block); ok {
		publish = p["allow"]
	}
	for _, s := range publish.([]any) {
		subjects = append(subjects, strings.NewReplacer(".>", ".x", ".*", ".x").Replace(s.(string)))
	}
	return subjects
}

// lasts are the last sequences of all streams.
func lasts(t *testing.T, js jetstream.JetStream) map[string]uint64 {
	t.Helper()
	streams, err := jet.Streams(t.Context(), js)
	if err != nil || len(streams) < 5 {
		t.Fatalf("%d streams, %v", len(streams), err)
	}
	all := map[string]uint64{}
	for _, s := range streams {
		all[s.Config.Name] = s.State.LastSeq
	}
	return all
}
