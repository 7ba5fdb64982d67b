package layout

import (
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Retention.
const (
	// ShownFor is how long a resolved flag, and the last word on the subject of an old severity, is
	// shown.
	ShownFor  = 30 * 24 * time.Hour
	dueTTL    = 30 * 24 * time.Hour // a timer that fired while no instance was running
	erasedTTL = 30 * 24 * time.Hour // the marker of an erasure
	// DeadWindow is how long the server itself recognises a repeated dead letter; older ones are
	// looked up.
	DeadWindow = 2 * time.Hour
	// DefaultAudit is how long every transition is kept.
	DefaultAudit = 400 * 24 * time.Hour
	// DefaultDead is how long a dead letter is kept.
	DefaultDead = 90 * 24 * time.Hour
	// rejectedAge is how long producers can learn what was rejected.
	rejectedAge = 30 * 24 * time.Hour
)

// TTL is d in the form of the header Nats-TTL.
func TTL(d time.Duration) string { return strconv.FormatInt(int64(d/time.Second), 10) }

// StreamConfigs are the settings of all streams, in the order of creation.
func StreamConfigs(replicas int) []jetstream.StreamConfig {
	// The flags are a copy of RLS, and a crash only costs copying again: a sync for each would cost
	// more than all commits together. Replicated streams sync in groups anyway.
	copied := jetstream.DefaultPersistMode
	if replicas == 1 {
		copied = jetstream.AsyncPersistMode
	}
	return []jetstream.StreamConfig{
		{
			Name: StreamFHIR, Description: "FHIR R4 resources and Bundles for rlsguard",
			Subjects: []string{SubjectInbound + ">"}, Replicas: replicas,
			AllowAtomicPublish: true, // for producers that want it; nothing else relies on it
		},
		{
			Name: StreamRLS, Description: "rlsguard: states, transitions, timers", Replicas: replicas,
			Subjects: []string{
				SubjectState + ">",
				"rls.commit.>",
				SubjectAudit + ">",
				SubjectTimer + "*",
				SubjectDue + "*",
			},
			MaxMsgsPerSubject: 1, AllowAtomicPublish: true, AllowMsgTTL: true, AllowMsgSchedules: true,
			AllowRollup: true,
			// Core subscribers see only what was committed; on the batch's own subjects they also
			// see rejected batches.
			RePublish: &jetstream.RePublish{Source: SubjectCommitFlags + ">", Destination: SubjectFlags + ">"},
		},
		{
			// It has no subjects of its own: those of the RePublish would come in a second time.
			Name: StreamFlags, Description: "rlsguard: newest transition of each flag", Replicas: replicas,
			MaxMsgsPerSubject: 1, AllowMsgTTL: true, AllowDirect: true, PersistMode: copied,
			Sources: []*jetstream.StreamSource{{Name: StreamRLS, SubjectTransforms: []jetstream.SubjectTransformConfig{
				{Source: SubjectCommitFlags + ">", Destination: SubjectFlags + ">"}}}},
		},
		{
			// It syncs what it writes: what it holds leaves RLS.
			Name: StreamAudit, Description: "rlsguard: every transition", Replicas: replicas, MaxAge: DefaultAudit,
			Sources: []*jetstream.StreamSource{{Name: StreamRLS, SubjectTransforms: []jetstream.SubjectTransformConfig{
				{Source: SubjectAudit + "*.*", Destination: SubjectAudit + "{{wildcard(1)}}"}}}},
		},
		{
			Name: StreamDead, Description: "rlsguard: rejected input", Subjects: []string{SubjectDead + ">"},
			Replicas: replicas, MaxAge: DefaultDead, Duplicates: DeadWindow, AllowAtomicPublish: true,
		},
		{
			Name: StreamRejected, Description: "rlsguard: which input was rejected, without payload",
			Subjects: []string{subjectRejected + ">"},
			Replicas: replicas, MaxAge: rejectedAge, Duplicates: DeadWindow, AllowAtomicPublish: true,
			AllowDirect: true,
		},
	}
}

// FeedbackConfig are the settings of the stream of feedback, which decides nothing: the others do
// without it.
func FeedbackConfig(replicas int, keep time.Duration) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: StreamFeedback, Description: "rlsguard: what users did with cards",
		Subjects: []string{SubjectFeedback + ">"}, Replicas: replicas, MaxAge: keep,
	}
}

// How RLS_FLAGS copies from RLS in another account: the account of RLS offers it one kind of
// consumer under copyAPI, and delivers under copyDelivery.
const (
	copyAPI      = "$JS.CORE.API"
	copyDelivery = "rls-copy"
)

// Limits on consumers that readers of other accounts create on RLS_FLAGS: unused ones expire, or a
// reader could use up all of them for good.
const (
	readerInactive   = 5 * time.Minute
	readerAckPending = 1000
)

// InAccounts is a stream as configured when streams for others have an account of their own.
func InAccounts(c jetstream.StreamConfig) jetstream.StreamConfig {
	if c.Name != StreamFlags {
		return c
	}
	c.ConsumerLimits = jetstream.StreamConsumerLimits{
		InactiveThreshold: readerInactive,
		MaxAckPending:     readerAckPending,
	}
	for i, source := range c.Sources {
		far := *source
		far.External = &jetstream.ExternalStream{APIPrefix: copyAPI, DeliverPrefix: copyDelivery}
		c.Sources[i] = &far
	}
	return c
}
