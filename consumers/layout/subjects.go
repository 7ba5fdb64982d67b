package layout

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"regexp"
	"strings"
	"sync"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
)

// Streams and the subjects in them.
const (
	StreamFHIR  = "FHIR"      // what producers write
	StreamRLS   = "RLS"       // states, transitions, timers; private to rlsguard
	StreamAudit = "RLS_AUDIT" // every transition, copied from RLS; private to rlsguard
	StreamFlags = "RLS_FLAGS" // the newest transition of each flag, for dashboards
	StreamDead  = "RLS_DEAD"  // what was rejected, for operators
	// StreamRejected tells producers what was rejected, without payload.
	StreamRejected = "RLS_REJECTED"

	Durable    = "rlsguard"     // consumer of FHIR
	DurableDue = "rlsguard-due" // consumer of the timers that fired

	SubjectInbound = "fhir."
	// SubjectAcknowledge is the only subject on which an acknowledgement counts, so that silencing
	// needs its own permission.
	SubjectAcknowledge = "fhir.DetectedIssue"
	SubjectFlags       = "rls.flags."
	SubjectDead        = "rls.dead."
	subjectRejected    = "rls.rejected."

	SubjectState       = "rls.state."
	SubjectPatient     = "rls.state.patient."
	SubjectMedication  = "rls.state.medication."
	SubjectGone        = "rls.state.gone."
	SubjectSite        = "rls.state.site"
	SubjectCommitFlags = "rls.commit.flags."
	SubjectAudit       = "rls.audit."
	SubjectTimer       = "rls.timer."
	SubjectDue         = "rls.due."
)

// Token stands for a resource in subjects: a keyed hash that reveals the reference to nobody
// without the site key.
type Token [16]byte

func (t Token) String() string { return hex.EncodeToString(t[:]) }

// ParseToken reads the last part of a subject.
func ParseToken(s string) (Token, error) {
	var t Token
	if len(s) != hex.EncodedLen(len(t)) || strings.ToLower(s) != s {
		return t, fmt.Errorf("a token of %d characters is not ours", len(s))
	}
	if _, err := hex.Decode(t[:], []byte(s)); err != nil {
		return t, fmt.Errorf("token is not hexadecimal: %w", err)
	}
	return t, nil
}

// Tokens makes tokens under a site key.
type Tokens struct{ pool sync.Pool }

// NewTokens makes tokens with the site key.
func NewTokens(key []byte) *Tokens {
	return &Tokens{pool: sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}}
}

// Of is the token of a patient, or of a resource without one. It is safe for concurrent use.
func (t *Tokens) Of(ref facts.Ref) Token {
	h := t.pool.Get().(hash.Hash)
	defer t.pool.Put(h)
	h.Reset()
	h.Write([]byte("token|"))
	h.Write([]byte(ref))
	var sum [sha256.Size]byte
	var tok Token
	copy(tok[:], h.Sum(sum[:0]))
	return tok
}

// flagSubject is where a transition is committed.
func flagSubject(f *checks.Flag) string {
	return SubjectCommitFlags + f.Severity.String() + "." + f.Check + "." + f.ID
}

// AuditSubject is where a transition is committed for audit. RLS_AUDIT omits the number, since a
// server remembers every subject.
func AuditSubject(flag string, number uint64) string {
	return fmt.Sprintf("%s%s.%d", SubjectAudit, flag, number)
}

// StreamFeedback is where package cdshooks keeps what users did with cards; it names flags.
const StreamFeedback = "RLS_FEEDBACK"

// SubjectFeedback is where feedback is published, with outcome and check after it.
const SubjectFeedback = "rls.feedback."

// FlagID is the form of flag ids; only these become part of a subject.
var FlagID = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// FlagIDPart is how the beginning of such an id looks, by which people name a flag, up to all of it.
var FlagIDPart = regexp.MustCompile(`^[0-9a-f]{4}[0-9a-f-]{0,32}$`)

// SubjectInputs is the record of which inputs were decided. The floor of the durable consumer does
// not tell: it also moves past filtered messages, and past those that left the stream.
const SubjectInputs = "rls.commit.inputs"
