package settings

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/terms"
	"github.com/rlsguard/rlsguard/checks/words"
)

// ruleset is a hash of everything besides a patient's facts and the as-of time that decides what is
// flagged and in which words: tables, rules, texts and settings. Where it differs, patients are
// evaluated anew.
func ruleset(s *checks.Settings, base string) string {
	h := sha256.New()
	tables := s.Terms
	if tables == nil {
		tables = terms.Embedded()
	}
	fmt.Fprintf(h, "texts %s\ntables %s\nzone %s\nbase %q\n", words.Fingerprint(), tables.Fingerprint(), s.Zone, base)
	for _, c := range checks.Catalogue() {
		r := s.RuleOf(c)
		fmt.Fprintf(h, "rule %s %d %s\n", c.ID, r.Version, r.Status)
	}
	writeSettings(h, *s)
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// writeSettings hashes the values of all settings. JSON writes keys of maps in order, so equal
// settings give equal text.
func writeSettings(h hash.Hash, s checks.Settings) {
	s.Terms, s.Zone = nil, nil
	_ = json.NewEncoder(h).Encode(s) // a hash takes everything, and settings hold nothing that JSON cannot
}
