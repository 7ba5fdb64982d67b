package timeline

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/ordercheck"
	"github.com/rlsguard/rlsguard/fhir"
)

var asOf = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

const token = "0123456789abcdef0123456789abcdef"

func engine(t testing.TB) *fold.Engine {
	t.Helper()
	set := checks.DefaultSettings()
	var err error
	if set.Zone, err = time.LoadLocation("Europe/Berlin"); err != nil {
		t.Fatal(err)
	}
	return &fold.Engine{Settings: set, Key: []byte("key of the tests, not secret"), Ruleset: "r1"}
}

// past is the events of one patient in order of arrival, and the resulting flags.
type past struct {
	engine *fold.Engine
	replay *fold.Replay
	n      uint64
	trail  []checks.Flag

	answered []string
}

func newPast(t testing.TB) *past {
	e := engine(t)
	return &past{engine: e, replay: fold.NewReplay(e)}
}

// take folds in a resource at the time of its version, or at a given one.
func (p *past) take(t testing.TB, at time.Time, document string) {
	t.Helper()
	p.n++
	in := fold.Input{Arrival: facts.Arrival{Sequence: p.n}, AllowAck: true}
	o := fhir.DefaultOptions()
	o.Now = asOf
	fhir.NewReader(o).Document([]byte(document), func(r fhir.Resource) bool {
		if r.Rejection != nil {
			t.Fatalf("test data: %v", r.Rejection)
		}
		in.Resources = append(in.Resources, r)
		return true
	})
	if at.IsZero() {
		var r struct {
			Meta struct{ LastUpdated time.Time }
		}
		if err := json.Unmarshal([]byte(document), &r); err != nil {
			t.Fatal(err)
		}
		at = r.Meta.LastUpdated
	}
	_, flags := p.replay.Step(in, at)
	p.trail = append(p.trail, flags...)
}

func (p *past) timeline(patient facts.Ref) Patient {
	return Of(p.engine, p.replay.Finish(asOf).State(patient), token, asOf, p.trail)
}

// told is the invented patient of testdata, with one flag answered.
func told(t testing.TB) Patient {
	t.Helper()
	data, err := os.ReadFile("testdata/patient.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	p := newPast(t)
	for line := range strings.Lines(string(data)) {
		p.take(t, time.Time{}, line)
		for _, f := range p.trail {
			if f.Check == "iron-low" && f.Number == 2 || f.Check == "rls-antihistamine" && f.Number == 1 {
				p.answer(t, &f)
			}
		}
	}
	return p.timeline("Patient/4711-B")
}

// answer overrides a flag two hours later, once.
func (p *past) answer(t testing.TB, f *checks.Flag) {
	t.Helper()
	if slices.Contains(p.answered, f.ID) {
		return
	}
	p.answered = append(p.answered, f.ID)
	at := f.AsOf.Add(2 * time.Hour)
	var a facts.Acknowledgement
	a.Override, a.Reason, a.Author = true, "already-ordered", "Pharmacist 7"
	a.Date, a.Until = instant(at), instant(at.AddDate(0, 6, 0))
	doc, err := ordercheck.Acknowledgement(f, a)
	if err != nil {
		t.Fatal(err)
	}
	p.take(t, at, string(doc))
}

func TestGolden(t *testing.T) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	p := told(t)
	if err := e.Encode(&p); err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/patient.json"
	if os.Getenv("RLSGUARD_UPDATE") != "" {
		if err := os.WriteFile(golden, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), b.String()); d != "" {
		t.Errorf("the timeline changed (RLSGUARD_UPDATE=1 writes it anew):\n%s", d)
	}
	var back Patient
	if err := json.Unmarshal(want, &back); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(&back)
	if err != nil {
		t.Fatal(err)
	}
	first, err := json.Marshal(&p)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(first), string(again)); d != "" {
		t.Errorf("what is read back is another timeline:\n%s", d)
	}
}

func instant(t time.Time) moment.Time { return moment.Instant(t) }
