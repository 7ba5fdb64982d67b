package patients

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"
	"go.uber.org/goleak"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/commit"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/consumers/timeline"
	"github.com/rlsguard/rlsguard/fhir"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// The server's own: it waits up to 30 s for the answer to a request that its shutdown cut
		// off.
		goleak.IgnoreTopFunction("github.com/nats-io/nats-server/v2/server.(*stream).trySetupSourceConsumer.func3"))
}

var asOf = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

const patient = facts.Ref("Patient/4711-B")

// kept is a store and a trail in memory.
type kept struct {
	engine   *fold.Engine
	known    *fold.Memory
	trail    []checks.Flag
	notReady bool
	broken   error // of the trail
}

func (k *kept) Read(do func(fold.View) error) error {
	if k.notReady {
		return commit.ErrNotReady
	}
	return do(k.known)
}

func (k *kept) Named(token layout.Token) (facts.Ref, error) {
	if k.notReady {
		return "", commit.ErrNotReady
	}
	for _, ref := range k.known.Patients() {
		if layout.NewTokens(k.engine.Key).Of(ref) == token {
			return ref, nil
		}
	}
	return "", nil
}

func (k *kept) Whose(_ context.Context, flag string) (facts.Ref, error) {
	i := slices.IndexFunc(k.trail, func(f checks.Flag) bool { return f.ID == flag })
	if k.broken != nil || i < 0 {
		return "", k.broken
	}
	return k.trail[i].Patient, nil
}

func (k *kept) Transitions(_ context.Context, flag string, number uint64) (all []checks.Flag, err error) {
	for _, f := range k.trail {
		if f.ID == flag && f.Number <= number {
			all = append(all, f)
		}
	}
	return all, k.broken
}

// told has read the made-up patient of package timeline.
func told(t testing.TB) *kept {
	t.Helper()
	data, err := os.ReadFile("../timeline/testdata/patient.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	k := &kept{engine: &fold.Engine{
		Settings: checks.DefaultSettings(), Key: []byte("key of the tests, not secret"), Ruleset: "r1",
	}}
	replay := fold.NewReplay(k.engine)
	n := uint64(0)
	for line := range strings.Lines(string(data)) {
		n++
		in := fold.Input{Arrival: facts.Arrival{Sequence: n}, AllowAck: true}
		o := fhir.DefaultOptions()
		o.Now = asOf
		fhir.NewReader(o).Document([]byte(line), func(r fhir.Resource) bool {
			in.Resources = append(in.Resources, r)
			return true
		})
		_, flags := replay.Step(in, asOf)
		k.trail = append(k.trail, flags...)
	}
	k.known = replay.Finish(asOf)
	return k
}

func (k *kept) teller() *Teller {
	return &Teller{
		Engine: k.engine, Stored: k, Trail: k, AsOf: func() time.Time { return asOf }, Metrics: NewMetrics(),
	}
}

func (k *kept) token() string { return layout.NewTokens(k.engine.Key).Of(patient).String() }

// ask sends a request to a teller on a server of its own.
func ask(t testing.TB, teller *Teller) func(request string) *nats.Msg {
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
	svc, err := micro.AddService(nc, micro.Config{Name: "test", Version: "1.0.0"})
	if err != nil {
		t.Fatal(err)
	}
	if err := teller.Serve(svc, nc.MaxPayload()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := svc.Stop(); err != nil {
			t.Error(err)
		}
	})
	return func(request string) *nats.Msg {
		m, err := nc.Request(Subject, []byte(request), 10*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
}

func read(t testing.TB, m *nats.Msg) (p timeline.Patient) {
	t.Helper()
	if code := m.Header.Get(micro.ErrorCodeHeader); code != "" {
		t.Fatalf("%s: %s", code, m.Data)
	}
	if err := json.Unmarshal(m.Data, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// By a flag and by the token comes the same timeline, with the token for the patient.
func TestServiceTells(t *testing.T) {
	k := told(t)
	request := ask(t, k.teller())
	byToken := request(fmt.Sprintf(`{"patient":%q}`, k.token()))
	p := read(t, byToken)
	if p.Patient != k.token() || len(p.Orders) != 9 || len(p.Flags) < 5 || p.Gap != "" || len(p.Flags[0].History) == 0 {
		t.Errorf("the timeline is %s", byToken.Data)
	}
	for _, f := range p.Flags {
		if got := request(fmt.Sprintf(`{"flag":%q}`, f.ID)); string(got.Data) != string(byToken.Data) {
			t.Errorf("by flag %s comes another timeline", f.Check)
		}
	}
	if strings.Contains(string(byToken.Data), "4711-B") {
		t.Error("the timeline names the patient")
	}
}

// Every refusal has a code, a text of ours alone, and a body.
func TestServiceRefuses(t *testing.T) {
	k := told(t)
	unready, broken := told(t), told(t)
	unready.notReady = true
	broken.broken = errors.New("Patient/4711-B: a text with a secret")
	flag := k.trail[0].ID
	for _, c := range []struct {
		name, request, code string
		of                  *kept
	}{
		{"nothing", ``, codeUnreadable, k},
		{"a record number", `{"patient":"Patient/4711-B"}`, codeUnreadable, k},
		{"both", fmt.Sprintf(`{"flag":%q,"patient":%q}`, flag, k.token()), codeUnreadable, k},
		{"a field too many", fmt.Sprintf(`{"flag":%q,"x":1}`, flag), codeUnreadable, k},
		{"a part of a flag", fmt.Sprintf(`{"flag":%q}`, flag[:8]), codeUnreadable, k},
		{"a flag with wildcards", `{"flag":"*"}`, codeUnreadable, k},
		{"another flag", `{"flag":"00000000-0000-0000-0000-000000000000"}`, codeUnknown, k},
		{"another token", `{"patient":"00000000000000000000000000000000"}`, codeUnknown, k},
		{"too early", fmt.Sprintf(`{"patient":%q}`, k.token()), codeNotReady, unready},
		{"a flag, too early", fmt.Sprintf(`{"flag":%q}`, flag), codeNotReady, unready},
		{"no stream", fmt.Sprintf(`{"flag":%q}`, flag), codeInternal, broken},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := ask(t, c.of.teller())(c.request)
			if got := m.Header.Get(micro.ErrorCodeHeader); got != c.code {
				t.Errorf("code %q instead of %q", got, c.code)
			}
			var body struct{ Error string }
			if err := json.Unmarshal(m.Data, &body); err != nil || body.Error == "" {
				t.Errorf("body %q, %v", m.Data, err)
			}
			said := body.Error + fmt.Sprint(m.Header)
			if strings.Contains(said, "4711") || strings.Contains(said, flag[:8]) {
				t.Errorf("the refusal repeats the request: %s", said)
			}
		})
	}
}

// Where the history cannot be read the rest is told, and that it is not whole.
func TestAGapIsTold(t *testing.T) {
	k := told(t)
	k.broken = errors.New("no answer")
	p := read(t, ask(t, k.teller())(fmt.Sprintf(`{"patient":%q}`, k.token())))
	if p.Gap == "" || len(p.Orders) != 9 {
		t.Errorf("gap %q, %d orders", p.Gap, len(p.Orders))
	}
}

// What stands in the trail under the id of a flag and is about somebody else is no history of it.
func TestForeignTransitionsAreNotTold(t *testing.T) {
	k := told(t)
	forged := k.trail[0]
	forged.Patient, forged.Summary, forged.Number = "Patient/2", "a text of another patient", 0
	k.trail = append(k.trail, forged)
	m := ask(t, k.teller())(fmt.Sprintf(`{"patient":%q}`, k.token()))
	read(t, m)
	if strings.Contains(string(m.Data), forged.Summary) {
		t.Error("the history has a transition of another patient")
	}
}

// A panic is answered, and ends nothing.
func TestAPanicIsAnswered(t *testing.T) {
	k := told(t)
	teller := k.teller()
	first := true
	teller.AsOf = func() time.Time {
		if first {
			first = false
			panic("Patient/4711-B")
		}
		return asOf
	}
	request := ask(t, teller)
	question := fmt.Sprintf(`{"patient":%q}`, k.token())
	m := request(question)
	if m.Header.Get(micro.ErrorCodeHeader) != codeInternal || strings.Contains(string(m.Data), "4711") {
		t.Errorf("%v %s", m.Header, m.Data)
	}
	read(t, request(question))
}

// Whatever is too large for a message is left out and told; what counts stays.
func TestFitted(t *testing.T) {
	k := told(t)
	p, err := k.teller().tell(t.Context(), fmt.Appendf(nil, `{"patient":%q}`, k.token()))
	if err != nil {
		t.Fatal(err)
	}
	whole, err := json.Marshal(&p)
	if err != nil {
		t.Fatal(err)
	}
	counting := 0
	for _, o := range p.Orders {
		if o.Counts {
			counting++
		}
	}
	smallest := 0
	for size := len(whole) + headerRoom; ; size -= 500 {
		cut, err := k.teller().tell(t.Context(), fmt.Appendf(nil, `{"patient":%q}`, k.token()))
		if err != nil {
			t.Fatal(err)
		}
		data, err := fitted(&cut, size)
		if errors.Is(err, errTooLarge) {
			break
		}
		if err != nil || len(data)+headerRoom > size || len(cut.Flags) != len(p.Flags) {
			t.Fatalf("%d bytes of %d: %v", len(data), size, err)
		}
		for _, o := range cut.Orders {
			if o.Counts {
				counting--
			}
		}
		if counting != 0 {
			t.Fatalf("%d orders that count are missing", counting)
		}
		for _, o := range p.Orders {
			if o.Counts {
				counting++
			}
		}
		if (len(data) < len(whole)) != (cut.Gap != "") {
			t.Fatalf("%d bytes and gap %q", len(data), cut.Gap)
		}
		smallest = size
	}
	if smallest > len(whole)*4/5 {
		t.Errorf("no less than %d of %d bytes", smallest, len(whole))
	}
}

func FuzzReadQuestion(f *testing.F) {
	for _, s := range []string{
		``, `{}`, `[]`, `null`, `{"flag":"0123abcd-0123-0123-0123-0123456789ab"}`,
		`{"patient":"` + strings.Repeat("0a", 16) + `"}`,
		`{"flag":null,"patient":null}`, `{"flag":"x"}{}`, `{"FLAG":"0123abcd-0123-0123-0123-0123456789ab"}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		q, err := readQuestion(data)
		switch {
		case err != nil && !errors.Is(err, errUnreadable):
			t.Errorf("error %v", err)
		case err != nil:
		case q.flag != "" && (!layout.FlagID.MatchString(q.flag) || q.token != layout.Token{}):
			t.Errorf("%q asks for %+v", data, q)
		case q.flag == "" && !strings.Contains(strings.ToLower(string(data)), "patient"):
			t.Errorf("%q asks for %+v", data, q)
		}
	})
}
