package layout

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
)

// Errors that no retry mends: Serve ends with them.
var (
	ErrOtherKey    = errors.New("the stored states were made with another site key")
	ErrNewerFormat = errors.New("the stored states were written by a newer version")
	ErrHistoryGone = errors.New("the stored states are gone, and the inbound stream no longer holds everything " +
		"needed to rebuild them")
	ErrImporting = errors.New("a previous import was interrupted: run rlsguard import again")
)

// StateFormat is the layout of the stream RLS: subjects, and what is under them. In format 1 nothing
// was signed.
const StateFormat = 2

// SiteRecord is what all states of a stream were made with.
type SiteRecord struct {
	Format  int    `json:"format"`
	Key     string `json:"key"`     // fingerprint of the site key
	Ruleset string `json:"ruleset"` // of tables, rules and settings
	AsOf    string `json:"asOf,omitempty"`
	// Done: every patient was evaluated with these.
	Done bool `json:"done"`
	// Importing: what is stored is a part of an import.
	Importing bool `json:"importing,omitempty"`
	// Rearm: what is stored was imported, and no timers are set.
	Rearm bool `json:"rearm,omitempty"`
	// Rebuilding is how far the inbound stream reached when states that were lost began to be made
	// again from it. What is stored is a part until all of that is decided.
	Rebuilding uint64 `json:"rebuilding,omitempty"`
	// Signed is the sequence of the stream RLS up to which messages may be without a signature: they
	// were there before any was signed. 0 is that of a site of an earlier version.
	Signed uint64 `json:"signed,omitempty"`

	// Seq is the sequence of the record in the stream RLS, as it was read; 0 for none.
	Seq uint64 `json:"-"`
}

// ParseSite reads the record of the site, which stands under a sequence of the stream RLS.
func ParseSite(seq uint64, data []byte) (*SiteRecord, error) {
	have := &SiteRecord{Seq: seq}
	if err := json.Unmarshal(data, have); err != nil {
		return nil, fmt.Errorf("reading %s: %w", SubjectSite, err)
	}
	return have, nil
}

// Encode is the record as it is stored.
func (w *SiteRecord) Encode() ([]byte, error) { return json.Marshal(w) }

// Fits tells why states must not be touched by whoever has this key.
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

// Fingerprint identifies a key without giving it away.
func Fingerprint(key []byte) string {
	sum := sha256.Sum256(append([]byte("rlsguard site key|"), key...))
	return hex.EncodeToString(sum[:8])
}
