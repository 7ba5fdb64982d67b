package commit

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/codec"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

var trustKey = []byte("key of the tests, not secret")

// written are n stored states of patients of about size bytes, and their tally.
func written(n, size int) (subjects []string, states []jet.Stored) {
	signer, tokens := layout.NewSigner(trustKey), layout.NewTokens(trustKey)
	var sum layout.Sum
	for i := range n {
		ref := facts.Ref(fmt.Sprintf("Patient/%d", i))
		st := &checks.State{Patient: ref}
		for k := 0; k < size/60; k++ {
			name := fmt.Sprintf("Condition/%d-%d-%s", i, k, strings.Repeat("x", 30))
			st.Facts = append(st.Facts, facts.Fact{Ref: facts.Ref(name), Kind: facts.KindMark})
		}
		m := &nats.Msg{Subject: layout.SubjectPatient + tokens.Of(ref).String(), Data: codec.Append(nil, st)}
		sum = sum.Plus(signer.Sign(m, 0))
		subjects = append(subjects, m.Subject)
		states = append(states, jet.Stored{Sequence: uint64(i + 1), Header: m.Header, Data: m.Data})
	}
	t := layout.Tally{By: "writer", States: sum}
	m := t.Message("0")
	signer.Sign(m, 0)
	return append(subjects, m.Subject), append(states, jet.Stored{Sequence: uint64(n + 1), Header: m.Header,
		Data: m.Data})
}

// A copy knows whether it has everything that was written, and takes in nothing else.
func TestWeigh(t *testing.T) {
	subjects, states := written(5, 200)
	take := func(change func(i int, m *jet.Stored) bool) *WorkingCopy {
		c := NewWorkingCopy(trustKey)
		for i, m := range states {
			if change != nil && !change(i, &m) {
				continue
			}
			if err := c.Take(subjects[i], m); err != nil {
				t.Fatal(err)
			}
		}
		return c
	}
	if err := take(nil).Weigh(); err != nil {
		t.Errorf("all of it: %v", err)
	}
	for name, change := range map[string]func(i int, m *jet.Stored) bool{
		"one missing": func(i int, _ *jet.Stored) bool { return i != 2 },
		"no tally":    func(i int, _ *jet.Stored) bool { return i != 5 },
		"one unsigned": func(i int, m *jet.Stored) bool {
			if i == 2 {
				m.Header = nil
			}
			return true
		},
		"another's": func(i int, m *jet.Stored) bool {
			if i == 2 {
				m.Header, m.Data = states[3].Header, states[3].Data
			}
			return true
		},
	} {
		c := take(change)
		if err := c.Weigh(); !errors.Is(err, layout.ErrState) {
			t.Errorf("%s: %v", name, err)
		}
		if seen, _ := c.Foreign(); (seen > 0) != (name == "one unsigned" || name == "another's") {
			t.Errorf("%s: %d foreign messages", name, seen)
		}
	}
}

// The cost of taking in each state at the start, with signatures checked and with unsigned messages
// allowed.
func BenchmarkTake(b *testing.B) {
	subjects, states := written(2000, 2300)
	for _, checked := range []bool{true, false} {
		b.Run(fmt.Sprintf("checked %v", checked), func(b *testing.B) {
			for b.Loop() {
				c := NewWorkingCopy(trustKey)
				var r codec.Reader
				if !checked {
					c.Trust(math.MaxUint64, 0, nil)
				}
				for i, m := range states[:len(states)-1] {
					if !checked {
						m.Header = nil
					}
					if _, err := c.takeState(subjects[i], m, r.Decode); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

// A message that comes back while this process notes its write is not foreign: the copy already
// holds it.
func TestWhatComesInTwiceAtOnceIsOurs(t *testing.T) {
	subjects, states := written(2000, 60)
	c := NewWorkingCopy(trustKey)
	c.Trust(0, 0, func(subject string) { t.Errorf("%s is foreign", subject) })
	for i := range states {
		var both sync.WaitGroup
		begin := make(chan struct{})
		for range 2 {
			both.Go(func() {
				<-begin
				if err := c.Take(subjects[i], states[i]); err != nil {
					t.Error(err)
				}
			})
		}
		close(begin)
		both.Wait()
	}
}
