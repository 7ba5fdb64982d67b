package consumers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/health"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// A durable consumer that somebody changed is made again. That loses nothing: what was decided and
// comes again changes nothing, and what a filter passed by comes now. More often than mendsAMinute
// it is refused instead: then two disagree about it.
const mendsAMinute = 5

// inboundConfig is that of the consumer of inputs, from where they were decided up to; from the
// start where that is not known.
func (s *session) inboundConfig() jetstream.ConsumerConfig {
	cfg := durable(layout.Durable, s.cfg.Batch)
	if from, known := s.inputs.accountedUpTo(); known && from > 0 {
		cfg.DeliverPolicy, cfg.OptStartSeq = jetstream.DeliverByStartSequencePolicy, from+1
	}
	return cfg
}

func (s *session) duesConfig() jetstream.ConsumerConfig {
	cfg := durable(layout.DurableDue, s.cfg.Batch)
	cfg.FilterSubject = layout.SubjectDue + "*"
	return cfg
}

// consumer opens a durable, which is made where it is missing, and made again where it was changed.
func (s *session) consumer(
	ctx context.Context,
	stream string,
	cfg jetstream.ConsumerConfig,
) (jetstream.Consumer, error) {
	cons, err := s.js.Consumer(ctx, stream, cfg.Durable)
	switch {
	case errors.Is(err, jetstream.ErrConsumerNotFound):
		return s.makeConsumer(ctx, stream, cfg)
	case errors.Is(err, jetstream.ErrNotPullConsumer):
		err = s.mend(ctx, stream, cfg, []string{"deliver_subject"})
	case err != nil:
		return nil, err
	default:
		err = s.mend(ctx, stream, cfg, changedSettings(cons.CachedInfo(), cfg))
	}
	if err != nil {
		return nil, err
	}
	return s.js.Consumer(ctx, stream, cfg.Durable)
}

func (s *session) makeConsumer(
	ctx context.Context,
	stream string,
	cfg jetstream.ConsumerConfig,
) (jetstream.Consumer, error) {
	cons, err := s.js.CreateConsumer(ctx, stream, cfg)
	if errors.Is(err, jetstream.ErrConsumerExists) { // another instance was faster
		return s.js.Consumer(ctx, stream, cfg.Durable)
	}
	return cons, err
}

// remake deletes a durable and makes it as it should be.
func (s *session) remake(ctx context.Context, stream string, cfg jetstream.ConsumerConfig) error {
	if err := s.js.DeleteConsumer(ctx, stream, cfg.Durable); err != nil &&
		!errors.Is(err, jetstream.ErrConsumerNotFound) {
		return fmt.Errorf("consumer %s: %w", cfg.Durable, err)
	}
	if _, err := s.makeConsumer(ctx, stream, cfg); err != nil {
		return fmt.Errorf("consumer %s: %w", cfg.Durable, err)
	}
	return nil
}

// errChanged: a durable consumer is not as it was made, and cannot be made again.
var errChanged = errors.New("changed")

// mend makes a durable again some settings of which were changed.
func (s *session) mend(ctx context.Context, stream string, cfg jetstream.ConsumerConfig, changed []string) error {
	if len(changed) == 0 {
		return nil
	}
	what := fmt.Sprintf("consumer %s of stream %s was changed: %s", cfg.Durable, stream, strings.Join(changed, ", "))
	now := time.Now()
	s.mending.Lock()
	defer s.mending.Unlock()
	s.mended = slices.DeleteFunc(s.mended, func(at time.Time) bool { return now.Sub(at) > time.Minute })
	err := errors.New("it was restored several times in a minute, and is still being changed")
	if len(s.mended) < mendsAMinute {
		s.mended = append(s.mended, now)
		err = s.remake(ctx, stream, cfg)
	}
	if err != nil {
		return fmt.Errorf("%w: %s: %w", errChanged, what, err)
	}
	s.log.Warn().Str("consumer", cfg.Durable).Strs("settings", changed).Uint64("from", max(cfg.OptStartSeq, 1)).
		Msg("a consumer was changed: it is restored, and reads again what it may have missed")
	return nil
}

// watchDurables mends both durables; the error names what cannot be.
func (s *session) watchDurables(ctx context.Context) (*jetstream.ConsumerInfo, error) {
	var inbound *jetstream.ConsumerInfo
	var refused []string
	for _, d := range []struct {
		stream string
		cfg    jetstream.ConsumerConfig
	}{{layout.StreamFHIR, s.inboundConfig()}, {layout.StreamRLS, s.duesConfig()}} {
		if d.stream == layout.StreamRLS && !s.cfg.AsOf.IsZero() {
			continue // there are no timers
		}
		cons, err := s.js.Consumer(ctx, d.stream, d.cfg.Durable)
		if err == nil && len(changedSettings(cons.CachedInfo(), d.cfg)) > 0 ||
			errors.Is(err, jetstream.ErrNotPullConsumer) {
			cons, err = s.consumer(ctx, d.stream, d.cfg)
		}
		switch {
		case errors.Is(err, errChanged):
			refused = append(refused, err.Error())
		case errors.Is(err, jetstream.ErrConsumerNotFound): // whoever reads from it makes it again
		case err != nil:
			return nil, fmt.Errorf("consumer %s: %w", d.cfg.Durable, err)
		case d.stream == layout.StreamFHIR:
			inbound = cons.CachedInfo()
		}
	}
	s.trouble(health.ChangedConsumer, strings.Join(refused, "; "))
	return inbound, nil
}

// changedSettings names the settings of a durable that would pass messages by, hold them back, or
// forget where it was.
func changedSettings(have *jetstream.ConsumerInfo, want jetstream.ConsumerConfig) []string {
	c := &have.Config
	filters := c.FilterSubjects
	if c.FilterSubject != "" {
		filters = append(slices.Clone(filters), c.FilterSubject)
	}
	all := want.FilterSubject
	if all == "" {
		all = layout.SubjectInbound + ">"
	}
	wide := len(filters) == 1 && (filters[0] == all || filters[0] == ">") || len(filters) == 0
	var changed []string
	for _, s := range []struct {
		name string
		is   bool
	}{
		{"filter_subject", !wide || want.FilterSubject != "" && (len(filters) == 0 || filters[0] != all)},
		{"deliver_policy", c.DeliverPolicy != jetstream.DeliverAllPolicy &&
			c.DeliverPolicy != jetstream.DeliverByStartSequencePolicy},
		{"ack_policy", c.AckPolicy != jetstream.AckExplicitPolicy},
		{"ack_wait", c.AckWait != want.AckWait},
		{"backoff", len(c.BackOff) > 0},
		{"max_deliver", c.MaxDeliver > 0},
		{"max_ack_pending", c.MaxAckPending > 0 && c.MaxAckPending < want.MaxAckPending/8},
		{"max_waiting", c.MaxWaiting > 0 && c.MaxWaiting < leastWaiting},
		{"max_batch", c.MaxRequestBatch > 0},
		{"max_expires", c.MaxRequestExpires > 0},
		{"max_bytes", c.MaxRequestMaxBytes > 0},
		{"replay_policy", c.ReplayPolicy != jetstream.ReplayInstantPolicy},
		{"rate_limit_bps", c.RateLimit > 0},
		{"headers_only", c.HeadersOnly},
		{"inactive_threshold", c.InactiveThreshold > 0},
		{"mem_storage", c.MemoryStorage},
		{"pause_until", have.Paused},
		{"priority_policy", c.PriorityPolicy != want.PriorityPolicy},
		{"priority_groups", !slices.Equal(c.PriorityGroups, want.PriorityGroups)},
		{"priority_timeout", c.PinnedTTL != want.PinnedTTL},
	} {
		if s.is {
			changed = append(changed, s.name)
		}
	}
	return changed
}

// leastWaiting is how many pull requests a durable has to keep: several instances ask, each more
// than once.
const leastWaiting = 16

// whole refuses a message that came without its payload: what the stream has is decided, not that.
func (s *session) whole(ctx context.Context, m jetstream.Msg) error {
	if len(m.Data()) > 0 || m.Headers().Get("Nats-Msg-Size") == "" {
		return nil
	}
	stream, err := s.js.Stream(ctx, layout.StreamFHIR)
	if err != nil {
		return fmt.Errorf("stream %s: %w", layout.StreamFHIR, err)
	}
	stored, err := stream.GetMsg(ctx, sequenceOf(m))
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
	case err != nil:
		return fmt.Errorf("stream %s: %w", layout.StreamFHIR, err)
	case len(stored.Data) == 0: // the producer's own header
		return nil
	}
	return fmt.Errorf("consumer %s: %w: headers_only", layout.Durable, errChanged)
}
