package fhir

import (
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
)

// report reads the results contained in a DiagnosticReport. One without any says nothing here,
// since separate Observations arrive by themselves.
func (d *decoder) report(res *Resource) {
	at := &d.at
	status, withdrawn := d.reportStatus(at[nStatus])
	if at[nContained] == 0 && !withdrawn {
		return
	}
	relevant, codeless := d.containedResults(at[nContained])
	if d.rejection != nil || !relevant && !codeless && !(withdrawn && at[nContained] == 0) ||
		!d.about(at[nSubject], withdrawn, res) {
		return
	}
	if isResult(res, relevant, withdrawn) {
		res.Fact.Lab = d.reported(status)
	}
}

// containedResults reports whether a contained Observation has a relevant code, and whether one has
// no usable code.
func (d *decoder) containedResults(v uint32) (relevant, codeless bool) {
	if v == 0 {
		return false, false
	}
	d.items(int(v), func(v int) {
		observation, code, component := false, 0, 0
		o := d.object(v)
		for d.more(&o) {
			switch o.name {
			case nResourceType:
				observation = string(d.raw(uint32(o.v))) == "Observation"
			case nCode:
				code = o.v
			case nComponent:
				component = o.v
			}
		}
		end := d.pos
		defer func() { d.pos = end }()
		if !observation {
			return
		}
		own, empty := false, true
		if code > 0 {
			own, empty = d.codes(code, nil)
		}
		if component > 0 && !own {
			own = d.componentRelevant(component)
		}
		relevant, codeless = relevant || own, codeless || empty && !own
	})
	return relevant, codeless
}

// reported reads the contained results of a report with that status. Each gets the report's time if
// it has none, and a status no better than the report's.
func (d *decoder) reported(status facts.LabStatus) *facts.LabResult {
	at := &d.at
	all := &facts.LabResult{Status: status}
	effective, unread := d.effective(at)
	var issued moment.Time
	if v := at[nIssued]; v > 0 {
		issued = d.instant(int(v))
	}
	modified := d.modified(at[nModifierExtension])
	d.items(int(at[nContained]), func(v int) {
		if d.b[v] != '{' {
			return
		}
		o := d.offsets(v)
		end := d.pos
		defer func() { d.pos = end }()
		l := d.containedResult(o, status)
		if l == nil {
			return
		}
		if l.Effective == (facts.Period{}) && !l.TimeUnread {
			l.Effective, l.TimeUnread = effective, unread
		}
		if l.Issued.IsZero() {
			l.Issued = issued
		}
		if modified {
			spoil(l)
		}
		all.Results = append(all.Results, *l)
	})
	return all
}

// containedResult reads the contained resource at o if it is a relevant result.
func (d *decoder) containedResult(o *offsets, report facts.LabStatus) *facts.LabResult {
	if o[nResourceType] == 0 || string(d.raw(o[nResourceType])) != "Observation" {
		return nil
	}
	status, withdrawn := d.labStatus(o[nStatus])
	if withdrawn {
		return nil
	}
	l := d.lab(o, capStatus(status, report))
	if len(l.Loincs)+len(l.Components) == 0 {
		return nil
	}
	if d.modified(o[nModifierExtension]) {
		spoil(l)
	}
	return l
}

// capStatus is the status of a result contained in a report: one that is not final must not clear
// anything, and one that is present is no longer pending.
func capStatus(result, report facts.LabStatus) facts.LabStatus {
	switch {
	case result == facts.LabRegistered || result == facts.LabCancelled || report == facts.LabFinal:
		return result
	case report == facts.LabRegistered:
		report = facts.LabPreliminary
	}
	if result == facts.LabUnknown && report != facts.LabCancelled {
		return result
	}
	return report
}

// reportStatus reads DiagnosticReport.status
// (hl7.org/fhir/R4/valueset-diagnostic-report-status.html).
func (d *decoder) reportStatus(v uint32) (s facts.LabStatus, withdrawn bool) {
	if v == 0 {
		return facts.LabUnknown, false
	}
	switch string(d.word(int(v))) {
	case "partial":
		return facts.LabPreliminary, false
	case "appended":
		return facts.LabFinal, false
	}
	return d.labStatus(v)
}
