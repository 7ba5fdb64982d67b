package jet

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/layout"
)

// Unfit is a stream with settings that do not let it do what it is for.
type Unfit string

func (u Unfit) Error() string { return string(u) }

// UnfitStreams describes what is wrong with the settings of streams; "" when nothing is.
func UnfitStreams(js jetstream.JetStream, streams map[string]*jetstream.StreamInfo) string {
	var found []string
	for _, want := range streamConfigs(js, 1) {
		if have := streams[want.Name]; have != nil {
			found = append(found, settingsOf(&have.Config, &want)...)
		}
	}
	return strings.Join(found, "; ")
}

// settingsOf names the settings of a stream that would lose messages, keep them out, or hide them.
// An age limit of FHIR, RLS_DEAD, RLS_REJECTED and RLS_AUDIT is the site's own choice.
func settingsOf(have, want *jetstream.StreamConfig) []string {
	var found []string
	add := func(wrong bool, setting, format string, args ...any) {
		if wrong {
			found = append(found, fmt.Sprintf("stream %s: %s %s", have.Name, setting, fmt.Sprintf(format, args...)))
		}
	}
	states, flags := have.Name == layout.StreamRLS, have.Name == layout.StreamFlags
	audit := have.Name == layout.StreamAudit
	ages := audit || have.Name == layout.StreamFHIR || have.Name == layout.StreamDead ||
		have.Name == layout.StreamRejected
	newer := ""
	if ages {
		newer = " or set discard to new"
	}
	throws := states || flags || have.Discard == jetstream.DiscardOld
	add(!ages && have.MaxAge > 0, "max_age", "is %s: what is older is thrown away, remove the limit", have.MaxAge)
	add(throws && have.MaxMsgs > 0, "max_msgs", "is %d: messages are lost, remove it%s", have.MaxMsgs, newer)
	add(throws && have.MaxBytes > 0, "max_bytes", "is %d: messages are lost, remove it%s", have.MaxBytes, newer)
	add(perSubject(have) != perSubject(want), "max_msgs_per_subject",
		"is %d instead of %d", have.MaxMsgsPerSubject, perSubject(want))
	add(
		states && have.MaxMsgSize > 0,
		"max_msg_size",
		"is %d: larger states cannot be stored, remove the limit",
		have.MaxMsgSize,
	)
	add(
		have.DiscardNewPerSubject,
		"discard_new_per_subject",
		"is on: a newer message under the same subject is refused",
	)
	add(have.Retention != jetstream.LimitsPolicy, "retention", "is %s instead of limits", have.Retention)
	add(have.Sealed, "sealed", "is on: nothing can be stored any more, make the stream again from a copy")
	add(have.NoAck && !flags && !audit, "no_ack", "is on: nobody is told what was stored")
	add(have.SubjectTransform != nil, "subject_transform", "is set: messages come under other subjects")
	add(lacks(have.Subjects, want.Subjects), "subjects", "do not hold %s", strings.Join(want.Subjects, ", "))
	add((flags || audit) && len(have.Subjects) > 0, "subjects", "are set: what is live would be stored twice")
	add(want.RePublish != nil && !sameRePublish(have.RePublish, want.RePublish), "republish",
		"does not publish transitions to %s>", layout.SubjectFlags)
	add(flags && !sameSources(have.Sources, want.Sources), "sources", "do not copy the flags of %s", layout.StreamRLS)
	add(audit && !sameSources(have.Sources, want.Sources), "sources", "do not copy the audit of %s", layout.StreamRLS)
	add(have.Mirror != nil, "mirror", "is set: nothing else is stored")
	add(want.AllowDirect && !have.AllowDirect, "allow_direct", "is off: it cannot be read without a consumer")
	add(states && !have.AllowAtomicPublish, "allow_atomic", "is off")
	add(want.AllowMsgTTL && !have.AllowMsgTTL, "allow_msg_ttl", "is off")
	add(want.AllowMsgSchedules && !have.AllowMsgSchedules, "allow_msg_schedules", "is off")
	add(want.AllowRollup && !have.AllowRollup, "allow_rollup_hdrs", "is off")
	add((states || flags || audit) && have.DenyPurge, "deny_purge", "is on: a patient cannot be erased")
	add((states || flags || audit) && have.DenyDelete, "deny_delete", "is on: a patient cannot be erased")
	return found
}

// perSubject is how many messages are kept under a subject; 0 is all.
func perSubject(c *jetstream.StreamConfig) int64 { return max(c.MaxMsgsPerSubject, 0) }

// lacks tells whether a stream does not listen to all that it has to.
func lacks(have, want []string) bool {
	return !slices.ContainsFunc(have, func(s string) bool { return s == ">" }) &&
		slices.ContainsFunc(want, func(w string) bool {
			return !slices.ContainsFunc(have, func(h string) bool { return h == w || covers(h, w) })
		})
}

// covers tells whether a subject ending in > takes in another.
func covers(wide, narrow string) bool {
	stem, all := strings.CutSuffix(wide, ">")
	return all && strings.HasPrefix(narrow, stem)
}

func sameRePublish(have, want *jetstream.RePublish) bool {
	return have != nil && have.Source == want.Source && have.Destination == want.Destination && !have.HeadersOnly
}

// sameSources compares what is copied. What CopyAuditAgain adds matches nothing.
func sameSources(have, want []*jetstream.StreamSource) bool {
	if len(have) != 1 || len(want) != 1 {
		return len(have) == len(want)
	}
	is := slices.DeleteFunc(slices.Clone(have[0].SubjectTransforms), func(t jetstream.SubjectTransformConfig) bool {
		return strings.HasPrefix(t.Source, copiedAgain)
	})
	return have[0].Name == want[0].Name && have[0].FilterSubject == "" &&
		slices.Equal(is, want[0].SubjectTransforms) && sameExternal(have[0].External, want[0].External)
}

func sameExternal(have, want *jetstream.ExternalStream) bool {
	if have == nil || want == nil {
		return have == want
	}
	return *have == *want
}
