package consumers

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/consumers/operate"
	"github.com/rlsguard/rlsguard/consumers/watch"
)

func (b *bench) operator() *operate.Operator {
	b.t.Helper()
	o, err := operate.NewOperator(b.nc)
	if err != nil {
		b.t.Fatal(err)
	}
	return o
}

// naming are the subjects of messages of a stream that hold a text anywhere.
func (b *bench) naming(stream, text string) []string {
	b.t.Helper()
	var found []string
	for _, m := range b.messages(stream, ">") {
		all := append([]byte(m.Subject()), m.Data()...)
		for _, values := range m.Headers() {
			for _, v := range values {
				all = append(all, v...)
			}
		}
		if bytes.Contains(all, []byte(text)) {
			found = append(found, m.Subject())
		}
	}
	return found
}

func deletionJSON(id string) string {
	return `{"resourceType":"Bundle","type":"history","entry":[{"fullUrl":"https://fhir.example.org/MedicationRequest/` + id + `","request":{"method":"DELETE","url":"MedicationRequest/` + id + `"}}]}`
}

// The identifier is one that nothing else can hold by chance.
const erasedID = "Zq7-erased-patient"

func TestEraseLeavesNothingAndTheNextEventStartsAfresh(t *testing.T) {
	b := newBench(t)
	cfg := b.config()
	cfg.AsOf = time.Time{} // with timers
	defer b.serve(cfg)()
	live := make(chan checks.Flag, 100)
	go watch.Watch(
		t.Context(),
		b.nc,
		watch.Options{},
		func([]checks.Flag) error { return nil },
		func(f checks.Flag) error { live <- f; return nil },
	)
	docs := []string{
		rlsJSON(erasedID),
		orderJSON("m1-"+erasedID, erasedID, "sertraline", "active", 1),
		orderJSON("m2-"+erasedID, erasedID, "gabapentin", "active", 1),
		orderJSON(
			"m3-"+erasedID,
			erasedID,
			"lithium",
			"active",
			1,
		),
		deletionJSON("m3-" + erasedID),
		rlsJSON("2"),
		orderJSON("m4", "2", "sertraline", "active", 1),
		`{"resourceType":"Observation","id":"x","subject":{"reference":"Patient/` + erasedID + `"}}`,
	}
	b.publish(docs...)
	b.decided()
	if len(b.naming(layout.StreamRLS, erasedID)) == 0 {
		t.Fatal("there is nothing to erase")
	}
	b.wait("shown", func() bool { return len(b.naming(layout.StreamFlags, erasedID)) > 0 })
	o := b.operator()
	before, err := o.Find(t.Context(), cfg.Engine.Key, "Patient/"+erasedID)
	if err != nil || before.Open == 0 || before.Facts < 4 {
		t.Fatalf("found %+v, %v", before, err)
	}
	done, err := o.Erase(t.Context(), cfg.Engine.Key, "Patient/"+erasedID, operate.InputsOf{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(before.Facts, done.Facts); d != "" {
		t.Error(d)
	}
	for _, stream := range []string{layout.StreamRLS, layout.StreamFlags} {
		if left := b.naming(stream, erasedID); len(left) > 0 {
			t.Errorf("%s still names the patient under %q", stream, left)
		}
	}
	tok := layout.NewTokens(cfg.Engine.Key).Of("Patient/" + erasedID)
	if left := b.messages(layout.StreamRLS, layout.SubjectTimer+tok.String()); len(left) > 0 {
		t.Error("a timer is left")
	}
	resolved := 0
	for resolved < before.Open {
		select {
		case f := <-live:
			if f.Reason == checks.ReasonErased {
				resolved++
			}
		case <-time.After(time.Minute):
			t.Fatalf("followers were told of %d resolved flags of %d", resolved, before.Open)
		}
	}

	// The running instance forgot everything: one order alone opens what it opens in an unknown
	// patient, numbered from one.
	b.publish(
		rlsJSON(erasedID),
		orderJSON("m9", erasedID, "mirtazapine", "active", 1),
		orderJSON("m3-"+erasedID, erasedID, "lithium", "active", 1),
	)
	b.decided()
	st := b.states()["Patient/"+erasedID]
	if st == nil || len(st.Facts) != 3 {
		t.Fatalf("after a new event the patient is %+v", st)
	}
	for _, f := range st.Flags {
		if f.Number != 1 || f.Severity == checks.None {
			t.Errorf("%s has number %d", f.Check, f.Number)
		}
	}
	if len(st.Flags) < 2 || st.Find(facts.Ref("MedicationRequest/m3-"+erasedID)).Kind != facts.KindOrder {
		t.Errorf("the tombstone was not erased, or flags are missing: %+v", st.Flags)
	}
	if left := b.messages(layout.StreamRLS, layout.SubjectTimer+tok.String()); len(left) != 1 {
		t.Errorf("%d timers were set anew", len(left))
	}
	if b.states()["Patient/2"] == nil {
		t.Error("another patient is gone too")
	}
}

// A state under which an instance has decided is erased before it commits: it decides again, from
// nothing.
func TestEraseMeetsACommit(t *testing.T) {
	b := newBench(t)
	stop := b.serve(b.config())
	b.publish(rlsJSON("1"), orderJSON("a", "1", "sertraline", "active", 1))
	b.decided()
	o := b.operator()
	for i := range 20 {
		drug := []string{"mirtazapine", "lithium", "venlafaxine", "sertraline"}[i%4]
		b.publish(orderJSON("x", "1", drug, "active", i+1))
		if _, err := o.Erase(t.Context(), engine().Key, "Patient/1", operate.InputsOf{}, nil); err != nil {
			t.Fatal(err)
		}
	}
	b.decided()
	if err := consistent(b.history()); err != nil { // of what came after the last erasure
		t.Error(err)
	}
	if _, err := o.Erase(t.Context(), engine().Key, "Patient/1", operate.InputsOf{}, nil); err != nil {
		t.Fatal(err)
	}
	stop()
	if left := append(b.naming(layout.StreamRLS, "Patient/1"), b.naming(layout.StreamFlags, "Patient/1")...); len(
		left,
	) > 0 {
		t.Errorf("left: %q", left)
	}
	defer b.serve(b.config())() // a restart reads the marker
	b.publish(orderJSON("y", "1", "lithium", "active", 1))
	b.decided()
	if st := b.states()["Patient/1"]; st == nil || len(st.Facts) != 1 {
		t.Errorf("after the restart: %+v", st)
	}
}

// An erasure that ended after its marker was written is finished by the next one.
func TestEraseIsFinished(t *testing.T) {
	b := newBench(t)
	defer b.serve(b.config())()
	b.publish(rlsJSON("1"), orderJSON("a", "1", "sertraline", "active", 1))
	b.decided()
	o := b.operator()
	site := &layout.SiteRecord{Ruleset: "r1", Signed: 1}
	if _, _, err := o.Mark(t.Context(), engine().Key, "Patient/1", site); err != nil {
		t.Fatal(err)
	}
	if len(b.naming(layout.StreamRLS, "Patient/1")) == 0 {
		t.Fatal("nothing is left to finish")
	}
	for range 2 {
		if _, err := o.Erase(t.Context(), engine().Key, "Patient/1", operate.InputsOf{}, nil); err != nil {
			t.Fatal(err)
		}
		if left := append(b.naming(layout.StreamRLS, "Patient/1"), b.naming(layout.StreamFlags, "Patient/1")...); len(
			left,
		) > 0 {
			t.Errorf("left: %q", left)
		}
	}
}

func TestEraseNamesDeadLetters(t *testing.T) {
	b := newBench(t)
	defer b.serve(b.config())()
	b.publish(`{"resourceType":"MedicationRequest","id":7,"subject":{"reference":"Patient/1"},"status":"active"}`,
		`{"resourceType":"MedicationRequest","id":7,"subject":{"reference":"Patient/11"},"status":"active"}`)
	b.decided()
	if n := len(b.messages(layout.StreamDead, ">")); n != 2 {
		t.Fatalf("%d dead letters", n)
	}
	done, err := b.operator().Erase(t.Context(), engine().Key, "Patient/1", operate.InputsOf{}, nil)
	left := []operate.Place{{Stream: layout.StreamDead, Sequence: 1}}
	if err != nil || !done.Nothing() || !cmp.Equal(done.Inputs.Left, left) || len(done.Inputs.Shared) > 0 {
		t.Errorf("%+v, %v", done, err)
	}
}

// An input that nobody has decided about is news: it is told, and stays.
func TestEraseLeavesWhatIsNotDecided(t *testing.T) {
	b := newBench(t)
	stop := b.serve(b.config())
	b.publish(rlsJSON("1"))
	b.decided()
	stop()
	b.publish(orderJSON("a", "1", "sertraline", "active", 1), orderJSON("b", "2", "sertraline", "active", 1))
	of := operate.InputsOf{Erase: true, Shared: true}
	done, err := b.operator().Erase(t.Context(), engine().Key, "Patient/1", of, nil)
	if err != nil || !cmp.Equal(done.Inputs.Waiting, []uint64{2}) || done.Inputs.Erased[layout.StreamFHIR] != 1 {
		t.Fatalf("%+v, %v", done.Inputs, err)
	}
	defer b.serve(b.config())()
	b.decided()
	if st := b.states()["Patient/1"]; st == nil || len(st.Facts) != 1 {
		t.Errorf("the order is lost: %+v", st)
	}
	b.wait("on record", func() bool {
		done, err = b.operator().Erase(t.Context(), engine().Key, "Patient/1", of, nil)
		return err == nil && len(done.Inputs.Waiting) == 0
	})
	if left := b.naming(layout.StreamFHIR, "Patient/1"); len(left) > 0 || len(b.messages(layout.StreamFHIR, ">")) != 1 {
		t.Errorf("left: %q", left)
	}
}

func TestEraseRefusesAnotherKey(t *testing.T) {
	b := newBench(t)
	o := b.operator()
	if _, err := o.Erase(t.Context(), engine().Key, "Patient/1", operate.InputsOf{}, nil); err != operate.ErrNoStates {
		t.Errorf("on an empty server: %v", err)
	}
	b.serve(b.config())()
	another := []byte("another key of the tests")
	_, err := o.Erase(t.Context(), another, "Patient/1", operate.InputsOf{}, nil)
	if !errors.Is(err, layout.ErrOtherKey) {
		t.Errorf("with another key: %v", err)
	}
}
