package consumers

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nats.go/micro"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/commit"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/consumers/patients"
	"github.com/rlsguard/rlsguard/consumers/timeline"
)

// A timeline on a real server has every transition that is kept for audit, of resolved flags too,
// whichever instance answers.
func TestTimeline(t *testing.T) {
	b := newBench(t)
	cfg := b.config()
	cfg.Known = commit.NewKnown()
	defer b.serve(cfg)()
	data, err := os.ReadFile("timeline/testdata/patient.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		b.publish(line)
		b.decided()
	}
	trail, err := patients.NewTrail(b.nc, cfg.Engine.Key)
	if err != nil {
		t.Fatal(err)
	}
	svc, err := micro.AddService(b.nc, micro.Config{Name: "test", Version: "1.0.0"})
	if err != nil {
		t.Fatal(err)
	}
	teller := &patients.Teller{
		Engine: cfg.Engine, Stored: cfg.Known, Trail: trail, AsOf: func() time.Time { return asOf },
	}
	if err := teller.Serve(svc, b.nc.MaxPayload()); err != nil {
		t.Fatal(err)
	}
	steps, flag := map[string]int{}, ""
	for _, f := range b.history() {
		steps[f.ID]++
		flag = f.ID
	}
	var p timeline.Patient
	for _, question := range []string{fmt.Sprintf(`{"flag":%q}`, flag), ""} {
		if question == "" {
			question = fmt.Sprintf(`{"patient":%q}`, p.Patient)
		}
		m, err := b.nc.Request(patients.Subject, []byte(question), time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		p = timeline.Patient{}
		if err := json.Unmarshal(m.Data, &p); err != nil || len(p.Flags) != len(steps) || p.Gap != "" {
			t.Fatalf("%v: %d flags of %d: %s %s", err, len(p.Flags), len(steps), m.Header, m.Data)
		}
	}
	b.refusesForged(t, p.Flags[0].ID)
	resolved := 0
	for _, f := range p.Flags {
		if len(f.History) != steps[f.ID] || int(f.Number) != steps[f.ID] {
			t.Errorf("%s has %d steps of %d, number %d", f.Check, len(f.History), steps[f.ID], f.Number)
		}
		if f.State == checks.Resolved {
			resolved++
		}
	}
	if resolved == 0 {
		t.Error("no flag that was resolved is told")
	}
	b.tellsFromTheAudit(t, &p)
	if err := svc.Stop(); err != nil {
		t.Error(err)
	}
}

// tellsFromTheAudit asks again when all transitions, and all that is known of resolved flags, have
// left RLS for RLS_AUDIT.
func (b *bench) tellsFromTheAudit(t *testing.T, before *timeline.Patient) {
	t.Helper()
	const name = "RLS_AUDIT"
	if _, err := b.js.Stream(t.Context(), name); errors.Is(err, jetstream.ErrStreamNotFound) {
		_, err := b.js.CreateStream(t.Context(), jetstream.StreamConfig{Name: name, Sources: []*jetstream.StreamSource{{
			Name: layout.StreamRLS, SubjectTransforms: []jetstream.SubjectTransformConfig{
				{Source: layout.SubjectAudit + "*.*", Destination: layout.SubjectAudit + "{{wildcard(1)}}"},
			},
		}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	all := 0
	for _, f := range before.Flags {
		all += len(f.History)
	}
	b.wait("copied", func() bool {
		s, err := b.js.Stream(t.Context(), name)
		return err == nil && int(s.CachedInfo().State.Msgs) >= all
	})
	for _, gone := range []string{layout.SubjectAudit + ">", layout.SubjectCommitFlags + ">"} {
		if err := b.stream(layout.StreamRLS).Purge(t.Context(), jetstream.WithPurgeSubject(gone)); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range before.Flags {
		m, err := b.nc.Request(patients.Subject, fmt.Appendf(nil, `{"flag":%q}`, f.ID), time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		var now timeline.Patient
		if err := json.Unmarshal(m.Data, &now); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(*before, now); d != "" {
			t.Fatalf("%s: from the audit comes another timeline:\n%s", f.Check, d)
		}
	}
	if err := b.stream(name).Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, f := range before.Flags { // only RLS_FLAGS says whose it is
		m, err := b.nc.Request(patients.Subject, fmt.Appendf(nil, `{"flag":%q}`, f.ID), time.Minute)
		if err != nil || m.Header.Get(micro.ErrorCodeHeader) != "" {
			t.Errorf("%s: not found once the audit keeps nothing of it: %v %s", f.Check, err, m.Header)
		}
	}
}

// refusesForged asks for a flag under whose id somebody put another flag: an id is not to be
// believed what stands under it.
func (b *bench) refusesForged(t *testing.T, flag string) {
	t.Helper()
	const id = "00000000-0000-8000-8000-000000000000"
	for _, m := range b.messages(layout.StreamRLS, layout.SubjectCommitFlags+"*.*."+flag) {
		b.put(layout.SubjectCommitFlags+"high.x."+id, nil, m.Data())
	}
	m, err := b.nc.Request(patients.Subject, []byte(`{"flag":"`+id+`"}`), time.Minute)
	if err != nil || m.Header.Get(micro.ErrorCodeHeader) != "404" {
		t.Errorf("%v: %s %s", err, m.Header, m.Data)
	}
}
