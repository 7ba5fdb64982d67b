package fhir

import (
	"github.com/rlsguard/rlsguard/checks/facts"
)

// eachMember calls f with the properties of each contained Observation that hasMember leads to, and
// continues with its members if f returns true. Each is visited once, so circles end and the work
// is bounded by the size of the resource.
func (d *decoder) eachMember(f func(o *offsets) bool) {
	if d.at[nHasMember] == 0 || d.at[nContained] == 0 {
		return
	}
	seen := make(map[facts.Ref]bool)
	for lists := []uint32{d.at[nHasMember]}; len(lists) > 0; lists = lists[1:] {
		d.items(int(lists[0]), func(v int) {
			r := d.reference(v)
			if !r.local || seen[r.ref] {
				return
			}
			seen[r.ref] = true
			end := d.pos
			o, k := d.within(string(r.ref[1:]))
			if k == kindObservation && f(o) && o[nHasMember] > 0 {
				lists = append(lists, o[nHasMember])
			}
			d.pos = end
		})
	}
}

// memberRelevant reports whether a contained member has a relevant code, whatever its status: a
// version that cancels it counts too.
func (d *decoder) memberRelevant() (relevant bool) {
	d.eachMember(func(o *offsets) bool {
		if v := o[nCode]; v > 0 && !relevant {
			relevant, _ = d.codes(int(v), nil)
		}
		if v := o[nComponent]; v > 0 && !relevant && d.rejection == nil {
			relevant = d.componentRelevant(int(v))
		}
		return !relevant
	})
	return relevant
}

// members adds the results of a panel's contained members to its own. Members never done, not yet
// done, or withdrawn are left out.
func (d *decoder) members(l *facts.LabResult) {
	d.eachMember(func(o *offsets) bool {
		status, withdrawn := d.labStatus(o[nStatus])
		if withdrawn || status == facts.LabCancelled || status == facts.LabRegistered {
			return false
		}
		before := len(l.Components)
		d.part(o, l)
		d.components(o, l)
		if len(l.Components) > before && o[nStatus] > 0 {
			l.Status = panelStatus(l.Status, status)
		}
		return true
	})
}

// panelStatus is the status of a panel with a member whose result has status member, for all its
// results: one that is not final must not clear anything, and one that is present is no longer
// pending.
func panelStatus(panel, member facts.LabStatus) facts.LabStatus {
	switch panel {
	case facts.LabFinal:
		return member
	case facts.LabRegistered:
		return facts.LabPreliminary
	}
	return panel
}
