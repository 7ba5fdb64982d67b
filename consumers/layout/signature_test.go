package layout

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"pgregory.net/rapid"
)

func signed(s *Signer) *nats.Msg {
	m := &nats.Msg{Subject: SubjectAudit + "flag.7", Data: []byte("payload"), Header: nats.Header{
		HeaderNumber: {"7"}, HeaderTransition: {"opened"}, HeaderReason: {"order-stopped"}, "ce-id": {"x"},
	}}
	s.Sign(m, 5)
	return m
}

// A signature holds for one key, subject, payload, counter and set of headers that are read; a copy
// the server makes under another subject is as good.
func TestSignature(t *testing.T) {
	s := NewSigner([]byte("key of the tests, not secret"))
	m := signed(s)
	counter, sum, err := s.Check(m.Subject, m.Header, m.Data)
	if err != nil || counter != 5 || sum == (Sum{}) {
		t.Fatalf("%d, %v, %v", counter, sum, err)
	}
	if _, again, err := s.Check(SubjectAudit+"flag", m.Header, m.Data); err != nil || again != sum {
		t.Errorf("an entry under its flag alone: %v", err)
	}
	for name, change := range map[string]func(m *nats.Msg){
		"subject":     func(m *nats.Msg) { m.Subject = SubjectAudit + "other.7" },
		"payload":     func(m *nats.Msg) { m.Data = []byte("payloae") },
		"number":      func(m *nats.Msg) { m.Header.Set(HeaderNumber, "8") },
		"reason":      func(m *nats.Msg) { m.Header.Del(HeaderReason) },
		"header":      func(m *nats.Msg) { m.Header.Set(HeaderErased, "") },
		"counter":     func(m *nats.Msg) { m.Header.Set(HeaderSignature, "6"+m.Header.Get(HeaderSignature)[1:]) },
		"short":       func(m *nats.Msg) { m.Header.Set(HeaderSignature, m.Header.Get(HeaderSignature)[:20]) },
		"none":        func(m *nats.Msg) { m.Header.Del(HeaderSignature) },
		"no number":   func(m *nats.Msg) { m.Header.Set(HeaderSignature, "x.y") },
		"another key": func(m *nats.Msg) { NewSigner([]byte("another key of the tests")).Sign(m, 5) },
	} {
		c := signed(s)
		change(c)
		if _, _, err := s.Check(c.Subject, c.Header, c.Data); !errors.Is(err, ErrForeign) {
			t.Errorf("%s changed: %v", name, err)
		}
	}
	shown := &nats.Msg{Subject: SubjectCommitFlags + "low.x.id", Data: []byte("f")}
	s.Sign(shown, 0)
	if _, _, err := s.Check(SubjectFlags+"low.x.id", shown.Header, shown.Data); err != nil {
		t.Errorf("a copied flag: %v", err)
	}
}

// A tally reads back as written, and nothing else reads as one.
func TestTally(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Uint64()
		want := Tally{By: rapid.StringMatching(`[a-zA-Z0-9+]{0,23}`).Draw(t, "by"), Seq: 9}
		want.States, want.Site = Sum{n.Draw(t, "s"), n.Draw(t, "t")}, Sum{n.Draw(t, "u"), n.Draw(t, "v")}
		want.Unsigned, want.Anew, want.N = n.Draw(t, "w"), n.Draw(t, "x"), n.Draw(t, "n")
		want.Size = rapid.Uint32().Draw(t, "size")
		for i := range rapid.IntRange(0, 3).Draw(t, "changes") {
			change := Change{Kind: byte(i), Token: Token{byte(i)}, Sum: Sum{n.Draw(t, "c")}, New: i == 1}
			want.Changes = append(want.Changes, change)
		}
		data := want.Message("0").Data
		got, err := ParseTally(9, data)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, *got); d != "" {
			t.Error(d)
		}
		if _, err := ParseTally(9, data[:len(data)-1]); err == nil {
			t.Error("a tally that was cut is read")
		}
	})
}

// Sign and Check cost about as much as hashing what they cover.
func BenchmarkSign(b *testing.B) {
	s := NewSigner([]byte("key of the tests, not secret"))
	for _, size := range []int{200, 800, 2300, 8000} {
		m := signed(s)
		m.Data = bytes.Repeat([]byte("x"), size)
		b.Run(fmt.Sprintf("sign %d", size), func(b *testing.B) {
			for b.Loop() {
				s.Sign(m, 5)
			}
		})
		s.Sign(m, 5)
		b.Run(fmt.Sprintf("check %d", size), func(b *testing.B) {
			for b.Loop() {
				if _, _, err := s.Check(m.Subject, m.Header, m.Data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
