package consumers

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// How long things stay.
const (
	resolvedTTL = 30 * 24 * time.Hour // a resolved flag, and the last word on the subject of an old severity
	dueTTL      = 30 * 24 * time.Hour // a timer that went off while nobody ran
	erasedTTL   = 30 * 24 * time.Hour // the marker of an erasure
	// deadWindow is how long the server itself recognises a dead letter that is sent again; what is older is looked up.
	deadWindow = 2 * time.Hour
	// DefaultAudit is how long every transition is kept.
	DefaultAudit = 400 * 24 * time.Hour
	// DefaultDead is how long a dead letter is kept.
	DefaultDead = 90 * 24 * time.Hour
)

// ttl is d as the header Nats-TTL wants it.
func ttl(d time.Duration) string { return strconv.FormatInt(int64(d/time.Second), 10) }

// MakeStreams makes the streams that are missing, with so many replicas. One that is there is left as it is, but must be
// able to do what we need; only the copy of flags is made anew where its original is gone.
func MakeStreams(ctx context.Context, js jetstream.JetStream, replicas int) error {
	for _, want := range streamConfigs(max(replicas, 1)) {
		if want.Name == StreamRLS {
			if err := forgetCopy(ctx, js); err != nil {
				return err
			}
		}
		if err := makeStream(ctx, js, want); err != nil {
			return err
		}
	}
	return nil
}

// KeepDead sets how long dead letters are kept, and that they can be stored together. Their stream has to be there.
func KeepDead(ctx context.Context, js jetstream.JetStream, age time.Duration) error {
	s, err := js.Stream(ctx, StreamDead)
	if err != nil {
		return fmt.Errorf("stream %s: %w", StreamDead, err)
	}
	cfg := s.CachedInfo().Config
	if cfg.MaxAge == age && cfg.AllowAtomicPublish {
		return nil
	}
	cfg.MaxAge, cfg.AllowAtomicPublish = age, true
	cfg.Duplicates = min(cfg.Duplicates, age) // the server takes no longer one
	if _, err := js.UpdateStream(ctx, cfg); err != nil {
		return fmt.Errorf("stream %s: %w", StreamDead, err)
	}
	return nil
}

// forgetCopy deletes the copy of flags whose original is gone: it would go on copying only where the old one ended, and show flags that
// nobody can resolve any more.
func forgetCopy(ctx context.Context, js jetstream.JetStream) error {
	if _, err := js.Stream(ctx, StreamRLS); !errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil // whatever else is wrong shows when the stream is made
	}
	if err := js.DeleteStream(ctx, StreamFlags); err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
		return fmt.Errorf("stream %s: %w", StreamFlags, err)
	}
	return nil
}

func makeStream(ctx context.Context, js jetstream.JetStream, want jetstream.StreamConfig) error {
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
	case want.Name == StreamRLS && !have.AllowAtomicPublish:
		return unfitf("stream %s is there but does not allow atomic batches (allow_atomic)", want.Name)
	case want.AllowMsgTTL && !have.AllowMsgTTL:
		return unfitf("stream %s is there but does not allow messages with a time to live (allow_msg_ttl)", want.Name)
	case want.AllowMsgSchedules && !have.AllowMsgSchedules:
		return unfitf("stream %s is there but does not allow scheduled messages (allow_msg_schedules)", want.Name)
	case want.Name == StreamRLS && (have.MaxAge > 0 || have.MaxBytes > 0 || have.MaxMsgs > 0):
		return unfitf("stream %s is there with a limit of age, bytes or messages (max_age, max_bytes, max_msgs): it would throw states away", want.Name)
	case want.MaxMsgsPerSubject == 1 && have.MaxMsgsPerSubject != 1:
		return unfitf("stream %s is there but keeps %d messages a subject instead of 1 (max_msgs_per_subject)", want.Name, have.MaxMsgsPerSubject)
	}
	return nil
}

func unfitf(format string, args ...any) error { return unfit(fmt.Sprintf(format, args...)) }

func streamConfigs(replicas int) []jetstream.StreamConfig {
	// The flags are a copy of what RLS has, and what a crash takes from it is copied again: a sync for each would cost more than all
	// commits together. Replicated streams sync in groups anyway.
	copied := jetstream.DefaultPersistMode
	if replicas == 1 {
		copied = jetstream.AsyncPersistMode
	}
	return []jetstream.StreamConfig{
		{
			Name: StreamFHIR, Description: "FHIR R4 resources and Bundles for rlsguard", Subjects: []string{SubjectInbound + ">"}, Replicas: replicas,
			AllowAtomicPublish: true, // for producers that want it; nothing else relies on it
		},
		{
			Name: StreamRLS, Description: "rlsguard: states, transitions, timers, audit", Replicas: replicas,
			Subjects:          []string{subjectState + ">", "rls.commit.>", subjectAudit + ">", subjectTimer + "*", subjectDue + "*"},
			MaxMsgsPerSubject: 1, AllowAtomicPublish: true, AllowMsgTTL: true, AllowMsgSchedules: true, AllowRollup: true,
			// What core subscribers see is only what was committed; on the batch's own subjects they also see rejected batches.
			RePublish: &jetstream.RePublish{Source: subjectCommitFlags + ">", Destination: SubjectFlags + ">"},
		},
		{
			// It has no subjects of its own: those of the RePublish would come in a second time.
			Name: StreamFlags, Description: "rlsguard: newest transition of each flag", Replicas: replicas,
			MaxMsgsPerSubject: 1, AllowMsgTTL: true, AllowDirect: true, PersistMode: copied,
			Sources: []*jetstream.StreamSource{{Name: StreamRLS, SubjectTransforms: []jetstream.SubjectTransformConfig{
				{Source: subjectCommitFlags + ">", Destination: SubjectFlags + ">"}}}},
		},
		{
			Name: StreamDead, Description: "rlsguard: rejected input", Subjects: []string{SubjectDead + ">"},
			Replicas: replicas, MaxAge: DefaultDead, Duplicates: deadWindow, AllowAtomicPublish: true,
		},
	}
}
