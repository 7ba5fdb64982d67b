package consumers

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/fhir"
)

// The mix is a hospital's feed: of 20 events 12 are none of ours, the others orders, results and
// diagnoses of changing patients.
func feed(n, patients int) [][]byte {
	docs := make([][]byte, n)
	for i := range docs {
		p := strconv.Itoa(i * 7919 % patients)
		id := strconv.Itoa(i)
		switch i % 20 {
		case 0:
			docs[i] = []byte(rlsJSON(p))
		case 1, 2, 3:
			docs[i] = []byte(orderJSON("a"+id, p, drugNames[i/20%len(drugNames)], "active", 1))
		case 4, 5:
			docs[i] = []byte(orderJSON("b"+id, p, "lisinopril", "active", 1))
		case 6, 7:
			docs[i] = fmt.Appendf(
				nil,
				`{"resourceType":"Observation","id":"o%s","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"2276-4"}]},
"subject":{"reference":"Patient/%s"},"effectiveDateTime":"2026-06-01","valueQuantity":{"value":%d,"unit":"ng/mL","system":"http://unitsofmeasure.org","code":"ng/mL"}}`,
				id,
				p,
				30+i%200,
			)
		default:
			docs[i] = fmt.Appendf(
				nil,
				`{"resourceType":"Encounter","id":"e%s","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/%s"},
"period":{"start":"2026-06-01T08:00:00Z","end":"2026-06-01T08:15:00Z"},"reasonCode":[{"text":"%s"}]}`,
				id,
				p,
				strings.Repeat("x", 200),
			)
		}
	}
	return docs
}

// BenchmarkPipeline compares serve with a consumer that decides nothing, on the same stream of the
// same embedded server that syncs every write: events a second of each, and their ratio. What the
// other commits for each batch is what serve was seen to.
func BenchmarkPipeline(b *testing.B) {
	const events = 60_000
	be := &bench{t: b, dir: filepath.Join(b.TempDir(), "data")}
	be.start()
	defer be.stop()
	if err := jet.MakeStreams(b.Context(), be.js, 1); err != nil {
		b.Fatal(err)
	}
	js, err := jetstream.New(be.nc, jetstream.WithPublishAsyncMaxPending(1024))
	if err != nil {
		b.Fatal(err)
	}
	defer js.CleanupPublisher()
	for _, d := range feed(events, 12_000) {
		if _, err := js.PublishAsync("fhir.any", d, jetstream.WithStallWait(time.Minute)); err != nil {
			b.Fatal(err)
		}
	}
	<-js.PublishAsyncComplete()
	var ours, noop time.Duration
	for b.Loop() {
		before := be.lastRLS()
		ours += be.timeServe(events)
		states, flags := len(be.messages(layout.StreamRLS, layout.SubjectPatient+"*")), int(be.lastRLS()-before)
		noop += be.timeNoop(events, states, flags)
		be.clear()
	}
	rate := func(d time.Duration) float64 { return float64(events*b.N) / d.Seconds() }
	b.ReportMetric(rate(ours), "events/s")
	b.ReportMetric(rate(noop), "noop-events/s")
	b.ReportMetric(noop.Seconds()/ours.Seconds(), "of-noop")
	b.ReportMetric(float64(runtime.GOMAXPROCS(0)), "procs")
}

func (b *bench) lastRLS() uint64 {
	s, err := b.js.Stream(b.t.Context(), layout.StreamRLS)
	if err != nil {
		b.t.Fatal(err)
	}
	return s.CachedInfo().State.LastSeq
}

func (b *bench) timeServe(events int) time.Duration {
	ctx, cancel := context.WithCancel(b.t.Context())
	ended := make(chan error, 1)
	cfg := Config{Embedded: b.srv, Engine: engine(), Reader: fhir.DefaultOptions(), AsOf: asOf, Log: zerolog.Nop()}
	began := time.Now() // its start, a tenth of a second, counts
	go func() { ended <- Serve(ctx, cfg) }()
	b.acknowledged(layout.Durable, events)
	took := time.Since(began)
	cancel()
	if err := <-ended; err != nil {
		b.t.Fatal(err)
	}
	return took
}

// acknowledged waits until a consumer of FHIR has acknowledged so many.
func (b *bench) acknowledged(name string, n int) {
	b.wait("acknowledged", func() bool {
		c, err := b.js.Consumer(b.t.Context(), layout.StreamFHIR, name)
		return err == nil && c.CachedInfo().AckFloor.Stream >= uint64(n)
	})
}

// timeNoop consumes the same messages, reads none of them, and writes as many messages in atomic
// batches as serve did.
func (b *bench) timeNoop(events, states, written int) time.Duration {
	nc, err := b.srv.Connect()
	if err != nil {
		b.t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		b.t.Fatal(err)
	}
	_, err = js.CreateStream(
		b.t.Context(),
		jetstream.StreamConfig{
			Name:               "NOOP",
			Subjects:           []string{"noop.>"},
			MaxMsgsPerSubject:  1,
			AllowAtomicPublish: true,
		},
	)
	if err != nil {
		b.t.Fatal(err)
	}
	began := time.Now()
	cons, err := js.CreateConsumer(b.t.Context(), layout.StreamFHIR, durable("noop", defaultBatch))
	if err != nil {
		b.t.Fatal(err)
	}
	it, err := cons.Messages(jetstream.PullMaxMessages(2*defaultBatch), jetstream.PullPriorityGroup(group))
	if err != nil {
		b.t.Fatal(err)
	}
	defer it.Stop()
	st := &jet.JetStore{Nc: nc, Js: js, Timeout: time.Minute}
	payload := []byte(strings.Repeat("s", 600))
	var batch []jetstream.Msg
	for seen, out := 0, 0; seen < events; seen++ {
		m, err := it.Next()
		if err != nil {
			b.t.Fatal(err)
		}
		if batch = append(batch, m); len(batch) < defaultBatch && seen < events-1 {
			continue
		}
		var msgs []*nats.Msg
		for due := written * (seen + 1) / events; out < due; out++ {
			msgs = append(
				msgs,
				&nats.Msg{Subject: "noop." + strconv.Itoa(out%max(states, 1)), Data: payload, Header: nats.Header{}},
			)
			if len(msgs) == jet.MaxBatch || out == due-1 {
				if _, err := st.Write(b.t.Context(), msgs); err != nil {
					b.t.Fatal(err)
				}
				msgs = nil
			}
		}
		for _, m := range batch {
			if err := m.Ack(); err != nil {
				b.t.Fatal(err)
			}
		}
		batch = batch[:0]
	}
	b.acknowledged("noop", events)
	return time.Since(began)
}

// clear makes the server as it was before a round, but for the inbound stream.
func (b *bench) clear() {
	for _, name := range []string{layout.StreamFlags, layout.StreamRLS, "NOOP"} {
		if err := b.js.DeleteStream(b.t.Context(), name); err != nil {
			b.t.Fatal(err)
		}
	}
	for _, name := range []string{layout.Durable, "noop"} {
		if err := b.js.DeleteConsumer(b.t.Context(), layout.StreamFHIR, name); err != nil {
			b.t.Fatal(err)
		}
	}
	if err := jet.MakeStreams(b.t.Context(), b.js, 1); err != nil {
		b.t.Fatal(err)
	}
}
