package fold

import (
	"strings"

	"github.com/rlsguard/rlsguard/checks/facts"
)

// A deletion or withdrawal that names no patient usually has no version: no response.lastModified,
// no meta. It takes effect from its arrival. An absent version would rank lowest, so it is not
// compared as one: it withdraws the newest version of any kind that arrived before it. A newer
// version arriving later brings the resource back.
//
// To give the same result in every order, it is kept for ever under its own reference, and applied
// to every version that arrives late.

const undatedSuffix = "#undated"

// UndatedKey is the key for an undated withdrawal of a resource. No FHIR id has a "#".
func UndatedKey(ref facts.Ref) facts.Ref { return ref + undatedSuffix }

// WithdrawnRef is the resource a tombstone is about.
func WithdrawnRef(key facts.Ref) facts.Ref {
	return facts.Ref(strings.TrimSuffix(string(key), undatedSuffix))
}

func undated(fact *facts.Fact) bool {
	return fact.Kind == facts.KindMark && fact.Version.Updated == 0 && fact.Version.Number == ""
}

// withdrawUndated keeps an undated withdrawal if it is the latest of its kind, and returns it.
func (f *Fold) withdrawUndated(fact facts.Fact) bool {
	key := UndatedKey(fact.Ref)
	if known := f.knownGone(key); known != nil && fact.Version.Compare(known.Version) <= 0 {
		return false
	}
	fact.Ref = key
	f.gone[key] = fact
	return true
}

// underUndated is a Medication, or the mark left of it by an undated withdrawal that arrived after
// it.
func (f *Fold) underUndated(fact facts.Fact) facts.Fact {
	if w := f.undatedOver(&fact); w != nil {
		return facts.Fact{Ref: fact.Ref, Version: fact.Version, Kind: facts.KindMark, Mark: w.Mark}
	}
	return fact
}

// undatedOver is the undated withdrawal that arrived after fact; nil if there is none, or fact is
// itself a mark.
func (f *Fold) undatedOver(fact *facts.Fact) *facts.Fact {
	if fact.Kind == facts.KindMark && !fact.Outranked() {
		return nil
	}
	w := f.knownGone(UndatedKey(fact.Ref))
	if w == nil || w.Version.Arrival.Compare(fact.Version.Arrival) <= 0 {
		return nil
	}
	return w
}
