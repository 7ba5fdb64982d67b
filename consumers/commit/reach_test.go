package commit

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/health"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/fhir"
)

// taking is a store that accepts everything.
type taking struct{ stored uint64 }

func (s *taking) Send(_ context.Context, msgs []*nats.Msg) <-chan jet.Written {
	answer := make(chan jet.Written, 1)
	answer <- jet.Written{First: s.stored + 1}
	s.stored += uint64(len(msgs))
	return answer
}

func (s *taking) Last(_ context.Context, subjects []string) ([]jet.Stored, error) {
	return make([]jet.Stored, len(subjects)), nil
}

type noted struct {
	jetstream.Msg
	acked bool
}

func (m *noted) Ack() error { m.acked = true; return nil }

// TestOthersAreServedBetween holds that a Medication of many patients is decided in parts, that
// another's input does not wait for the last of them, and that the Medication does.
func TestOthersAreServedBetween(t *testing.T) {
	const patients = 950
	ctx := t.Context()
	c := New(Options{
		Engine: &fold.Engine{
			Settings: checks.DefaultSettings(),
			Key:      []byte("key"),
			Ruleset:  "rules",
			MaxTouch: ReachAtOnce,
		},
		Store: &taking{}, Now: time.Now, Health: health.New(), Log: zerolog.Nop(), AsOf: time.Date(2026, 11, 23, 0, 0,
			0, 0, time.UTC),
		Intact: func(context.Context) error { return nil },
	})
	sequence := uint64(0)
	delivery := func(r fhir.Resource) Event {
		sequence++
		r.Relevant = true
		return Event{
			Msg:   &noted{},
			Seq:   sequence,
			Input: &fold.Input{Arrival: facts.Arrival{Sequence: sequence}, Resources: []fhir.Resource{r}},
		}
	}
	order := func(patient string, o facts.Order) Event {
		o.Status = facts.StatusActive
		return delivery(fhir.Resource{Patient: facts.Ref("Patient/" + patient),
			Fact: facts.Fact{Ref: facts.Ref("MedicationRequest/" + patient), Kind: facts.KindOrder, Order: &o}})
	}
	ack := func(decided []Decided, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range decided {
			for _, ev := range d.Events {
				_ = ev.Msg.Ack()
			}
		}
	}
	deliver := func(all ...Event) {
		t.Helper()
		ack(c.Begin(ctx, all))
		ack(c.Finish(ctx))
	}
	var first []Event
	for i := range patients {
		first = append(first, order(fmt.Sprint(i), facts.Order{MedicationRef: "Medication/m"}))
	}
	deliver(first...)
	medication := delivery(
		fhir.Resource{
			Fact: facts.Fact{
				Ref:        "Medication/m",
				Kind:       facts.KindMedication,
				Medication: &facts.Drug{Names: []string{"sertraline"}},
			},
		},
	)
	beside, after := order("beside", facts.Order{}), order("after", facts.Order{})
	deliver(beside, medication)
	deliver(after)
	acked := func(d Event) bool { return d.Msg.(*noted).acked }
	if !acked(beside) || !acked(after) || acked(medication) {
		t.Errorf(
			"acknowledged: the one beside %t, the one after %t, the Medication %t",
			acked(beside),
			acked(after),
			acked(medication),
		)
	}
	parts := 0
	for ; c.Reaching(); parts++ {
		if acked(medication) {
			t.Fatal("the Medication is acknowledged before all know it")
		}
		ack(c.ReachSome(ctx))
	}
	if want := (patients - 1) / ReachAtOnce; parts != want || !acked(medication) {
		t.Errorf("%d parts, not %d; acknowledged %t", parts, want, acked(medication))
	}
	for i := range patients {
		if st := c.copy.snapshot().State(facts.Ref(fmt.Sprint("Patient/", i))); st.Find("Medication/m") == nil {
			t.Fatalf("patient %d does not have it", i)
		}
	}
}
