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

// Errors of a commit, by what the caller has to do.
var (
	// errConflict: somebody else wrote one of the subjects meanwhile. Nothing was stored. Read back and fold again.
	errConflict = errors.New("another instance wrote the same patient")
	// errUnknown: no answer, or none that tells. It may have been stored. Read back and fold again, never send again blindly.
	errUnknown = errors.New("outcome of the commit is not known")
	// errPoison: these inputs can never be committed. Others must not wait for them.
	errPoison = errors.New("cannot be committed")
)

// maxBatch is the most messages that the server takes in one atomic batch.
const maxBatch = 1000

// store commits to the stream RLS and reads it back.
type store struct {
	nc      *nats.Conn
	js      jetstream.JetStream
	copy    *workingCopy
	audit   time.Duration
	timers  map[token]int64 // those set by this process, Unix seconds
	frozen  bool            // no timers
	by      []string        // names this process in what it writes
	timeout time.Duration   // of one request
}

// piece is what goes into one batch.
type piece struct {
	msgs  []*nats.Msg // all but the states
	rows  []stateRow  // their messages come last
	timer map[token]int64
	view  *snapshot // that the step saw
}

func (p *piece) size() int { return len(p.msgs) + len(p.rows) }

// add takes q in.
func (p *piece) add(q piece) {
	p.msgs, p.rows = append(p.msgs, q.msgs...), append(p.rows, q.rows...)
	for tok, at := range q.timer {
		if p.timer == nil {
			p.timer = map[token]int64{}
		}
		p.timer[tok] = at
	}
}

// messages are the batch in its order: transitions first, states last, so that a batch that a damaged disk cuts short repeats
// transitions and never swallows them.
func (s *store) messages(p *piece) []*nats.Msg {
	msgs := p.msgs
	for i := range p.rows {
		r := &p.rows[i]
		msgs = append(msgs, &nats.Msg{Subject: r.subject(), Data: r.data, Header: nats.Header{headerExpect: {strconv.FormatUint(r.expect, 10)}, headerBy: s.by}})
	}
	return msgs
}

// commit writes one piece whole or not at all, and makes it part of the working copy.
func (s *store) commit(ctx context.Context, p *piece) error {
	msgs := s.messages(p)
	if len(msgs) == 0 {
		return nil
	}
	first, err := s.send(ctx, msgs)
	if err != nil {
		return err
	}
	for i := range p.rows {
		s.copy.apply(&p.rows[i], first+uint64(len(p.msgs)+i), p.view)
	}
	for tok, at := range p.timer {
		s.timers[tok] = at
	}
	return nil
}

// send publishes messages and returns the sequence of the first; the others follow it without a gap.
func (s *store) send(ctx context.Context, msgs []*nats.Msg) (uint64, error) {
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
		return fmt.Errorf("%w: %w", errPoison, err)
	}
	return fmt.Errorf("%w: %w", errUnknown, err)
}

func parseAck(data []byte) (uint64, error) {
	var ack struct {
		Error *jetstream.APIError `json:"error"`
		Seq   uint64              `json:"seq"`
	}
	err := json.Unmarshal(data, &ack)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%w: %w", errUnknown, err)
	case ack.Error != nil && ack.Error.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence:
		return 0, errConflict
	case ack.Error != nil:
		return 0, fmt.Errorf("%w: %w", errUnknown, ack.Error)
	case ack.Seq == 0:
		return 0, fmt.Errorf("%w: an acknowledgement without a sequence", errUnknown)
	}
	return ack.Seq, nil
}

// readBack brings the rows of p in the working copy to what the stream has.
func (s *store) readBack(ctx context.Context, p *piece) error {
	stream, err := s.js.Stream(ctx, StreamRLS)
	if err != nil {
		return fmt.Errorf("stream %s: %w", StreamRLS, err)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(32)
	for i := range p.rows {
		r := &p.rows[i]
		g.Go(func() error {
			m, err := stream.GetLastMsgForSubject(ctx, r.subject())
			if errors.Is(err, jetstream.ErrMsgNotFound) {
				s.copy.forget(r)
				return nil
			}
			if err != nil {
				return fmt.Errorf("reading a state back: %w", err)
			}
			_, err = s.copy.take(m.Subject, m.Sequence, m.Data)
			return err
		})
	}
	return g.Wait()
}
