package consumers

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/codec"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/consumers/operate"
)

// verify gives what differs, told by kind, and fails where a difference names a patient.
func (b *bench) verify(o operate.VerifyOptions) (operate.Verified, []operate.DifferenceKind) {
	b.t.Helper()
	if o.Engine == nil {
		o.Engine = engine()
	}
	o.Now = time.Now()
	sum, found, err := b.operator().Verify(b.t.Context(), o)
	if err != nil {
		b.t.Fatal(err)
	}
	var kinds []operate.DifferenceKind
	for _, d := range found {
		if strings.Contains(d.Detail, "Patient/") {
			b.t.Errorf("%s names a patient", d.Detail)
		}
		kinds = append(kinds, d.Kind)
		b.t.Logf("%+v", d)
	}
	return sum, kinds
}

// write puts data where a state is, as nobody who serves would.
func (b *bench) write(subject string, data []byte) {
	b.t.Helper()
	m := &nats.Msg{Subject: subject, Data: data}
	layout.NewSigner(engine().Key).Sign(m, b.stored(subject).Sequence)
	if _, err := b.js.PublishMsg(b.t.Context(), m); err != nil {
		b.t.Fatal(err)
	}
}

// remove takes the messages under a subject away.
func (b *bench) remove(stream, subject string) {
	b.t.Helper()
	s, err := b.js.Stream(b.t.Context(), stream)
	if err != nil {
		b.t.Fatal(err)
	}
	info, err := s.Info(b.t.Context(), jetstream.WithSubjectFilter(subject))
	if err != nil || len(info.State.Subjects) == 0 {
		b.t.Fatalf("%s has nothing under %s: %v", stream, subject, err)
	}
	if err := s.Purge(b.t.Context(), jetstream.WithPurgeSubject(subject)); err != nil {
		b.t.Fatal(err)
	}
}

// forgetEntry removes one transition of a flag from the audit.
func (b *bench) forgetEntry(flag string, number int) {
	b.t.Helper()
	if err := jet.WaitAudited(b.t.Context(), b.js); err != nil {
		b.t.Fatal(err)
	}
	b.remove(layout.StreamRLS, layout.AuditSubject(flag, uint64(number)))
	s, err := b.js.Stream(b.t.Context(), layout.StreamAudit)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, m := range b.messages(layout.StreamAudit, layout.SubjectAudit+flag) {
		meta, err := m.Metadata()
		if err == nil && m.Headers().Get(layout.HeaderNumber) == fmt.Sprint(number) {
			err = s.DeleteMsg(b.t.Context(), meta.Sequence.Stream)
		}
		if err != nil {
			b.t.Fatal(err)
		}
	}
}

func TestVerifyBesideARunningInstance(t *testing.T) {
	b := newBench(t)
	cfg := b.config()
	cfg.AsOf = time.Time{}
	defer b.serve(cfg)()
	docs := someDocs(60)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, d := range docs {
			if _, err := b.js.Publish(t.Context(), "fhir.any", []byte(d)); err != nil {
				t.Error(err)
			}
		}
	}()
	for looking := true; looking; {
		select {
		case <-done:
			looking = false
		default:
		}
		if _, kinds := b.verify(operate.VerifyOptions{}); len(kinds) > 0 {
			t.Errorf("differences while an instance works: %s", kinds)
		}
	}
	b.decided()
	sum, kinds := b.verify(operate.VerifyOptions{})
	if len(kinds) > 0 || sum.Patients != 60 || sum.Flags == 0 || sum.Ruleset != "r1" {
		t.Errorf("%+v, %s", sum, kinds)
	}
}

func TestVerifyTellsWhatDiffers(t *testing.T) {
	b := newBench(t)
	stop := b.serve(b.config())
	for i, status := range []string{"active", "stopped", "active"} {
		b.publish(
			rlsJSON("1"),
			rlsJSON("2"),
			orderJSON("a", "1", "sertraline", status, i+1),
			orderJSON("m2", "2", "lithium", "active", 1),
		)
		b.decided()
	}
	stop()
	if _, kinds := b.verify(operate.VerifyOptions{}); len(kinds) > 0 {
		t.Fatalf("differences before anything was changed: %s", kinds)
	}
	key := engine().Key
	subject := layout.SubjectPatient + layout.NewTokens(key).Of("Patient/1").String()
	good, second := b.states()["Patient/1"], b.states()["Patient/2"]
	id := checks.FlagID(key, "Patient/1", "rls-ssri", "sertraline")
	one := func(change func(*checks.State)) []byte {
		st := *good
		st.Facts, st.Flags = slices.Clone(good.Facts), slices.Clone(good.Flags)
		change(&st)
		return codec.Append(nil, &st)
	}
	unreadable := []operate.DifferenceKind{operate.CommitDiffers, operate.CommitDiffers,
		operate.ShownDiffers, operate.ShownDiffers, operate.StateDamaged, operate.StatesLack}
	for _, c := range []struct {
		name   string
		change func()
		want   []operate.DifferenceKind
	}{
		{"a flag missing in the state", func() {
			b.write(subject, one(func(st *checks.State) {
				st.Flags = slices.DeleteFunc(st.Flags, func(f checks.OpenFlag) bool { return f.Check == "rls-ssri" })
			}))
		}, []operate.DifferenceKind{operate.CommitDiffers, operate.FlagDiffers, operate.ShownDiffers,
			operate.StatesLack}},
		{"a fact missing in the state", func() {
			b.write(subject, one(func(st *checks.State) {
				st.Facts = slices.DeleteFunc(st.Facts, func(f facts.Fact) bool { return f.Kind == facts.KindOrder })
			}))
		}, []operate.DifferenceKind{operate.FlagDiffers, operate.StatesLack}},
		{"a number gone back", func() {
			b.write(subject, one(func(st *checks.State) { st.Flags[slices.IndexFunc(st.Flags, isSSRI)].Number-- }))
		}, []operate.DifferenceKind{operate.AuditDiffers, operate.CommitDiffers, operate.ShownDiffers,
			operate.StatesLack}},
		{"a damaged state", func() {
			data := one(func(*checks.State) {})
			data[len(data)/2] ^= 1
			b.write(subject, data)
		}, unreadable},
		{"a state in the place of another", func() {
			b.write(subject, codec.Append(nil, second))
		}, unreadable},
	} {
		c.change()
		_, kinds := b.verify(operate.VerifyOptions{})
		slices.Sort(kinds)
		if d := cmp.Diff(c.want, kinds); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
	}
	b.write(subject, one(func(*checks.State) {}))
	b.remove(layout.StreamFlags, layout.SubjectFlags+"*.*."+id)
	b.forgetEntry(id, 2)
	if _, kinds := b.verify(operate.VerifyOptions{}); !slices.Contains(kinds, operate.ShownDiffers) ||
		!slices.Contains(kinds, operate.AuditDiffers) || !slices.Contains(kinds, operate.StatesLack) ||
		len(kinds) != 3 {
		t.Errorf("with a flag that is not shown and a hole in the audit: %s", kinds)
	}
	// What is shown is a copy: deleted, it is made anew.
	if err := b.js.DeleteStream(t.Context(), layout.StreamFlags); err != nil {
		t.Fatal(err)
	}
	b.serve(b.config())()
	b.wait("copied anew", func() bool {
		_, kinds := b.verify(operate.VerifyOptions{})
		return !slices.Contains(kinds, operate.ShownDiffers)
	})
	other := engine()
	other.Key = []byte("another key of the tests")
	if _, _, err := b.operator().Verify(t.Context(), operate.VerifyOptions{Engine: other, Now: time.Now()}); !errors.Is(
		err,
		layout.ErrOtherKey,
	) {
		t.Errorf("with another key: %v", err)
	}
}

func isSSRI(f checks.OpenFlag) bool { return f.Check == "rls-ssri" }

func TestVerifyMissesTimersAndInputs(t *testing.T) {
	b := newBench(t)
	cfg := b.config()
	cfg.AsOf = time.Time{}
	stop := b.serve(cfg)
	b.publish(rlsJSON("1"), orderJSON("a", "1", "sertraline", "active", 1))
	b.decided()
	stop()
	b.publish(rlsJSON("2"), rlsJSON("3"))
	b.remove(layout.StreamRLS, layout.SubjectTimer+"*")
	inbound, err := b.js.Stream(t.Context(), layout.StreamFHIR)
	if err != nil {
		t.Fatal(err)
	}
	for _, seq := range []uint64{1, 3} {
		if err := inbound.DeleteMsg(t.Context(), seq); err != nil {
			t.Fatal(err)
		}
	}
	_, kinds := b.verify(operate.VerifyOptions{})
	if d := cmp.Diff([]operate.DifferenceKind{operate.InputMissing, operate.TimerMissing}, kinds); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
