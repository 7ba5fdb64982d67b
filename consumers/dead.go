package consumers

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// deadPayloads is how many times the payload of one input goes with its dead letters; a Bundle of thousands of bad entries would
// otherwise be stored thousands of times. The others say that it was left out; the stream sequence finds it.
const deadPayloads = 4

// bury writes a dead letter for every rejection, before the input is acknowledged, however long that takes.
func (s *session) bury(ctx context.Context, from []event, results []Result) error {
	for wait := newBackoff(); ; wait.sleep(ctx) {
		err := s.buryOnce(ctx, from, results)
		if err == nil || ctx.Err() != nil {
			return err
		}
		s.log.Warn().Err(err).Msg("dead letters could not be stored, trying again")
	}
}

func (s *session) buryOnce(ctx context.Context, from []event, results []Result) error {
	var waiting []jetstream.PubAckFuture
	payloads := map[int]int{}
	for i := range results {
		r := &results[i]
		if r.Outcome != Rejected {
			continue
		}
		ev := &from[r.Input]
		id := deadID(s.epoch, ev.seq, r)
		if _, there := s.dead[id]; there {
			continue
		}
		payloads[r.Input]++
		m := s.deadLetter(ev, r, payloads[r.Input] <= deadPayloads)
		f, err := s.js.PublishMsgAsync(m, jetstream.WithMsgID(id), jetstream.WithStallWait(requestTimeout))
		if err != nil {
			return fmt.Errorf("dead letter: %w", err)
		}
		waiting = append(waiting, f)
	}
	if err := settled(ctx, waiting); err != nil {
		return err
	}
	for input, n := range payloads {
		s.log.Info().Int("resources", n).Uint64("sequence", from[input].seq).Msg("rejected, see the dead letters")
	}
	return nil
}

// settled waits until all were stored.
func settled(ctx context.Context, waiting []jetstream.PubAckFuture) error {
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
func deadID(epoch int64, seq uint64, r *Result) string {
	h := fnv.New64a()
	h.Write([]byte(r.Pointer + "|" + string(r.Reason)))
	return fmt.Sprintf("%d-%d-%x", epoch, seq, h.Sum64())
}

func (s *session) deadLetter(ev *event, r *Result, payload bool) *nats.Msg {
	m := &nats.Msg{Subject: SubjectDead + string(r.Reason), Data: ev.msg.Data(), Header: nats.Header{
		HeaderReason: {string(r.Reason)}, HeaderDetail: {headerText(r.Detail)}, HeaderPointer: {headerText(r.Pointer)},
		HeaderSequence: {strconv.FormatUint(ev.seq, 10)}, HeaderEpoch: {strconv.FormatInt(s.epoch, 10)},
		HeaderTime: {time.Now().UTC().Format(time.RFC3339)},
	}}
	if ev.msg.Subject() == SubjectAcknowledge {
		m.Header[HeaderSubject] = []string{SubjectAcknowledge}
	}
	size := len(m.Data) + 64 // of the message id
	for k, v := range m.Header {
		size += len(k) + len(v[0]) + 4
	}
	if !payload || int64(size) > s.nc.MaxPayload() {
		m.Data = nil
		m.Header[HeaderLeftOut] = []string{"left-out"}
	}
	return m
}

// headerText is s as a header can carry it: printable ASCII stays, all else is percent-encoded, so that nothing breaks out of it.
func headerText(s string) string {
	if len(s) > 1024 {
		s = s[:1024]
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

// findDead learns which dead letters are there of inputs that are not acknowledged yet: the server recognises a repetition
// only for a while.
func (s *session) findDead(ctx context.Context) error {
	s.dead = map[string]struct{}{}
	cons, err := s.js.Consumer(ctx, StreamFHIR, Durable)
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("consumer %s: %w", Durable, err)
	}
	s.floor.raise(cons.CachedInfo().AckFloor.Stream)
	stream, err := s.js.Stream(ctx, StreamFHIR)
	if err != nil {
		return fmt.Errorf("stream %s: %w", StreamFHIR, err)
	}
	next := max(s.floor.get()+1, stream.CachedInfo().State.FirstSeq)
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
	cons, err := ordered(ctx, s.js, StreamDead, cfg)
	if err != nil {
		return fmt.Errorf("dead letters: %w", err)
	}
	for pending := cons.CachedInfo().NumPending; pending > 0; {
		batch, err := cons.Fetch(int(min(pending, 500)), jetstream.FetchMaxWait(requestTimeout))
		if err != nil {
			return fmt.Errorf("dead letters: %w", err)
		}
		n := uint64(0)
		for m := range batch.Messages() {
			s.dead[m.Headers().Get(nats.MsgIdHdr)] = struct{}{}
			n++
		}
		if n == 0 {
			return fmt.Errorf("dead letters: %d could not be read", pending)
		}
		pending -= min(n, pending)
	}
	return nil
}
