package fold

import (
	"github.com/rlsguard/rlsguard/checks/facts"
)

// newest is the holder of the newest version of a resource, among all versions that name a patient.
type newest struct {
	patient facts.Ref // "" if nobody has any
	version facts.Version
	unknown bool // whoever had it no longer does
}

// newestOf is the holder of the newest version of a resource. A resource may have belonged to any
// number of patients in turn, so they are not all examined for each of its versions: the view names
// the last holder, and the fold follows it from there.
func (f *Fold) newestOf(resource facts.Ref) newest {
	if n, ok := f.newest[resource]; ok && !n.unknown {
		return n
	}
	if resource.Type() == "Patient" { // is always about itself
		return f.newestAmong(resource, []facts.Ref{resource})
	}
	some, bound := f.view.Newest(resource)
	_, lost := f.newest[resource]
	own := f.holders.get(resource)
	n := f.newestAmong(resource, append(own, some...))
	if lost || bound != nil && (n.patient == "" || n.version.Compare(*bound) < 0) {
		n = f.newestAmong(resource, f.holdersOf(resource))
	}
	if lost || bound != nil || len(own)+len(some) > 1 {
		f.newest[resource] = n
	}
	return n
}

func (f *Fold) newestAmong(resource facts.Ref, patients []facts.Ref) (n newest) {
	for _, h := range patients {
		if held := f.peek(h).Find(resource); held != nil && (n.patient == "" || held.Version.Compare(n.version) > 0) {
			n = newest{patient: h, version: held.Version}
		}
	}
	return n
}

// follow updates newestOf when a patient gets a version.
func (f *Fold) follow(ref facts.Ref, fact *facts.Fact) {
	n, ok := f.newest[fact.Ref]
	if ok && !n.unknown && (n.patient == "" || n.patient == ref || fact.Version.Compare(n.version) > 0) {
		f.newest[fact.Ref] = newest{patient: ref, version: fact.Version}
	}
}

// forgot updates newestOf when a patient's version was cut.
func (f *Fold) forgot(ref, resource facts.Ref) {
	if n, ok := f.newest[resource]; ok && n.patient == ref {
		f.newest[resource] = newest{unknown: true}
	}
}

// outrank tells the former holder of the newest version of a resource that it no longer is; all
// others know. Only if a deletion was newer than any, and no longer is, the reason changes for all.
func (f *Fold) outrank(before newest, owner, resource facts.Ref) {
	if before.patient == "" {
		return
	}
	if tomb := f.knownGone(resource); tomb != nil && tomb.Version.Compare(before.version) > 0 {
		f.stale[resource] = struct{}{}
	} else if before.patient != owner {
		f.reform(before.patient, resource)
	}
}

// spread brings up to date all holders of resources that need it, and has all decided who refer to
// a changed Medication: each once, however many versions there were, and as many as one commit may
// touch.
func (f *Fold) spread() {
	for _, resource := range sorted(f.stale) {
		for n, h := range f.holdersOf(resource) {
			if f.mayTouch(n, h) {
				f.reform(h, resource)
			} else {
				f.behind = append(f.behind, h)
			}
		}
	}
	clear(f.stale)
	for _, medication := range sorted(f.reached) {
		for n, ref := range f.referrersOf(medication) {
			if f.mayTouch(n, ref) {
				f.patient(ref).touched = true
			} else {
				f.later = append(f.later, ref)
			}
		}
	}
	clear(f.reached)
}

// mayTouch reports whether the nth patient concerned by a change fits into this commit; otherwise
// it comes later.
func (f *Fold) mayTouch(n int, ref facts.Ref) bool {
	p := f.patients[ref]
	return f.e.MaxTouch == 0 || n < f.e.MaxTouch || p != nil && p.touched
}

// giveBack tells the other holders of resources cut from somebody, each resource once.
func (f *Fold) giveBack() {
	for len(f.lost) > 0 {
		resources := sorted(f.lost)
		clear(f.lost)
		for _, resource := range resources {
			for _, h := range f.holdersOf(resource) {
				f.reform(h, resource)
			}
		}
	}
}
