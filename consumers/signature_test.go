package consumers

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/codec"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/commit"
	"github.com/rlsguard/rlsguard/consumers/decided"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/health"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/consumers/operate"
)

func stateSubject(patient facts.Ref) string {
	return layout.SubjectPatient + layout.NewTokens(engine().Key).Of(patient).String()
}

// stored is the newest message under a subject.
func (b *bench) stored(subject string) *jetstream.RawStreamMsg {
	b.t.Helper()
	m := jet.LastOf(b.t.Context(), b.js, layout.StreamRLS, subject)
	if m == nil {
		b.t.Fatalf("nothing under %s", subject)
	}
	return m
}

// put stores a message with what is ours of the headers of another.
func (b *bench) put(subject string, h nats.Header, data []byte) {
	b.t.Helper()
	m := &nats.Msg{Subject: subject, Data: data, Header: nats.Header{}}
	ours := []string{layout.HeaderSignature, layout.HeaderTransition, layout.HeaderNumber, layout.HeaderReason}
	for _, name := range ours {
		if v := h.Get(name); v != "" {
			m.Header.Set(name, v)
		}
	}
	if _, err := b.js.PublishMsg(b.t.Context(), m); err != nil {
		b.t.Fatal(err)
	}
}

// intrusions are what somebody with the rights of an admin may do to stored messages.
func intrusions() map[string]func(b *bench, older map[string]*jetstream.RawStreamMsg) {
	type olds = map[string]*jetstream.RawStreamMsg
	one := stateSubject("Patient/1")
	empty := codec.Append(nil, &checks.State{Patient: "Patient/1"})
	return map[string]func(b *bench, older olds){
		"a state made up":   func(b *bench, _ olds) { b.put(one, nil, empty) },
		"junk in a state":   func(b *bench, _ olds) { b.put(one, nil, []byte("junk")) },
		"a state of nobody": func(b *bench, _ olds) { b.put(stateSubject("Patient/nobody"), nil, empty) },
		"junk among states": func(b *bench, _ olds) { b.put(layout.SubjectPatient+"x", nil, []byte("junk")) },
		"another's state": func(b *bench, _ olds) {
			m := b.stored(stateSubject("Patient/2"))
			b.put(one, m.Header, m.Data)
		},
		"an older state": func(b *bench, older olds) { b.put(one, older[one].Header, older[one].Data) },
		"a signature by chance": func(b *bench, _ olds) {
			b.put(one, nats.Header{layout.HeaderSignature: {"1.AAAAAAAAAAAAAAAAAAAAAA"}}, empty)
		},
		"a record of the site": func(b *bench, _ olds) {
			b.put(layout.SubjectSite, nil, []byte(`{"format":1,"key":"0000000000000000","ruleset":"x","done":true}`))
		},
		"an older record of the site": func(b *bench, older olds) {
			m := older[layout.SubjectSite]
			b.put(layout.SubjectSite, m.Header, m.Data)
		},
		"a tally": func(b *bench, _ olds) { b.put(layout.SubjectTally+"0", nil, []byte("junk")) },
		"an older tally": func(b *bench, older olds) {
			m := older[layout.SubjectTally+"0"]
			b.put(m.Subject, m.Header, m.Data)
		},
		"a record of the inputs": func(b *bench, _ olds) {
			b.put(layout.SubjectInputs, nil, []byte(`{"stream":1,"decided":[[1,1000]]}`))
		},
	}
}

// intruded is a site with states of which older ones are known.
func intruded(b *bench) (docs []string, older map[string]*jetstream.RawStreamMsg, stop func(), cfg Config) {
	cfg = b.config()
	stop = b.serve(cfg)
	docs = append(someDocs(8), orderJSON("n", "1", "gabapentin", "active", 1), orderJSON("p", "1", "lithium", "active",
		1))
	b.publish(docs[:len(docs)-2]...)
	b.decided()
	older = map[string]*jetstream.RawStreamMsg{}
	for _, m := range b.messages(layout.StreamRLS, layout.SubjectState+">") {
		older[m.Subject()] = &jetstream.RawStreamMsg{Subject: m.Subject(), Header: m.Headers(), Data: m.Data()}
	}
	for _, d := range docs[len(docs)-2:] {
		b.publish(d)
		b.decided()
	}
	return docs, older, stop, cfg
}

// What rlsguard did not write, or wrote before, is told and never used; a running instance writes what
// it knows over it.
func TestForeignMessageWhileServing(t *testing.T) {
	for name, intrude := range intrusions() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			docs, older, stop, cfg := intruded(b)
			defer func() { stop() }()
			before := foreignSeen(t, cfg.Health)
			intrude(b, older)
			b.wait("counted", func() bool { return foreignSeen(t, cfg.Health) > before })
			b.wait("replaced", func() bool { return len(cfg.Health.Reasons()) == 0 })
			docs = append(docs, orderJSON("q", "1", "oxycodone", "active", 1))
			b.publish(docs[len(docs)-1])
			b.decided()
			b.sameAsReplay(docs...)
			b.wait("the same", func() bool { _, kinds := b.verify(operate.VerifyOptions{}); return len(kinds) == 0 })
			stop()
			again := b.config()
			stop = b.serve(again)
			b.sameAsReplay(docs...)
			if n := foreignSeen(t, again.Health); n > 0 {
				t.Errorf("%v foreign messages at the next start", n)
			}
		})
	}
}

// Where nobody was running, what is lost is read again from the inbound stream where that holds all.
func TestForeignMessageAtAStart(t *testing.T) {
	all := intrusions()
	all["a state removed"] = func(b *bench, _ map[string]*jetstream.RawStreamMsg) {
		b.remove(layout.StreamRLS, stateSubject("Patient/1"))
	}
	all["a tally removed"] = func(b *bench, _ map[string]*jetstream.RawStreamMsg) {
		b.remove(layout.StreamRLS, layout.SubjectTally+"0")
	}
	all["a state and its tally put back"] = func(b *bench, older map[string]*jetstream.RawStreamMsg) {
		for _, subject := range []string{stateSubject("Patient/1"), layout.SubjectTally + "0"} {
			b.put(subject, older[subject].Header, older[subject].Data)
		}
	}
	for name, intrude := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			docs, older, stop, _ := intruded(b)
			stop()
			intrude(b, older)
			// the same record once more, as it has not changed since, changes nothing
			if _, kinds := b.verify(operate.VerifyOptions{}); len(kinds) == 0 && name != "an older record of the site" {
				t.Error("verify finds nothing")
			}
			cfg := b.config()
			stop = b.serve(cfg)
			defer func() { stop() }()
			b.decided()
			docs = append(docs, orderJSON("q", "1", "oxycodone", "active", 1))
			b.publish(docs[len(docs)-1])
			b.decided()
			got := open(engine(), memory(b.states()))
			if d := diffFlags(open(engine(), replay(docs...)), got); d != "" {
				t.Errorf("flags differ (-replay +serve):\n%s", d)
			}
			b.wait("the same", func() bool { _, kinds := b.verify(operate.VerifyOptions{}); return len(kinds) == 0 })
		})
	}
}

// Without the inbound stream nothing is decided, and nobody is told that all is well.
func TestStateRemovedWhileStopped(t *testing.T) {
	b := newBench(t)
	docs, older, stop, _ := intruded(b)
	stop()
	if err := b.stream(layout.StreamFHIR).Purge(t.Context(), jetstream.WithPurgeKeep(1)); err != nil {
		t.Fatal(err)
	}
	one := stateSubject("Patient/1")
	was := b.stored(one)
	b.put(one, older[one].Header, older[one].Data)
	cfg := b.config()
	cfg.Known = commit.NewKnown()
	b.begin(cfg)
	b.wait("damaged", func() bool { return hasReason(cfg.Health, health.StateDamaged) })
	if err := cfg.Known.Read(func(fold.View) error { return nil }); err == nil {
		t.Error("order checks are answered from what is left")
	}
	if n := len(docs); n == 0 || was.Sequence == 0 {
		t.Fatal("nothing was there")
	}
	// an operator goes on with what is there
	if lacked, _, err := b.operator().AcceptStates(t.Context(), engine().Key); err != nil || !lacked {
		t.Errorf("accepting: %v, %v", lacked, err)
	}
	b.wait("ready", func() bool { return len(cfg.Health.Reasons()) == 0 })
}

// What stands in the place of flags, audit entries and timers is told, and stored anew where that is
// known.
func TestForeignFlag(t *testing.T) {
	find := func(b *bench, filter string) jetstream.Msg { return b.messages(layout.StreamRLS, filter)[0] }
	flag, audit := layout.SubjectCommitFlags+"moderate.rls-ssri.*", layout.SubjectAudit+">"
	for name, intrude := range map[string]func(b *bench){
		"a flag made up": func(b *bench) {
			b.put(find(b, flag).Subject(), nil,
				[]byte(`{"resourceType":"DetectedIssue"}`))
		},
		"a flag of nobody": func(b *bench) {
			b.put(layout.SubjectCommitFlags+"high.x.00000000-0000-4000-8000-000000000000", nil, []byte("junk"))
		},
		"an audit entry": func(b *bench) { b.put(find(b, audit).Subject(), nil, []byte("junk")) },
		"another's flag": func(b *bench) {
			m := find(b, layout.SubjectCommitFlags+"low.>")
			b.put(find(b, flag).Subject(), m.Headers(), m.Data())
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			cfg := b.config()
			defer b.serve(cfg)()
			docs := someDocs(8)
			b.publish(docs...)
			b.decided()
			intrude(b)
			b.wait("counted", func() bool { return foreignSeen(t, cfg.Health) > 0 })
			b.wait("ready", func() bool { return len(cfg.Health.Reasons()) == 0 })
			b.wait("the same", func() bool {
				_, kinds := b.verify(operate.VerifyOptions{})
				return len(kinds) == 0 || name == "an audit entry"
			})
			if d := diffFlags(open(engine(), replay(docs...)), open(engine(), memory(b.states()))); d != "" {
				t.Errorf("flags differ (-replay +serve):\n%s", d)
			}
		})
	}
}

// An older transition that is put back, and a timer that is overwritten, are as they were a moment later.
func TestOlderFlagAndForeignTimer(t *testing.T) {
	b := newBench(t)
	cfg := b.config()
	cfg.AsOf = time.Time{}
	defer b.serve(cfg)()
	b.publish(rlsJSON("1"), orderJSON("a", "1", "sertraline", "active", 1), orderJSON("g", "1", "gabapentin", "active",
		1))
	b.decided()
	const filter = layout.SubjectCommitFlags + "moderate.rls-ssri.*"
	older := b.messages(layout.StreamRLS, filter)[0]
	b.publish(orderJSON("b", "1", "sertraline", "active", 1))
	b.decided()
	newest := b.messages(layout.StreamRLS, filter)[0]
	if layout.NumberOf(newest.Headers()) <= layout.NumberOf(older.Headers()) {
		t.Fatal("the flag was not updated")
	}
	b.put(older.Subject(), older.Headers(), older.Data())
	b.wait("the newest again", func() bool {
		m := b.stored(older.Subject())
		return layout.NumberOf(m.Header) == layout.NumberOf(newest.Headers()) && string(m.Data) == string(newest.Data())
	})
	b.wait("a timer", func() bool {
		return jet.LastOf(t.Context(), b.js, layout.StreamRLS, layout.SubjectTimer+"*") != nil
	})
	timer := b.stored(layout.SubjectTimer + "*")
	b.put(timer.Subject, nil, []byte("junk"))
	signer := layout.NewSigner(engine().Key)
	b.wait("a timer of ours", func() bool {
		m := jet.LastOf(t.Context(), b.js, layout.StreamRLS, timer.Subject)
		if m == nil {
			return false
		}
		_, _, err := signer.Check(m.Subject, m.Header, m.Data)
		return err == nil
	})
	if n := foreignSeen(t, cfg.Health); n < 2 {
		t.Errorf("%v were counted", n)
	}
	b.wait("the same", func() bool { _, kinds := b.verify(operate.VerifyOptions{}); return len(kinds) == 0 })
}

// What an earlier version stored is signed at the first start, and from then on nothing else counts.
func TestEarlierVersionIsSignedOnce(t *testing.T) {
	b := newBench(t)
	docs := someDocs(8)
	stop := b.serve(b.config())
	b.publish(docs...)
	b.decided()
	stop()
	for _, filter := range []string{layout.SubjectState + ">", layout.SubjectCommitFlags + ">", layout.SubjectInputs} {
		for _, m := range b.messages(layout.StreamRLS, filter) {
			bare := &nats.Msg{Subject: m.Subject(), Data: m.Data(), Header: nats.Header{}}
			bare.Header.Set(layout.HeaderTransition, m.Headers().Get(layout.HeaderTransition))
			bare.Header.Set(layout.HeaderNumber, m.Headers().Get(layout.HeaderNumber))
			if m.Subject() == layout.SubjectSite {
				site, err := layout.ParseSite(1, m.Data())
				b.check(err)
				site.Format, site.Signed = 1, 0
				bare.Data, err = site.Encode()
				b.check(err)
			}
			if m.Subject() == layout.SubjectInputs {
				var record decided.InputRecord
				b.check(json.Unmarshal(m.Data(), &record))
				record.Tallies = nil
				var err error
				bare.Data, err = json.Marshal(record)
				b.check(err)
			}
			_, err := b.js.PublishMsg(t.Context(), bare)
			b.check(err)
		}
	}
	b.remove(layout.StreamRLS, layout.SubjectTally+">")
	if _, kinds := b.verify(operate.VerifyOptions{}); len(kinds) > 0 {
		t.Errorf("before it is signed: %s", kinds)
	}
	cfg := b.config()
	defer b.serve(cfg)()
	signer := layout.NewSigner(engine().Key)
	for _, filter := range []string{layout.SubjectState + ">", layout.SubjectCommitFlags + ">"} {
		for _, m := range b.messages(layout.StreamRLS, filter) {
			if _, _, err := signer.Check(m.Subject(), m.Headers(), m.Data()); err != nil {
				t.Errorf("%s: %v", m.Subject(), err)
			}
		}
	}
	if n := foreignSeen(t, cfg.Health); n > 0 {
		t.Errorf("%v foreign messages in what an earlier version stored", n)
	}
	one := stateSubject("Patient/1")
	b.put(one, nil, b.stored(one).Data)
	b.wait("foreign", func() bool { return foreignSeen(t, cfg.Health) > 0 })
	b.wait("replaced", func() bool { return len(cfg.Health.Reasons()) == 0 })
	b.sameAsReplay(docs...)
	b.wait("the same", func() bool { _, kinds := b.verify(operate.VerifyOptions{}); return len(kinds) == 0 })
}
