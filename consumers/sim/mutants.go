package sim

import (
	"cmp"
	"slices"
	"strings"

	"github.com/nats-io/nats.go"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/fhir"
)

// mutant is a deliberate error, to hold that the checks see it.
type mutant int

const (
	none              mutant = iota
	lastProcessedWins        // of two versions that which is processed later, whatever it says of itself
	acknowledgesFirst        // before the commit
	statesFirst              // in a batch, before the transitions
	expectsNothing           // writes over whatever is there
	believesSilence          // no answer is taken for a yes
	neverHeals               // what an instance missed is left as it is
	believesThePlace         // what the copying has passed is purged, whether it was copied or not
	leavesUnshown            // what RLS shows leaves it before RLS_FLAGS has it
	forgets                  // what the same process wrote is passed over, also after starting over
	acceptsUnsigned          // what nobody signed is taken for a state
	acceptsOlder             // so is an older message, or that of another subject
	neverReplaces            // what is foreign is left where it stands
)

var mutantNames = map[mutant]string{
	lastProcessedWins: "last processed wins",
	acknowledgesFirst: "acknowledges first",
	statesFirst:       "states first",
	expectsNothing:    "expects nothing",
	believesSilence:   "believes silence",
	neverHeals:        "never heals",
	believesThePlace:  "believes the place",
	leavesUnshown:     "leaves unshown",
	forgets:           "forgets",
	acceptsUnsigned:   "accepts unsigned",
	acceptsOlder:      "accepts an older one",
	neverReplaces:     "never replaces",
}

// mutate is a batch as the mutant sends it.
func (w *world) mutate(msgs []*nats.Msg) []*nats.Msg {
	switch w.mutant {
	case statesFirst:
		msgs = slices.Clone(msgs)
		slices.SortStableFunc(msgs, func(a, b *nats.Msg) int { return cmp.Compare(rank(a), rank(b)) })
	case expectsNothing:
		for _, m := range msgs {
			delete(m.Header, expect)
		}
	}
	return msgs
}

// passesOver tells that a mutant takes a message for one that it has.
func (in *instance) passesOver(m *stored) bool {
	return in.w.mutant == forgets && m.by != nil && m.by.process == in.process
}

func rank(m *nats.Msg) int {
	if strings.HasPrefix(m.Subject, "rls.state.") {
		return 0
	}
	return 1
}

// misplaced is the sequence that a batch begins with, such that whoever puts states first is not
// found out by their sequences.
func (w *world) misplaced(first uint64, msgs []*nats.Msg) uint64 {
	if w.mutant != statesFirst {
		return first
	}
	for _, m := range msgs {
		if rank(m) > 0 {
			first--
		}
	}
	return first
}

// reversioned is an input whose versions say nothing but that they are processed now.
func (w *world) reversioned(in fold.Input) fold.Input {
	in.Resources = append([]fhir.Resource(nil), in.Resources...)
	for i := range in.Resources {
		w.versions++
		in.Resources[i].Fact.Version = facts.Version{Updated: int64(w.versions)}
	}
	return in
}
