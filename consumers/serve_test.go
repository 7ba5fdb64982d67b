package consumers

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/codec"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/audit"
	"github.com/rlsguard/rlsguard/consumers/embedded"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/health"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/fhir"
	"github.com/rlsguard/rlsguard/fhir/issue"
)

// bench is a server and what tests do with it.
type bench struct {
	t   testing.TB
	dir string
	srv *embedded.Embedded
	nc  *nats.Conn
	js  jetstream.JetStream
}

func newBench(t testing.TB) *bench {
	b := &bench{t: t, dir: filepath.Join(t.TempDir(), "data")}
	b.start()
	t.Cleanup(b.stop)
	return b
}

func (b *bench) start() {
	b.t.Helper()
	srv, err := embedded.Start(
		context.Background(),
		embedded.Options{
			Dir:    b.dir,
			Listen: "127.0.0.1:0",
			Log:    zerolog.New(zerolog.NewTestWriter(b.t)).Level(zerolog.ErrorLevel),
		},
	)
	if err != nil {
		b.t.Fatal(err)
	}
	b.srv = srv
	b.reconnect()
}

func (b *bench) reconnect() {
	b.t.Helper()
	var err error
	if b.nc, err = nats.Connect(b.srv.URL()); err != nil {
		b.t.Fatal(err)
	}
	if b.js, err = jetstream.New(b.nc); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) stop() {
	b.nc.Close()
	if err := b.srv.Stop(); err != nil {
		b.t.Error(err)
	}
}

// config is that of an instance on the bench's server, with the as-of time frozen.
func (b *bench) config() Config {
	cfg := configOf(b.t)
	cfg.URL = b.srv.URL()
	return cfg
}

func configOf(t testing.TB) Config {
	return Config{Engine: engine(), Reader: fhir.DefaultOptions(), AsOf: asOf, Health: health.New(),
		Log: zerolog.New(zerolog.NewTestWriter(t)).Level(zerolog.WarnLevel)}
}

// serve runs an instance until the returned function is called.
func (b *bench) serve(cfg Config) (stop func()) {
	b.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, cfg) }()
	end := time.Now().Add(3 * time.Minute) // a server may take one to begin copying again
	for why := cfg.Health.Reasons(); len(why) > 0; why = cfg.Health.Reasons() {
		if time.Now().After(end) {
			b.t.Fatalf("not ready within three minutes: %v", why)
		}
		time.Sleep(5 * time.Millisecond)
	}
	return func() {
		b.t.Helper()
		cancel()
		if err := <-ended; err != nil {
			b.t.Errorf("Serve: %v", err)
		}
	}
}

// wait waits for something that has to come.
func (b *bench) wait(what string, is func() bool) {
	b.t.Helper()
	for end := time.Now().Add(time.Minute); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			b.t.Fatalf("not %s within a minute", what)
		}
	}
}

// publish puts documents on the bus, in order.
func (b *bench) publish(docs ...string) {
	b.t.Helper()
	for _, d := range docs {
		if _, err := b.js.Publish(b.t.Context(), "fhir.any", []byte(d)); err != nil {
			b.t.Fatal(err)
		}
	}
}

// decided waits until everything published is acknowledged.
func (b *bench) decided() {
	b.t.Helper()
	b.wait("decided", func() bool {
		s, err := b.js.Stream(b.t.Context(), layout.StreamFHIR)
		if err != nil {
			return false
		}
		c, err := b.js.Consumer(b.t.Context(), layout.StreamFHIR, layout.Durable)
		return err == nil && c.CachedInfo().AckFloor.Stream >= s.CachedInfo().State.LastSeq
	})
}

// history reads every transition kept for audit, in the order of their commits.
func (b *bench) history() []checks.Flag {
	b.t.Helper()
	var flags []checks.Flag
	err := audit.Each(b.t.Context(), b.js, audit.Reading{}, func(e audit.Entry) error {
		f, err := issue.Unmarshal(e.Data)
		flags = append(flags, f)
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return flags
}

// messages reads what a stream has under a subject.
func (b *bench) messages(stream, filter string) []jetstream.Msg {
	b.t.Helper()
	for {
		if all, whole := b.readAll(stream, filter); whole {
			return all
		}
	}
}

// readAll reads what there is, unless some of it expires meanwhile, or the server lets it wait.
func (b *bench) readAll(stream, filter string) (all []jetstream.Msg, whole bool) {
	b.t.Helper()
	c, err := b.js.OrderedConsumer(
		b.t.Context(),
		stream,
		jetstream.OrderedConsumerConfig{FilterSubjects: []string{filter}},
	)
	if err != nil {
		b.t.Fatal(err)
	}
	for n := int(c.CachedInfo().NumPending); len(all) < n; {
		batch, err := c.Fetch(n-len(all), jetstream.FetchMaxWait(5*time.Second))
		if err != nil {
			b.t.Fatal(err)
		}
		before := len(all)
		for m := range batch.Messages() {
			all = append(all, m)
		}
		if len(all) == before {
			return nil, false
		}
	}
	return all, true
}

// states are those stored, by patient.
func (b *bench) states() map[facts.Ref]*checks.State {
	b.t.Helper()
	all := map[facts.Ref]*checks.State{}
	for _, m := range b.messages(layout.StreamRLS, layout.SubjectPatient+"*") {
		st, err := codec.Decode(m.Data())
		if err != nil {
			b.t.Fatal(err)
		}
		all[st.Patient] = st
	}
	return all
}

// replay is what the same documents give without a server.
func replay(docs ...string) *fold.Memory {
	r := fold.NewReplay(engine())
	for i, d := range docs {
		r.Fold(readInput(uint64(i+1), d))
	}
	return r.Finish(asOf)
}

func readInput(seq uint64, doc string) fold.Input {
	in := fold.Input{Arrival: facts.Arrival{Sequence: seq}}
	fhir.NewReader(fhir.DefaultOptions()).Document([]byte(doc), func(res fhir.Resource) bool {
		in.Resources = append(in.Resources, res)
		return true
	})
	return in
}

// sameAsReplay compares what is stored with what replay of the same documents gives.
func (b *bench) sameAsReplay(docs ...string) {
	b.t.Helper()
	want := replay(docs...)
	got := fold.NewMemory()
	got.States = b.states()
	if d := cmp.Diff(open(engine(), want), open(engine(), got)); d != "" {
		b.t.Errorf("flags differ (-replay +serve):\n%s", d)
	}
	if err := consistent(b.history()); err != nil {
		b.t.Error(err)
	}
}

func rlsJSON(patient string) string {
	return fmt.Sprintf(
		`{"resourceType":"Condition","id":"c-%s","subject":{"reference":"Patient/%s"},"code":{"coding":[{"system":"http://snomed.info/sct","code":"32914008"}]},
"clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]},"verificationStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-ver-status","code":"confirmed"}]}}`,
		patient,
		patient,
	)
}

func orderJSON(id, patient, drug, status string, version int) string {
	return fmt.Sprintf(
		`{"resourceType":"MedicationRequest","id":"%s","meta":{"versionId":"%d"},"status":"%s","intent":"order","subject":{"reference":"Patient/%s"},
"authoredOn":"2026-10-01","medicationCodeableConcept":{"text":"%s"}}`,
		id,
		version,
		status,
		patient,
		drug,
	)
}

func TestServe(t *testing.T) {
	b := newBench(t)
	stop := b.serve(b.config())
	docs := []string{
		rlsJSON("1"),
		orderJSON("m1", "1", "sertraline", "active", 1),
		orderJSON("m2", "1", "gabapentin", "active", 1),
		`{"resourceType":"Nonsense"`,
		orderJSON("m1", "1", "sertraline", "stopped", 2),
	}
	b.publish(docs...)
	b.decided()
	b.sameAsReplay(docs...)
	if n := len(b.history()); n == 0 {
		t.Error("no transition")
	}
	stop()
}

func TestAnotherKeyIsRefused(t *testing.T) {
	b := newBench(t)
	b.serve(b.config())()
	cfg := b.config()
	cfg.Engine.Key = []byte("another key of the tests")
	if err := Serve(t.Context(), cfg); !errors.Is(err, layout.ErrOtherKey) {
		t.Errorf("Serve with another key: %v", err)
	}
}
