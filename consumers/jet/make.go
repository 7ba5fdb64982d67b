package jet

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/layout"
)

// MakeStreams makes the streams that are missing, with so many replicas. One that is there is left
// as it is, but must be able to do what we need; only the copy of flags is made anew where its
// original is gone. MakeStream makes a stream that is not there.
func MakeStreams(ctx context.Context, js jetstream.JetStream, replicas int) error {
	for _, want := range streamConfigs(js, replicas) {
		if want.Name == layout.StreamRLS {
			if err := forgetCopy(ctx, js); err != nil {
				return err
			}
		}
		if err := MakeStream(ctx, js, want); err != nil {
			return err
		}
	}
	return nil
}

// MakeFeedback makes the stream of feedback on cards when it is missing; what is in it stays for
// keep.
func MakeFeedback(ctx context.Context, js jetstream.JetStream, replicas int, keep time.Duration) error {
	return MakeStream(ctx, js, layout.FeedbackConfig(max(replicas, 1), keep))
}

// Creations tells of each of our streams that is there when it was made.
func Creations(ctx context.Context, js jetstream.JetStream) (map[string]time.Time, error) {
	made := map[string]time.Time{}
	for _, want := range append(layout.StreamConfigs(1), layout.FeedbackConfig(1, 0)) {
		s, err := js.Stream(ctx, want.Name)
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("stream %s: %w", want.Name, err)
		}
		made[want.Name] = s.CachedInfo().Created
	}
	return made, nil
}

// streamConfigs are the streams as they are made with js: where it reaches another account, those
// that are there too.
func streamConfigs(js jetstream.JetStream, replicas int) []jetstream.StreamConfig {
	all := layout.StreamConfigs(max(replicas, 1))
	if DomainOf(js).Prefix != "" {
		for i := range all {
			all[i] = layout.InAccounts(all[i])
		}
	}
	return all
}

// KeepDead sets how long dead letters are kept, and that they can be stored together. Their stream
// has to be there.
func KeepDead(ctx context.Context, js jetstream.JetStream, age time.Duration) error {
	s, err := js.Stream(ctx, layout.StreamDead)
	if err != nil {
		return fmt.Errorf("stream %s: %w", layout.StreamDead, err)
	}
	cfg := s.CachedInfo().Config
	if cfg.MaxAge == age && cfg.AllowAtomicPublish {
		return nil
	}
	cfg.MaxAge, cfg.AllowAtomicPublish = age, true
	cfg.Duplicates = min(cfg.Duplicates, age) // the server takes no longer one
	if _, err := js.UpdateStream(ctx, cfg); err != nil {
		return fmt.Errorf("stream %s: %w", layout.StreamDead, err)
	}
	return nil
}

// KeepAudit sets how long transitions are kept for audit. Their stream has to be there.
func KeepAudit(ctx context.Context, js jetstream.JetStream, age time.Duration) error {
	return keep(ctx, js, layout.StreamAudit, age)
}

// KeepFeedback sets how long feedback on cards is kept. Its stream has to be there.
func KeepFeedback(ctx context.Context, js jetstream.JetStream, age time.Duration) error {
	return keep(ctx, js, layout.StreamFeedback, age)
}

func keep(ctx context.Context, js jetstream.JetStream, stream string, age time.Duration) error {
	s, err := js.Stream(ctx, stream)
	if err != nil {
		return fmt.Errorf("stream %s: %w", stream, err)
	}
	cfg := s.CachedInfo().Config
	if cfg.MaxAge == age {
		return nil
	}
	cfg.MaxAge = age
	if _, err := js.UpdateStream(ctx, cfg); err != nil {
		return fmt.Errorf("stream %s: %w", stream, err)
	}
	return nil
}

// forgetCopy deletes the copy of flags whose original is gone: it would go on copying only where
// the old one ended, and show flags that nobody can resolve any more.
func forgetCopy(ctx context.Context, js jetstream.JetStream) error {
	if _, err := js.Stream(ctx, layout.StreamRLS); !errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil // whatever else is wrong shows when the stream is made
	}
	if err := js.DeleteStream(ctx, layout.StreamFlags); err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
		return fmt.Errorf("stream %s: %w", layout.StreamFlags, err)
	}
	return nil
}

func MakeStream(ctx context.Context, js jetstream.JetStream, want jetstream.StreamConfig) error {
	s, err := js.Stream(ctx, want.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		s, err = js.CreateStream(ctx, want)
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) { // another instance was faster
			s, err = js.Stream(ctx, want.Name)
		}
		if err != nil { // whoever may not make it does not even get an answer
			err = fmt.Errorf("%w, and cannot be made: %w", jetstream.ErrStreamNotFound, err)
		}
	}
	if err != nil {
		return fmt.Errorf("stream %s: %w", want.Name, err)
	}
	have := s.CachedInfo().Config
	switch {
	case want.Name == layout.StreamRLS && !have.AllowAtomicPublish:
		return unfitf("stream %s is there but does not allow atomic batches (allow_atomic)", want.Name)
	case want.AllowMsgTTL && !have.AllowMsgTTL:
		return unfitf("stream %s is there but does not allow messages with a time to live (allow_msg_ttl)", want.Name)
	case want.AllowMsgSchedules && !have.AllowMsgSchedules:
		return unfitf("stream %s is there but does not allow scheduled messages (allow_msg_schedules)", want.Name)
	case want.Name == layout.StreamRLS && (have.MaxAge > 0 || have.MaxBytes > 0 || have.MaxMsgs > 0):
		return unfitf(
			"stream %s is there with a limit of age, bytes or messages (max_age, max_bytes, max_msgs): it would "+
				"throw states away",
			want.Name,
		)
	case want.Name == layout.StreamFlags && !sameSources(have.Sources, want.Sources):
		return unfitf(
			"stream %s is there but does not copy the flags of %s where it is now: delete it, and run rlsguard setup",
			want.Name,
			layout.StreamRLS,
		)
	case want.Name == layout.StreamAudit && !sameSources(have.Sources, want.Sources):
		return unfitf("stream %s is there but does not copy the audit of %s", want.Name, layout.StreamRLS)
	case want.MaxMsgsPerSubject == 1 && have.MaxMsgsPerSubject != 1:
		return unfitf(
			"stream %s is there but keeps %d messages a subject instead of 1 (max_msgs_per_subject)",
			want.Name,
			have.MaxMsgsPerSubject,
		)
	}
	return nil
}

func unfitf(format string, args ...any) error { return Unfit(fmt.Sprintf(format, args...)) }

// RequestTimeout is short: while a leader is elected a long one only adds to the gap.
const RequestTimeout = 2 * time.Second

// ErrReplaced: a stream was deleted, and perhaps made again, under us. What is in memory is not
// what is stored.
var ErrReplaced = errors.New("a stream was deleted or recreated")

// LookEvery is how often streams and consumers are looked at. Tests have less patience.
var LookEvery = time.Second
