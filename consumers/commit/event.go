package commit

import (
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// Event is a message to be decided and acknowledged: an input, or a timer that fired. Its message
// is merely returned.
type Event struct {
	Msg   jetstream.Msg
	Seq   uint64
	Input *fold.Input
	Due   layout.Token
	// Pending is how many more the server had when it sent this one.
	Pending uint64
	Stored  time.Time // when the server stored an input
}

// shared is 1 for an input that may concern patients it does not name, else 0.
func (e *Event) shared() int {
	for i := range e.Input.Resources {
		if r := &e.Input.Resources[i]; r.Relevant && r.Patient == "" {
			return 1
		}
	}
	return 0
}

// Weight estimates the work: the number of resources, or 1 for a timer.
func (e *Event) Weight() int {
	if e.Input == nil {
		return 1
	}
	return len(e.Input.Resources)
}
