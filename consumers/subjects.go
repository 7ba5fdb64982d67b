package consumers

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"
	"sync"

	"github.com/rlsguard/rlsguard/checks"
)

// Streams and the subjects in them.
const (
	StreamFHIR  = "FHIR"      // what producers write
	StreamRLS   = "RLS"       // states, transitions, timers; ours alone
	StreamFlags = "RLS_FLAGS" // the newest transition of each flag, for dashboards
	StreamDead  = "RLS_DEAD"  // what was rejected, for operators

	Durable    = "rlsguard"     // consumer of FHIR
	DurableDue = "rlsguard-due" // consumer of the timers that went off

	SubjectInbound = "fhir."
	// SubjectAcknowledge is the only one on which an acknowledgement counts, so that silencing is a permission of its own.
	SubjectAcknowledge = "fhir.DetectedIssue"
	SubjectFlags       = "rls.flags."
	SubjectDead        = "rls.dead."

	subjectState       = "rls.state."
	subjectPatient     = "rls.state.patient."
	subjectMedication  = "rls.state.medication."
	subjectGone        = "rls.state.gone."
	subjectSite        = "rls.state.site"
	subjectCommitFlags = "rls.commit.flags."
	subjectAudit       = "rls.audit."
	subjectTimer       = "rls.timer."
	subjectDue         = "rls.due."
)

// token stands for a resource in subjects: a keyed hash, from which nobody without the site key learns the reference.
type token [16]byte

func (t token) String() string { return hex.EncodeToString(t[:]) }

func parseToken(s string) (token, error) {
	var t token
	if len(s) != hex.EncodedLen(len(t)) || strings.ToLower(s) != s {
		return t, fmt.Errorf("token of %d characters is none of ours", len(s))
	}
	if _, err := hex.Decode(t[:], []byte(s)); err != nil {
		return t, fmt.Errorf("token is not hexadecimal: %w", err)
	}
	return t, nil
}

// tokens makes tokens under a site key.
type tokens struct{ pool sync.Pool }

func newTokens(key []byte) *tokens {
	return &tokens{pool: sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}}
}

func (t *tokens) of(ref checks.Ref) token {
	h := t.pool.Get().(hash.Hash)
	defer t.pool.Put(h)
	h.Reset()
	h.Write([]byte("token|"))
	h.Write([]byte(ref))
	var sum [sha256.Size]byte
	var tok token
	copy(tok[:], h.Sum(sum[:0]))
	return tok
}

// flagSubject is where a transition is committed.
func flagSubject(f *checks.Flag) string {
	return subjectCommitFlags + f.Severity.String() + "." + f.Check + "." + f.ID
}

func auditSubject(f *checks.Flag) string { return fmt.Sprintf("%s%s.%d", subjectAudit, f.ID, f.Number) }
