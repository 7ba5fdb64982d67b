package fold

import (
	"strings"

	"github.com/rlsguard/rlsguard/checks/facts"
)

// A deletion or withdrawal that names no patient mostly says nothing of its own version: no
// response.lastModified, no meta. It stands from its arrival on. An absent version would be the
// lowest of all, so it is not compared as one: it takes back whatever version is the newest, if
// that arrived before it. What arrives later as a newer version brings the resource back.
//
// To come out the same in every order, it is kept for ever under a reference of its own, and meets
// every version that arrives late.

const undatedSuffix = "#undated"

// UndatedKey is where the withdrawal of a resource is kept that says nothing of its version. No
// FHIR id has a "#".
func UndatedKey(ref facts.Ref) facts.Ref { return ref + undatedSuffix }

// WithdrawnRef is the resource that a tombstone is about.
func WithdrawnRef(key facts.Ref) facts.Ref {
	return facts.Ref(strings.TrimSuffix(string(key), undatedSuffix))
}

func undated(fact *facts.Fact) bool {
	return fact.Kind == facts.KindMark && fact.Version.Updated == 0 && fact.Version.Number == ""
}

// withdrawUndated keeps an undated withdrawal, when it is the latest of its kind, and returns it.
func (f *Fold) withdrawUndated(fact facts.Fact) bool {
	key := UndatedKey(fact.Ref)
	if known := f.knownGone(key); known != nil && fact.Version.Compare(known.Version) <= 0 {
		return false
	}
	fact.Ref = key
	f.gone[key] = fact
	return true
}

// underUndated is a Medication, or the mark that an undated withdrawal makes of it when that
// arrived after it.
func (f *Fold) underUndated(fact facts.Fact) facts.Fact {
	if w := f.undatedOver(&fact); w != nil {
		return facts.Fact{Ref: fact.Ref, Version: fact.Version, Kind: facts.KindMark, Mark: w.Mark}
	}
	return fact
}

// undatedOver is the undated withdrawal that arrived after fact; nil when there is none, or fact is
// a mark by itself.
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
