package commit

import (
	"context"
	"fmt"

	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// Seal is what signatures say about a site before its states are read.
type Seal struct {
	site    jet.Stored
	signed  bool // the record is signed
	Tallied bool // there are tallies, so states were signed
	Foreign bool // the record exists, but rlsguard did not write it
	// unsigned is what the tallies say about where unsigned messages end.
	unsigned uint64
}

// ReadSeal reads the record of the site and the tallies.
func ReadSeal(ctx context.Context, from jet.Store, signer *layout.Signer) (Seal, error) {
	subjects := []string{layout.SubjectSite}
	for _, slot := range slots {
		subjects = append(subjects, layout.SubjectTally+slot)
	}
	found, err := from.Last(ctx, subjects)
	if err != nil {
		return Seal{}, err
	}
	s := Seal{site: found[0]}
	for i, m := range found {
		counter, _, err := signer.Check(subjects[i], m.Header, m.Data)
		if m.Sequence == 0 || err != nil || counter >= m.Sequence {
			continue
		}
		if i == 0 {
			s.signed = true
			continue
		}
		if t, err := layout.ParseTally(m.Sequence, m.Data); err == nil {
			s.Tallied, s.unsigned = true, max(s.unsigned, t.Unsigned)
		}
	}
	s.Foreign = s.site.Sequence > 0 && !s.signed && (s.Tallied || layout.IsSigned(s.site.Header))
	return s, nil
}

// Record is the record of the site, nil if there is none; if it is foreign, one that has everything
// decided anew. Its errors are those of Fits, and of an unreadable record.
func (s *Seal) Record(key []byte) (*layout.SiteRecord, error) {
	if s.site.Sequence == 0 {
		return nil, nil
	}
	have, err := layout.ParseSite(s.site.Sequence, s.site.Data)
	if s.Foreign && (s.Tallied || err != nil || have.Key == layout.Fingerprint(key)) {
		return &layout.SiteRecord{Format: layout.StateFormat, Key: layout.Fingerprint(key), Rearm: true,
			Signed: max(s.unsigned, 1), Seq: s.site.Sequence}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", layout.ErrState, err)
	}
	return have, have.Fits(key)
}

// Unsigned is the sequence of the stream RLS up to which messages may be unsigned.
func (s *Seal) Unsigned(have *layout.SiteRecord) uint64 {
	if have == nil {
		return s.unsigned
	}
	return have.Signed
}

// FreeSlot is the tally slot unused for the longest time, and its content.
func FreeSlot(ctx context.Context, from jet.Store, signer *layout.Signer) (string, layout.Tally, error) {
	var subjects []string
	for _, slot := range slots {
		subjects = append(subjects, layout.SubjectTally+slot)
	}
	found, err := from.Last(ctx, subjects)
	if err != nil {
		return "", layout.Tally{}, err
	}
	best, tally := -1, layout.Tally{}
	for i, m := range found {
		var t *layout.Tally
		if m.Sequence == 0 {
			t = &layout.Tally{}
		} else if counter, _, err := signer.Check(subjects[i], m.Header, m.Data); err == nil && counter < m.Sequence {
			t, _ = layout.ParseTally(m.Sequence, m.Data)
		}
		if t != nil && (best < 0 || t.Seq < tally.Seq) {
			best, tally = i, *t
		}
	}
	if best < 0 {
		return "", tally, fmt.Errorf("the tallies of states: %w", layout.ErrForeign)
	}
	return slots[best], tally, nil
}
