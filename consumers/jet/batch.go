package jet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
	"golang.org/x/sync/errgroup"

	"github.com/rlsguard/rlsguard/consumers/layout"
)

// JetStore is the Store on a server.
type JetStore struct {
	Nc      *nats.Conn
	Js      jetstream.JetStream
	Timeout time.Duration // of one request
	// Wrote is called with what was stored, and the sequence of the first; nil is allowed.
	Wrote func(msgs []*nats.Msg, first uint64)
}

// Send implements Store.
func (s *JetStore) Send(ctx context.Context, msgs []*nats.Msg) <-chan Written {
	answer := make(chan Written, 1)
	last, err := s.stage(msgs)
	if err != nil {
		answer <- Written{Err: err}
		return answer
	}
	go func() {
		seq, err := s.request(ctx, last)
		if err == nil && s.Wrote != nil {
			s.Wrote(msgs, seq-uint64(len(msgs))+1)
		}
		answer <- Written{First: seq - uint64(len(msgs)) + 1, Err: err}
	}()
	return answer
}

// Write is Send, and waits for the answer.
func (s *JetStore) Write(ctx context.Context, msgs []*nats.Msg) (uint64, error) {
	w := <-s.Send(ctx, msgs)
	return w.First, w.Err
}

// stage sends all of a batch but its last message, which commits it.
func (s *JetStore) stage(msgs []*nats.Msg) (last *nats.Msg, err error) {
	last = msgs[len(msgs)-1]
	if len(msgs) > 1 { // a batch of one costs five times a plain publish
		id := []string{nuid.Next()}
		for i, m := range msgs {
			m.Header[layout.HeaderBatch], m.Header[layout.HeaderBatchSeq] = id, []string{strconv.Itoa(i + 1)}
		}
		last.Header[layout.HeaderCommit] = []string{"1"}
	}
	for _, m := range msgs[:len(msgs)-1] {
		if err := s.Nc.PublishMsg(m); err != nil {
			return nil, publishError(err)
		}
	}
	return last, nil
}

// Unstage makes a message one of no batch again.
func Unstage(m *nats.Msg) {
	for _, name := range []string{layout.HeaderBatch, layout.HeaderBatchSeq, layout.HeaderCommit} {
		delete(m.Header, name)
	}
}

// request sends a message that is answered, and returns the sequence that it was stored under.
func (s *JetStore) request(ctx context.Context, m *nats.Msg) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	reply, err := s.Nc.RequestMsgWithContext(ctx, m)
	if err != nil {
		return 0, publishError(err)
	}
	return parseAck(reply.Data)
}

func publishError(err error) error {
	if errors.Is(err, nats.ErrMaxPayload) {
		return fmt.Errorf("%w: %w", ErrPoison, err)
	}
	return fmt.Errorf("%w: %w", ErrUnknown, err)
}

func parseAck(data []byte) (uint64, error) {
	var ack struct {
		Error *jetstream.APIError `json:"error"`
		Seq   uint64              `json:"seq"`
	}
	err := json.Unmarshal(data, &ack)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%w: %w", ErrUnknown, err)
	case ack.Error != nil && ack.Error.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence:
		return 0, ErrConflict
	case ack.Error != nil:
		return 0, fmt.Errorf("%w: %w", ErrUnknown, ack.Error)
	case ack.Seq == 0:
		return 0, fmt.Errorf("%w: an acknowledgement without a sequence", ErrUnknown)
	}
	return ack.Seq, nil
}

// Last implements Store.
func (s *JetStore) Last(ctx context.Context, subjects []string) ([]Stored, error) {
	stream, err := s.Js.Stream(ctx, layout.StreamRLS)
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", layout.StreamRLS, err)
	}
	found := make([]Stored, len(subjects))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(32)
	for i, subject := range subjects {
		g.Go(func() error {
			m, err := stream.GetLastMsgForSubject(ctx, subject)
			switch {
			case errors.Is(err, jetstream.ErrMsgNotFound):
			case err != nil:
				return fmt.Errorf("reading a state back: %w", err)
			default:
				found[i] = Stored{Sequence: m.Sequence, Header: m.Header, Data: m.Data}
			}
			return nil
		})
	}
	return found, g.Wait()
}
