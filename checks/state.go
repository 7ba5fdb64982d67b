package checks

import (
	"slices"
	"strings"

	"github.com/rlsguard/rlsguard/checks/facts"
)

// State is what is kept of one patient: the newest version of every relevant resource, and the
// flags that were opened.
type State struct {
	Patient facts.Ref
	Facts   []facts.Fact // sorted by Ref, each Ref once
	Flags   []OpenFlag
	// Ruleset under which Flags were decided.
	Ruleset string
	// Cut records which kinds of facts were left out.
	Cut Cut
}

// Find returns the fact about ref, or nil.
func (s *State) Find(ref facts.Ref) *facts.Fact {
	i, ok := s.search(ref)
	if !ok {
		return nil
	}
	return &s.Facts[i]
}

func (s *State) search(ref facts.Ref) (int, bool) {
	return slices.BinarySearchFunc(
		s.Facts,
		ref,
		func(f facts.Fact, r facts.Ref) int { return strings.Compare(string(f.Ref), string(r)) },
	)
}

// Merge takes in f if it is news: unknown so far, or newer than what is known of its resource. It
// reports whether it changed s.
func (s *State) Merge(f facts.Fact) bool {
	i, known := s.search(f.Ref)
	if !known {
		s.Facts = slices.Insert(s.Facts, i, f)
		return true
	}
	held := &s.Facts[i]
	if f.Version.Compare(held.Version) <= 0 {
		newest, noted := held.Outranking(&f)
		*held = newest
		return noted
	}
	*held, _ = f.Outranking(held)
	return true
}
