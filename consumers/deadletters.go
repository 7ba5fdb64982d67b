package consumers

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Errors about dead letters.
var (
	ErrNoLetter  = errors.New("no dead letter has this number")
	ErrNoPayload = errors.New("its payload was left out, and the stream FHIR does not hold the input any more")
)

// DeadLetter is one rejection, without its payload. Detail and Pointer may hold texts of the payload's.
type DeadLetter struct {
	Number  uint64    // in the stream RLS_DEAD
	Time    time.Time // of the rejection
	Reason  string
	Detail  string
	Pointer string // to the place in the input
	Input   uint64 // sequence of the input in the stream FHIR
	Size    int    // of the payload, bytes
	LeftOut bool   // the payload is not with it

	epoch       int64 // creation of the stream FHIR
	acknowledge bool  // the input came on the subject on which acknowledgements count
}

// input identifies what was rejected.
type inputID struct {
	epoch    int64
	sequence uint64
}

// PartlyRead tells that nothing was rejected: the input counted, and parts of it could not be read.
func (l *DeadLetter) PartlyRead() bool { return l.Reason == string(PartlyRead) }

func (l *DeadLetter) from() inputID { return inputID{l.epoch, l.Input} }

func letterOf(number uint64, at time.Time, h nats.Header, size int) DeadLetter {
	text := func(name string) string {
		s, err := url.PathUnescape(h.Get(name))
		if err != nil {
			return h.Get(name)
		}
		return s
	}
	l := DeadLetter{Number: number, Time: at.UTC(), Reason: h.Get(HeaderReason), Detail: text(HeaderDetail), Pointer: text(HeaderPointer), Size: size,
		LeftOut: h.Get(HeaderLeftOut) != "", acknowledge: h.Get(HeaderSubject) == SubjectAcknowledge}
	// What is no number came from elsewhere: then there is no input to be found.
	l.Input, _ = strconv.ParseUint(h.Get(HeaderSequence), 10, 64)
	l.epoch, _ = strconv.ParseInt(h.Get(HeaderEpoch), 10, 64)
	return l
}

// DeadLetters calls do with every dead letter, oldest first; with a reason, only with those.
func (o *Operator) DeadLetters(ctx context.Context, reason string, do func(DeadLetter) error) error {
	return deadLetters(ctx, o.js, jetstream.OrderedConsumerConfig{}, reason, do)
}

func deadLetters(ctx context.Context, js jetstream.JetStream, cfg jetstream.OrderedConsumerConfig, reason string, do func(DeadLetter) error) error {
	cfg.HeadersOnly, cfg.FilterSubjects = true, []string{SubjectDead + ">"}
	if reason != "" {
		cfg.FilterSubjects = []string{SubjectDead + reason}
	}
	return each(ctx, js, StreamDead, cfg, func(m jetstream.Msg, meta *jetstream.MsgMetadata) error {
		size, _ := strconv.Atoi(m.Headers().Get("Nats-Msg-Size")) // the server always says it
		return do(letterOf(meta.Sequence.Stream, meta.Timestamp, m.Headers(), size))
	})
}

// DeadLetter reads one with its payload, from the stream FHIR where it was left out; then nil, when that does not hold it any more. Its
// error is ErrNoLetter or one of the server.
func (o *Operator) DeadLetter(ctx context.Context, number uint64) (DeadLetter, []byte, error) {
	stream, err := o.js.Stream(ctx, StreamDead)
	if err != nil {
		return DeadLetter{}, nil, fmt.Errorf("stream %s: %w", StreamDead, err)
	}
	m, err := stream.GetMsg(ctx, number)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return DeadLetter{}, nil, ErrNoLetter
	}
	if err != nil {
		return DeadLetter{}, nil, fmt.Errorf("stream %s: %w", StreamDead, err)
	}
	l := letterOf(m.Sequence, m.Time, m.Header, len(m.Data))
	if !l.LeftOut {
		return l, m.Data, nil
	}
	data, err := o.inbound(ctx, l.from())
	if errors.Is(err, ErrNoPayload) {
		return l, nil, nil
	}
	return l, data, err
}

// inbound reads an input from the stream FHIR, if that still is the stream that it came on.
func (o *Operator) inbound(ctx context.Context, id inputID) ([]byte, error) {
	stream, err := o.js.Stream(ctx, StreamFHIR)
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", StreamFHIR, err)
	}
	if stream.CachedInfo().Created.UnixNano() != id.epoch || id.sequence == 0 {
		return nil, ErrNoPayload
	}
	m, err := stream.GetMsg(ctx, id.sequence)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, ErrNoPayload
	}
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", StreamFHIR, err)
	}
	return m.Data, nil
}

// DeadSelection says which dead letters are meant.
type DeadSelection struct {
	Numbers []uint64
	Reason  string // all of this reason
	All     bool
	// Rejected: All leaves out letters that tell of an input which counted, but for parts.
	Rejected bool
}

func (s *DeadSelection) has(l *DeadLetter) bool {
	return s.All && !(s.Rejected && l.PartlyRead()) || s.Reason != "" && l.Reason == s.Reason || slices.Contains(s.Numbers, l.Number)
}

// Select reads the dead letters that are meant, oldest first, and the numbers that no letter has. With siblings it also takes the other
// rejections of the same inputs.
func (o *Operator) Select(ctx context.Context, s DeadSelection, siblings bool) (found []DeadLetter, missing []uint64, err error) {
	inputs := map[inputID]struct{}{}
	var rest []DeadLetter
	missing = slices.Clone(s.Numbers)
	err = o.DeadLetters(ctx, "", func(l DeadLetter) error {
		switch {
		case s.has(&l):
			found = append(found, l)
			inputs[l.from()] = struct{}{}
			missing = slices.DeleteFunc(missing, func(n uint64) bool { return n == l.Number })
		case siblings && l.Input > 0:
			rest = append(rest, l)
		}
		return nil
	})
	for _, l := range rest {
		if _, ok := inputs[l.from()]; ok {
			found = append(found, l)
		}
	}
	slices.SortFunc(found, func(a, b DeadLetter) int { return int(int64(a.Number - b.Number)) })
	return found, missing, err
}

// Drop removes a dead letter for good. One that is gone already is no error.
func (o *Operator) Drop(ctx context.Context, number uint64) error {
	stream, err := o.js.Stream(ctx, StreamDead)
	if err != nil {
		return fmt.Errorf("stream %s: %w", StreamDead, err)
	}
	err = stream.SecureDeleteMsg(ctx, number)
	if err != nil && !isNoMessage(err) {
		return fmt.Errorf("removing dead letter %d: %w", number, err)
	}
	return nil
}

// isNoMessage tells whether a deletion found nothing to delete.
func isNoMessage(err error) bool {
	gone := func(text string) bool { return strings.Contains(err.Error(), text) } // the server has one code for all reasons
	return errors.Is(err, jetstream.ErrMsgNotFound) || errors.Is(err, jetstream.ErrMsgDeleteUnsuccessful) && (gone("no message found") || gone("deleted message"))
}
