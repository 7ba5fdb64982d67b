package consumers

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"iter"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/commit"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// deadPayloads is how many times the payload of one input goes with its dead letters; a Bundle of
// thousands of bad entries would otherwise be stored thousands of times. The others say that it was
// left out; the stream sequence finds it.
const deadPayloads = 4

// deadBytes is how many bytes of payload go into one batch of dead letters: the server holds a
// batch until it is complete.
const deadBytes = 8 << 20

// writeDeadLetters writes a dead letter for every rejection, before the input is acknowledged,
// however long that takes.
func (s *session) writeDeadLetters(ctx context.Context, from []commit.Event, results []fold.Result) error {
	for wait := jet.NewBackoff(); ; wait.Sleep(ctx) {
		err := s.tryDeadLetters(ctx, from, results)
		switch {
		case err == nil:
			s.health.Writing(true)
			return nil
		case ctx.Err() != nil:
			return err
		}
		s.health.Writing(false) // nothing is acknowledged meanwhile
		s.log.Warn().Err(err).Msg("dead letters could not be stored, trying again")
	}
}

func (s *session) tryDeadLetters(ctx context.Context, from []commit.Event, results []fold.Result) error {
	letters, rejections := s.deadLetters(from, results)
	// Producers are told first: a letter that is stored is not written again, and then nobody would
	// tell them.
	for _, all := range [][]*nats.Msg{rejections, letters} {
		if err := s.writeLetters(ctx, all); err != nil {
			return err
		}
	}
	if len(letters) > 0 {
		first := layout.LetterOf(0, time.Time{}, letters[0].Header, 0)
		s.log.Info().Int(
			"letters",
			len(letters),
		).Uint64(
			"sequence",
			first.Input,
		).Msg(
			"rejected or partly read, see the dead letters",
		)
	}
	return nil
}

// writeLetters stores messages of one stream, together where that can be.
func (s *session) writeLetters(ctx context.Context, all []*nats.Msg) error {
	for msgs := range byBytes(all, deadBytes) {
		if len(msgs) > 1 && s.writeLettersTogether(ctx, msgs) {
			continue
		}
		if err := s.writeLettersEach(ctx, msgs); err != nil {
			return err
		}
	}
	return nil
}

// deadLetters are those that are not there yet, each once, and what producers are told of those
// that reject something.
func (s *session) deadLetters(from []commit.Event, results []fold.Result) (letters, rejections []*nats.Msg) {
	results = append(slices.Clip(results), partlyRead(results)...)
	payloads, made := map[int]int{}, map[string]bool{}
	for i := range results {
		r := &results[i]
		if r.Reason == "" {
			continue
		}
		ev := &from[r.Input]
		id := deadID(s.epoch, ev.Seq, r)
		if _, there := s.dead[id]; there || made[id] {
			continue
		}
		made[id] = true
		payload := r.Reason != layout.PartlyRead
		if payload {
			payloads[r.Input]++
			payload = payloads[r.Input] <= deadPayloads
		}
		m := s.deadLetter(ev, r, payload)
		m.Header[nats.MsgIdHdr] = []string{id}
		letters = append(letters, m)
		if r.Reason != layout.PartlyRead {
			rejections = append(rejections, layout.RejectionMessage(m, r.Pointer))
		}
	}
	return letters, rejections
}

// writeLettersTogether stores letters in one atomic batch: one sync of the disk instead of one
// each, so that a sender who gets everything wrong does not hold up the others. It tells whether
// that worked. A batch is refused as a whole where one of its letters is there already, and by a
// stream that was made without batches.
func (s *session) writeLettersTogether(ctx context.Context, msgs []*nats.Msg) bool {
	_, err := s.batches.Write(ctx, msgs)
	if err == nil {
		return true
	}
	for _, m := range msgs {
		jet.Unstage(m)
	}
	return false
}

// writeLettersEach stores letters one by one; the server drops those that it has.
func (s *session) writeLettersEach(ctx context.Context, msgs []*nats.Msg) error {
	waiting := make([]jetstream.PubAckFuture, len(msgs))
	for i, m := range msgs {
		var err error
		if waiting[i], err = s.js.PublishMsgAsync(m, jetstream.WithStallWait(jet.RequestTimeout)); err != nil {
			return fmt.Errorf("dead letter: %w", err)
		}
	}
	return allStored(ctx, waiting)
}

// byBytes cuts messages into runs that one batch can hold, of at most so many bytes of payload
// where they are more than one.
func byBytes(msgs []*nats.Msg, most int) iter.Seq[[]*nats.Msg] {
	return func(yield func([]*nats.Msg) bool) {
		for len(msgs) > 0 {
			n, size := 1, len(msgs[0].Data)
			for n < min(len(msgs), jet.MaxBatch) && size+len(msgs[n].Data) <= most {
				size += len(msgs[n].Data)
				n++
			}
			if !yield(msgs[:n]) {
				return
			}
			msgs = msgs[n:]
		}
	}
}

// allStored waits until all were stored.
func allStored(ctx context.Context, waiting []jetstream.PubAckFuture) error {
	for _, f := range waiting {
		select {
		case <-f.Ok():
		case err := <-f.Err():
			return fmt.Errorf("dead letter: %w", err)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// deadID is the same for the same place of the same input, however often it is delivered.
func deadID(epoch int64, seq uint64, r *fold.Result) string {
	h := fnv.New64a()
	h.Write([]byte(r.Pointer + "|" + string(r.Reason)))
	return fmt.Sprintf("%d-%d-%x", epoch, seq, h.Sum64())
}

func (s *session) deadLetter(ev *commit.Event, r *fold.Result, payload bool) *nats.Msg {
	m := &nats.Msg{Subject: layout.SubjectDead + string(r.Reason), Data: ev.Msg.Data(), Header: nats.Header{
		layout.HeaderReason: {
			string(r.Reason),
		}, layout.HeaderDetail: {headerText(r.Detail)}, layout.HeaderPointer: {headerText(r.Pointer)},
		layout.HeaderSequence: {strconv.FormatUint(ev.Seq, 10)}, layout.HeaderEpoch: {strconv.FormatInt(s.epoch, 10)},
		layout.HeaderTime: {time.Now().UTC().Format(time.RFC3339)},
	}}
	if ev.Msg.Subject() == layout.SubjectAcknowledge {
		m.Header[layout.HeaderSubject] = []string{layout.SubjectAcknowledge}
	}
	size := len(m.Data) + 64 // of the message id
	for k, v := range m.Header {
		size += len(k) + len(v[0]) + 4
	}
	if !payload || int64(size) > s.nc.MaxPayload() {
		m.Data = nil
		m.Header[layout.HeaderLeftOut] = []string{"left-out"}
	}
	return m
}

// headerText is s as a header can carry it: printable ASCII stays, all else is percent-encoded, so
// that nothing breaks out of it.
func headerText(s string) string {
	if len(s) > mostHeader {
		s = s[:mostHeader]
	}
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '%' {
			b.WriteString(url.PathEscape(string([]byte{c})))
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// findDead learns which dead letters are there of inputs that are not acknowledged yet: the server
// recognises a repetition only for a while.
func (s *session) findDead(ctx context.Context) error {
	s.dead = map[string]struct{}{}
	cons, err := s.js.Consumer(ctx, layout.StreamFHIR, layout.Durable)
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("consumer %s: %w", layout.Durable, err)
	}
	stream, err := s.js.Stream(ctx, layout.StreamFHIR)
	if err != nil {
		return fmt.Errorf("stream %s: %w", layout.StreamFHIR, err)
	}
	next := max(cons.CachedInfo().AckFloor.Stream+1, stream.CachedInfo().State.FirstSeq)
	if next > stream.CachedInfo().State.LastSeq {
		return nil
	}
	since := time.Time{}
	if m, err := stream.GetMsg(ctx, next); err == nil {
		since = m.Time.Add(-time.Minute)
	}
	return s.readDead(ctx, since)
}

func (s *session) readDead(ctx context.Context, since time.Time) error {
	cfg := jetstream.OrderedConsumerConfig{HeadersOnly: true}
	if !since.IsZero() {
		cfg.DeliverPolicy, cfg.OptStartTime = jetstream.DeliverByStartTimePolicy, &since
	}
	err := jet.Each(ctx, s.js, layout.StreamDead, cfg, func(m jetstream.Msg, _ *jetstream.MsgMetadata) error {
		s.dead[m.Headers().Get(nats.MsgIdHdr)] = struct{}{}
		return nil
	})
	if err != nil {
		return fmt.Errorf("dead letters: %w", err)
	}
	return nil
}
