package consumers

import (
	"testing"

	"github.com/rlsguard/rlsguard/consumers/commit"
	"github.com/rlsguard/rlsguard/consumers/fold"
)

// A batch is as large as makes a good commit of inputs; timers, of which thousands may go off at midnight, do not make it small.
func TestAppetite(t *testing.T) {
	inputs := func(n int) []commit.Event {
		batch := make([]commit.Event, n)
		for i := range batch {
			batch[i].Input = &fold.Input{}
		}
		return batch
	}
	sized := func(messages int) *commit.Flight {
		return &commit.Flight{Piece: &commit.Piece{Rows: make([]commit.StateRow, messages)}}
	}
	for _, c := range []struct {
		name   string
		flight *commit.Flight
		batch  []commit.Event
		want   int
	}{
		{"timers", nil, make([]commit.Event, 900), 900},
		{"inputs with a timer", nil, append(inputs(899), commit.Event{}), 900},
		{"not full", sized(1), inputs(899), 900},
		{"more than one commit", nil, inputs(900), 450},
		{"a good commit", sized(goodCommit), inputs(900), 900},
		{"a small commit", sized(600), inputs(900), 1200},
		{"hardly a change", sized(1), inputs(900), 1800},
		{"a message each and more", sized(1000), inputs(900), 720},
	} {
		s := &session{Committer: &commit.Committer{Flight: c.flight}, cfg: &Config{Batch: 900}, batchTarget: 900}
		if s.resizeBatch(c.batch); s.batchTarget != c.want {
			t.Errorf("%s: %d, want %d", c.name, s.batchTarget, c.want)
		}
	}
}
