package sim

import (
	"context"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// message is one that a consumer was given: jetstream.Msg as far as a Committer looks at it.
type message struct {
	subject string
	header  nats.Header
	data    []byte
	ack     func() error
}

func (m *message) Metadata() (*jetstream.MsgMetadata, error) { return nil, jetstream.ErrMsgNoReply }
func (m *message) Data() []byte                              { return m.data }
func (m *message) Headers() nats.Header                      { return m.header }
func (m *message) Subject() string                           { return m.subject }
func (m *message) Reply() string                             { return "" }
func (m *message) Ack() error                                { return m.ack() }
func (m *message) DoubleAck(context.Context) error           { return m.ack() }
func (m *message) Nak() error                                { return nil }
func (m *message) NakWithDelay(time.Duration) error          { return nil }
func (m *message) InProgress() error                         { return nil }
func (m *message) Term() error                               { return nil }
func (m *message) TermWithReason(string) error               { return nil }
