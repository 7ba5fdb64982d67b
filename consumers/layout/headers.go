package layout

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/fhir/issue"
)

// Headers of a flag and of a dead letter.
const (
	HeaderTransition = "Rls-Transition"
	HeaderNumber     = "Rls-Number"
	HeaderReason     = "Rls-Reason"
	headerRuleset    = "Rls-Ruleset"

	HeaderDetail   = "Rls-Detail"
	HeaderPointer  = "Rls-Pointer"
	HeaderSequence = "Rls-Stream-Sequence"
	HeaderEpoch    = "Rls-Stream-Created"
	HeaderTime     = "Rls-Time"
	HeaderLeftOut  = "Rls-Payload" // "left-out" when the payload did not fit
	HeaderSubject  = "Rls-Subject" // of the input, if it was the one for acknowledgements

	HeaderTTL       = "Nats-TTL"
	HeaderExpect    = "Nats-Expected-Last-Subject-Sequence"
	HeaderBatch     = "Nats-Batch-Id"
	HeaderBatchSeq  = "Nats-Batch-Sequence"
	HeaderCommit    = "Nats-Batch-Commit"
	headerSchedule  = "Nats-Schedule"
	headerTarget    = "Nats-Schedule-Target"
	headerTimerTTL  = "Nats-Schedule-TTL"
	cloudEventsType = "io.github.rlsguard.flag."
)

// FlagMessages are a transition as dashboards get it and as the audit keeps it. Header values are
// enums, hashes, UUIDs and times: nothing from a payload. What is kept for audit has no time to
// live: a server remembers the time of each message that has one, even after it was purged.
func FlagMessages(f *checks.Flag) ([]*nats.Msg, error) {
	body, err := issue.Marshal(*f)
	if err != nil {
		return nil, fmt.Errorf("flag %s: %w", f.ID, err)
	}
	shown := &nats.Msg{Subject: flagSubject(f), Data: body, Header: flagHeaders(f)}
	if f.State == checks.Resolved || f.Change == checks.ChangeMoved {
		shown.Header[HeaderTTL] = []string{TTL(ShownFor)}
	}
	kept := &nats.Msg{Subject: AuditSubject(f.ID, f.Number), Data: body, Header: flagHeaders(f)}
	return []*nats.Msg{shown, kept}, nil
}

func flagHeaders(f *checks.Flag) nats.Header {
	number := strconv.FormatUint(f.Number, 10)
	h := nats.Header{
		HeaderTransition: {string(f.Change)}, HeaderNumber: {number}, headerRuleset: {f.Ruleset},
		// CloudEvents, NATS protocol binding 1.0.3-wip, binary mode.
		"ce-specversion": {
			"1.0",
		}, "ce-id": {f.ID + "." + number}, "ce-source": {"urn:rlsguard"},
		"ce-type": {cloudEventsType + string(f.Change)},
		"ce-time": {f.AsOf.UTC().Format(time.RFC3339Nano)}, "ce-datacontenttype": {"application/fhir+json"},
	}
	if f.Reason != "" {
		h[HeaderReason] = []string{string(f.Reason)}
	}
	return h
}

// FlagOf reads the payload of a transition.
func FlagOf(data []byte) (checks.Flag, error) { return issue.Unmarshal(data) }

// ShownAgain is a transition as dashboards get it, made from its audit entry, which was stored at
// since. One that ends its flag is shown for what is left of ShownFor.
func ShownAgain(f *checks.Flag, h nats.Header, data []byte, since time.Time) *nats.Msg {
	m := &nats.Msg{Subject: flagSubject(f), Data: data, Header: Lasting(h, time.Now())}
	if delete(m.Header, HeaderTTL); f.State == checks.Resolved || f.Change == checks.ChangeMoved {
		m.Header[HeaderTTL] = []string{TTL(max(ShownFor-time.Since(since), time.Second))}
	}
	return m
}

// NumberOf is the number of a transition; 0 if its headers have none.
func NumberOf(h nats.Header) uint64 {
	n, err := strconv.ParseUint(h.Get(HeaderNumber), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// TimerMessage has the server announce at a time that a patient must be re-evaluated. A moment in
// the past would fire at once, and again after every rewrite, so it is moved slightly ahead.
func TimerMessage(tok Token, at, now time.Time) *nats.Msg {
	if soonest := now.Add(2 * time.Second); at.Before(soonest) {
		at = soonest
	}
	at = at.UTC().Add(time.Second - 1).Truncate(time.Second)
	return &nats.Msg{Subject: SubjectTimer + tok.String(), Header: nats.Header{
		headerSchedule: {
			"@at " + at.Format(time.RFC3339),
		}, headerTarget: {SubjectDue + tok.String()}, headerTimerTTL: {TTL(dueTTL)},
	}}
}

// formerBy named the process that wrote a state, which no reader needs.
const formerBy = "Rls-By"

// Lasting are the headers a message keeps when it moves, with its remaining time.
func Lasting(h nats.Header, since time.Time) nats.Header {
	kept := nats.Header{}
	for name := range h {
		if name != formerBy && name != HeaderErased && name != HeaderSignature &&
			(strings.HasPrefix(name, "Rls-") || strings.HasPrefix(name, "ce-")) {
			kept.Set(name, h.Get(name))
		}
	}
	if s, err := strconv.ParseInt(h.Get(HeaderTTL), 10, 64); err == nil {
		kept.Set(HeaderTTL, TTL(max(time.Duration(s)*time.Second-time.Since(since), time.Second)))
	}
	return kept
}
