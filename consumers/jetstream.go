package consumers

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
)

// jetStore is the Store on a server.
type jetStore struct {
	nc      *nats.Conn
	js      jetstream.JetStream
	timeout time.Duration // of one request
}

// Write implements Store.
func (s *jetStore) Write(ctx context.Context, msgs []*nats.Msg) (uint64, error) {
	last := msgs[len(msgs)-1]
	if len(msgs) > 1 { // a batch of one costs five times a plain publish
		id := []string{nuid.Next()}
		for i, m := range msgs {
			m.Header[headerBatch], m.Header[headerBatchSeq] = id, []string{strconv.Itoa(i + 1)}
		}
		last.Header[headerCommit] = []string{"1"}
	}
	for _, m := range msgs[:len(msgs)-1] {
		if err := s.nc.PublishMsg(m); err != nil {
			return 0, publishError(err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	reply, err := s.nc.RequestMsgWithContext(ctx, last)
	if err != nil {
		return 0, publishError(err)
	}
	seq, err := parseAck(reply.Data)
	if err != nil {
		return 0, err
	}
	return seq - uint64(len(msgs)) + 1, nil
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
func (s *jetStore) Last(ctx context.Context, subjects []string) ([]Stored, error) {
	stream, err := s.js.Stream(ctx, StreamRLS)
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", StreamRLS, err)
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
				found[i] = Stored{m.Sequence, m.Data}
			}
			return nil
		})
	}
	return found, g.Wait()
}
