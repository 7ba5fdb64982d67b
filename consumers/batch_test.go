package consumers

import (
	"testing"

	"github.com/rlsguard/rlsguard/consumers/commit"
	"github.com/rlsguard/rlsguard/consumers/fold"
)

// A batch is as large as makes a good commit of inputs; timers, of which thousands may go off at
// midnight, do not make it small.
func TestAppetite(t *testing.T) {
	const none = -1
	inputs := func(n int) []commit.Event {
		batch := make([]commit.Event, n)
		for i := range batch {
			batch[i].Input = &fold.Input{}
		}
		return batch
	}
	for _, c := range []struct {
		name     string
		messages int // of the commit in flight; none is more than one commit
		batch    []commit.Event
		want     int
	}{
		{"timers", none, make([]commit.Event, 900), 900},
		{"inputs with a timer", none, append(inputs(899), commit.Event{}), 900},
		{"not full", 1, inputs(899), 900},
		{"more than one commit", none, inputs(900), 450},
		{"a good commit", goodCommit, inputs(900), 900},
		{"a small commit", 600, inputs(900), 1200},
		{"hardly a change", 1, inputs(900), 1800},
		{"no change", 0, inputs(900), 1800},
		{"a message each and more", 1000, inputs(900), 720},
	} {
		got := 900
		if tells(c.batch, got) {
			got = nextTarget(len(c.batch), c.messages, c.messages != none, got, 900)
		}
		if got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}
