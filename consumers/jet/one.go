package jet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// codeMaxConsumers is the server's error where a stream or an account has all consumers it may.
const codeMaxConsumers = 10026

// full tells that there is no consumer left: somebody else has taken all.
func full(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && api.ErrorCode == codeMaxConsumers
}

// eachByOne is Each without a consumer, message by message: slower, and nobody can take it away.
func eachByOne(
	ctx context.Context,
	js jetstream.JetStream,
	stream string,
	cfg jetstream.OrderedConsumerConfig,
	do func(jetstream.Msg, *jetstream.MsgMetadata) error,
) error {
	s, err := js.Stream(ctx, stream)
	if err != nil {
		return fmt.Errorf("stream %s: %w", stream, err)
	}
	subject := ">"
	if len(cfg.FilterSubjects) == 1 {
		subject = cfg.FilterSubjects[0]
	}
	for seq := max(s.CachedInfo().State.FirstSeq, cfg.OptStartSeq, 1); ctx.Err() == nil; {
		raw, err := s.GetMsg(ctx, seq, jetstream.WithGetMsgSubject(subject))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("stream %s: %w", stream, err)
		}
		seq = raw.Sequence + 1
		if !wanted(raw, &cfg) {
			continue
		}
		m := &single{raw: raw, headersOnly: cfg.HeadersOnly}
		if err := do(m, m.metadata()); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// wanted tells whether a consumer of cfg would be given a message.
func wanted(m *jetstream.RawStreamMsg, cfg *jetstream.OrderedConsumerConfig) bool {
	if cfg.DeliverPolicy == jetstream.DeliverByStartTimePolicy && cfg.OptStartTime != nil &&
		m.Time.Before(*cfg.OptStartTime) {
		return false
	}
	return len(cfg.FilterSubjects) == 0 || slices.ContainsFunc(cfg.FilterSubjects, func(filter string) bool {
		return matches(m.Subject, filter)
	})
}

// matches tells whether a subject is one of those that a filter with wildcards stands for.
func matches(subject, filter string) bool {
	have, want := strings.Split(subject, "."), strings.Split(filter, ".")
	for i, w := range want {
		switch {
		case i >= len(have):
			return false
		case w == ">":
			return true
		case w != "*" && w != have[i]:
			return false
		}
	}
	return len(have) == len(want)
}

// single is a message that was read by itself, and so cannot be acknowledged.
type single struct {
	jetstream.Msg
	raw         *jetstream.RawStreamMsg
	headersOnly bool
}

func (m *single) Subject() string { return m.raw.Subject }

func (m *single) Data() []byte {
	if m.headersOnly {
		return nil
	}
	return m.raw.Data
}

// Headers are those of the message, with its size where a consumer would leave the payload out.
func (m *single) Headers() nats.Header {
	if !m.headersOnly {
		return m.raw.Header
	}
	h := nats.Header{"Nats-Msg-Size": {strconv.Itoa(len(m.raw.Data))}}
	for name, values := range m.raw.Header {
		h[name] = values
	}
	return h
}

func (m *single) Metadata() (*jetstream.MsgMetadata, error) { return m.metadata(), nil }

func (m *single) metadata() *jetstream.MsgMetadata {
	return &jetstream.MsgMetadata{
		Sequence:  jetstream.SequencePair{Stream: m.raw.Sequence},
		Timestamp: m.raw.Time.In(time.UTC),
	}
}
