package consumers

import "testing"

// A batch is as large as makes a good commit of inputs; timers, of which thousands may go off at midnight, do not make it small.
func TestAppetite(t *testing.T) {
	inputs := func(n int) []event {
		batch := make([]event, n)
		for i := range batch {
			batch[i].input = &Input{}
		}
		return batch
	}
	sized := func(messages int) *flight { return &flight{piece: &piece{rows: make([]stateRow, messages)}} }
	for _, c := range []struct {
		name   string
		flight *flight
		batch  []event
		want   int
	}{
		{"timers", nil, make([]event, 900), 900},
		{"inputs with a timer", nil, append(inputs(899), event{}), 900},
		{"not full", sized(1), inputs(899), 900},
		{"more than one commit", nil, inputs(900), 450},
		{"a good commit", sized(goodCommit), inputs(900), 900},
		{"a small commit", sized(600), inputs(900), 1200},
		{"hardly a change", sized(1), inputs(900), 1800},
		{"a message each and more", sized(1000), inputs(900), 720},
	} {
		s := &session{Committer: &Committer{flight: c.flight}, cfg: &Config{Batch: 900}, appetite: 900}
		if s.adapt(c.batch); s.appetite != c.want {
			t.Errorf("%s: %d, want %d", c.name, s.appetite, c.want)
		}
	}
}
