package commit

import (
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// event is a message that has to be decided and acknowledged: an input, or a timer that went off.
type Event struct {
	Msg   jetstream.Msg
	Seq   uint64
	Input *fold.Input
	Due   layout.Token
	// pending is how many more the server had when it sent this one.
	Pending uint64
	Stored  time.Time // when the server stored an input
}

func (e *Event) Weight() int {
	if e.Input == nil {
		return 1
	}
	return len(e.Input.Resources)
}
