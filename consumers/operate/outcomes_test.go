package operate

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/clears"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/consumers/embedded"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/consumers/outcomes"
	"github.com/rlsguard/rlsguard/fhir/issue"
)

const someFlag = "3d3f2a10-55aa-8c1d-9e4f-0123456789ab"

// life is a flag that is opened, updated twice, overridden and resolved, as it is stored.
func life(t testing.TB) (all [][]byte) {
	t.Helper()
	order := facts.Ref("MedicationRequest/9")
	f := checks.Flag{
		Finding: checks.Finding{
			Check: "rls-ssri", Ingredient: "sertraline", Patient: "Patient/1", Severity: checks.Moderate,
			RLS: checks.RLSConfirmed, Implicated: []facts.Ref{order}, Evidence: []facts.Ref{"Condition/7"},
			Basis:        "5d41402abc4b",
			Summary:      "Sertraline (SSRI): RLS starts or worsens in a minority (about 9 %). RLS confirmed.",
			Action:       "Did RLS begin or worsen after the start? Then discuss dose, time of day or another drug.",
			Alternatives: []string{"for depression: bupropion (not with seizures or an eating disorder)"},
			Citations: []checks.Citation{
				{Source: "AASM 2025", DOI: "10.5664/jcsm.11390", Strength: "good practice", Review: "pending"},
				{Source: "Kolla 2018, Sleep Med Rev", Strength: "systematic review", Review: "pending"},
			},
		},
		ID: someFlag, State: checks.Open, AsOf: time.Date(2026, 11, 3, 8, 0, 0, 0, time.UTC),
		Ruleset: "9f86d081884c7d65",
		Clears: []clears.Change{
			{Kind: clears.OrderEnd, Targets: []facts.Ref{order}, Drug: "sertraline", Text: "no order in force"},
			{Kind: clears.Diagnosis, Targets: []facts.Ref{"Condition/7"}, Value: "refuted", Text: "RLS refuted"},
		},
	}
	for _, change := range []checks.Change{
		checks.ChangeOpened, checks.ChangeUpdated, checks.ChangeUpdated, checks.ChangeOverridden, checks.ChangeResolved,
	} {
		f.Number, f.Change, f.AsOf = f.Number+1, change, f.AsOf.Add(24*time.Hour)
		switch change {
		case checks.ChangeOverridden:
			f.State = checks.Overridden
			f.Ack = &facts.Acknowledgement{
				FlagID: f.ID, Basis: f.Basis, Override: true, Reason: "will-monitor", Author: "Practitioner/5",
				Date: moment.Instant(f.AsOf),
			}
		case checks.ChangeResolved:
			f.State, f.Reason, f.Ack, f.Clears = checks.Resolved, "order-stopped", nil, nil
		}
		data, err := issue.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, data)
	}
	return all
}

// TestUnreadTransitions: what cannot be read, or is about another flag, is told by its subject, and
// the rest is handed on in its order.
func TestUnreadTransitions(t *testing.T) {
	var handed []uint64
	var unread []string
	r := reading{Told: Told{
		Read: func(int64) {}, Flag: func(f *checks.Flag) { handed = append(handed, f.Number) },
		Unread: func(subject string, _ error) { unread = append(unread, subject) },
	}}
	for i, data := range life(t) {
		w := wire{fmt.Sprint(i), someFlag, data}
		switch i {
		case 1:
			w.data = []byte(`{"resourceType":"DetectedIssue"}`)
		case 2:
			w.flag = "another"
		}
		r.take(w, nil)
	}
	r.flush()
	if got := fmt.Sprint(handed, unread); got != "[1 4 5] [1 2]" {
		t.Error(got)
	}
}

// TestOutcomesOfAServer: what is kept for audit comes in the order of its numbers, and of a flag of
// which nothing is kept any more how it stands.
func TestOutcomesOfAServer(t *testing.T) {
	ctx := t.Context()
	options := embedded.Options{Dir: t.TempDir(), Private: true, Fresh: true, Log: zerolog.Nop()}
	server, err := embedded.Start(ctx, options)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	nc, err := server.Connect()
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	o, err := NewOperator(nc, server.Domain())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	to := Told{
		Total: func(int64) {}, Read: func(int64) {}, Known: func(id string) bool { return id == someFlag },
		Flag:   func(f *checks.Flag) { got = append(got, fmt.Sprintf("%s %d", f.ID[:4], f.Number)) },
		Answer: func(data []byte) { got = append(got, string(data)) },
		Unread: func(subject string, err error) { t.Errorf("%s: %s", subject, err) },
	}
	if err := o.Outcomes(ctx, nil, to); !errors.Is(err, ErrNoStates) {
		t.Errorf("a server without streams: %v", err)
	}
	if err := jet.MakeStreams(ctx, o.js, 1); err != nil {
		t.Fatal(err)
	}
	publish := func(subject string, data []byte) {
		if _, err := o.js.Publish(ctx, subject, data); err != nil {
			t.Fatal(err)
		}
	}
	stored := life(t)
	for i, data := range stored {
		publish(layout.AuditSubject(someFlag, uint64(i+1)), data)
	}
	const old = "4d3f2a10-55aa-8c1d-9e4f-0123456789ab"
	publish(layout.SubjectCommitFlags+"moderate.rls-ssri."+someFlag, stored[4])
	stands := bytes.ReplaceAll(stored[2], []byte(someFlag), []byte(old))
	publish(layout.SubjectCommitFlags+"moderate.rls-ssri."+old, stands)
	if err := o.Outcomes(ctx, nil, to); err != nil {
		t.Fatal(err)
	}
	if want := "[3d3f 1 3d3f 2 3d3f 3 3d3f 4 3d3f 5 4d3f 3]"; fmt.Sprint(got) != want {
		t.Errorf("%v, not %s", got, want)
	}
}

// BenchmarkOutcomes reads and counts stored transitions, five of each flag; an operation is one.
func BenchmarkOutcomes(b *testing.B) {
	stored := life(b)
	c := outcomes.New(outcomes.Period{})
	r := reading{Told: Told{
		Read: func(int64) {}, Flag: c.Add,
		Unread: func(_ string, err error) { b.Fatal(err) },
	}}
	b.ReportAllocs()
	for i := range b.N {
		id := fmt.Sprintf("%08x%s", i/len(stored), someFlag[8:])
		data := bytes.ReplaceAll(stored[i%len(stored)], []byte(someFlag), []byte(id))
		r.take(wire{layout.AuditSubject(id, uint64(i%len(stored)+1)), id, data}, nil)
	}
	r.flush()
	if got := c.Report().All.Advised; got != b.N/len(stored) {
		b.Fatalf("%d resolved as advised", got)
	}
}
