package layout

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
)

// Errors no retry can fix: Serve ends with them.
var (
	ErrOtherKey    = errors.New("the stored states were made with another site key")
	ErrNewerFormat = errors.New("the stored states were written by a newer version")
	ErrHistoryGone = errors.New("the stored states are gone, and the inbound stream no longer holds everything " +
		"needed to rebuild them")
	ErrImporting = errors.New("a previous import was interrupted: run rlsguard import again")
)

// StateFormat is the layout of the stream RLS: subjects, and what is under them. Format 1 had no
// signatures.
const StateFormat = 2

// SiteRecord is what all states of a stream were made with.
type SiteRecord struct {
	Format  int    `json:"format"`
	Key     string `json:"key"`     // fingerprint of the site key
	Ruleset string `json:"ruleset"` // of tables, rules and settings
	AsOf    string `json:"asOf,omitempty"`
	// Done: every patient was evaluated with these.
	Done bool `json:"done"`
	// Importing: the stored states are part of an unfinished import.
	Importing bool `json:"importing,omitempty"`
	// Rearm: the stored states were imported, and no timers are set.
	Rearm bool `json:"rearm,omitempty"`
	// Rebuilding is how far the inbound stream reached when lost states began to be rebuilt from
	// it. Until all of that is decided, the stored states are incomplete.
	Rebuilding uint64 `json:"rebuilding,omitempty"`
	// Signed is the sequence of the stream RLS up to which messages may be unsigned: they were
	// there before any was signed. 0 is a site of an earlier version.
	Signed uint64 `json:"signed,omitempty"`

	// Seq is the sequence of the record in the stream RLS, as read; 0 for none.
	Seq uint64 `json:"-"`
}

// ParseSite reads the record of the site, stored under a sequence of the stream RLS.
func ParseSite(seq uint64, data []byte) (*SiteRecord, error) {
	have := &SiteRecord{Seq: seq}
	if err := json.Unmarshal(data, have); err != nil {
		return nil, fmt.Errorf("reading %s: %w", SubjectSite, err)
	}
	return have, nil
}

// Encode is the record as stored.
func (w *SiteRecord) Encode() ([]byte, error) { return json.Marshal(w) }

// Fits says why the holder of this key must not touch the states.
func (w *SiteRecord) Fits(key []byte) error {
	switch own := Fingerprint(key); {
	case w.Format > StateFormat:
		return fmt.Errorf("%w: format %d, this one knows up to %d", ErrNewerFormat, w.Format, StateFormat)
	case w.Key != own:
		return fmt.Errorf("%w (fingerprint %s, given %s): flag ids and tokens would not match", ErrOtherKey, w.Key, own)
	case w.Importing:
		return ErrImporting
	}
	return nil
}

// Fingerprint identifies a key without revealing it.
func Fingerprint(key []byte) string {
	sum := sha256.Sum256(append([]byte("rlsguard site key|"), key...))
	return hex.EncodeToString(sum[:8])
}
