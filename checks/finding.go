package checks

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"

	"github.com/rlsguard/rlsguard/checks/facts"
)

// Severity of a finding, in FHIR's words.
type Severity uint8

// Severities, lowest first. None means no finding.
const (
	None Severity = iota
	Low
	Moderate
	High
)

func (s Severity) String() string { return [...]string{"", "low", "moderate", "high"}[s] }

// ParseSeverity reads "low", "moderate" or "high".
func ParseSeverity(s string) (Severity, error) {
	for _, v := range []Severity{Low, Moderate, High} {
		if v.String() == s {
			return v, nil
		}
	}
	return None, fmt.Errorf("severity %q is not one of low, moderate, high", s)
}

// RLSStatus is the strength of the evidence for restless legs syndrome; higher is stronger.
type RLSStatus uint8

// RLS statuses.
const (
	RLSNone RLSStatus = iota
	RLSPossible
	RLSRemission
	RLSConfirmed
)

func (r RLSStatus) String() string {
	return [...]string{"none", "possible", "remission", "confirmed"}[r]
}

// ParseRLSStatus reads what String writes; "" is RLSNone.
func ParseRLSStatus(s string) (RLSStatus, error) {
	for r := RLSNone; r <= RLSConfirmed; r++ {
		if r.String() == s || s == "" && r == RLSNone {
			return r, nil
		}
	}
	return RLSNone, fmt.Errorf("RLS status %q is not one of none, possible, remission, confirmed", s)
}

// Citation is the source of a rule, with the strength its authors give it and the state of our own
// review.
type Citation struct {
	Source   string `json:"source"`
	DOI      string `json:"doi,omitempty"`
	Strength string `json:"strength,omitempty"`
	Review   string `json:"review"`
}

// Finding is something Evaluate wants flagged, identified by patient, check and ingredient.
type Finding struct {
	Check        string
	Ingredient   string // "" for iron, duplicate and unclassified findings
	Patient      facts.Ref
	Severity     Severity
	RLS          RLSStatus
	Implicated   []facts.Ref // every order behind it, sorted
	Evidence     []facts.Ref // conditions and results it rests on, sorted
	Basis        string
	Summary      string
	Action       string
	Alternatives []string
	// Orders describe what Implicated refers to, as far as it was sent.
	Orders []OrderWords
	// Counsel is the advice shared by all flags of a patient.
	Counsel   []string
	Citations []Citation

	// Audience is ForPatients if the texts are in plain words; "" if they are for professionals.
	Audience string
}

// FlagID identifies the flag of a finding permanently: the same patient, check and ingredient give
// the same id on every machine with the site's key. It is a version 8 UUID (RFC 9562) made from
// HMAC-SHA-256(key, patient|check|ingredient).
func FlagID(key []byte, patient facts.Ref, check, ingredient string) string {
	h := hmac.New(sha256.New, key)
	fmt.Fprintf(h, "%s|%s|%s", patient, check, ingredient)
	b := h.Sum(nil)[:16]
	b[6] = b[6]&0x0f | 0x80
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
