package fhir

import "github.com/rlsguard/rlsguard/checks"

// ExtUntil is the extension of an acknowledging DetectedIssue with the time (valueDateTime) up to which it holds.
const ExtUntil = BaseURL + "/StructureDefinition/until"

// ActionNoted is the code of mitigation.action, in any system, that says that a flag was seen; every other code is an override reason.
const ActionNoted = "noted"

// acknowledgement reads a DetectedIssue that answers a flag: it has the id of the flag and a mitigation. Any other does not concern us.
func (d *decoder) acknowledgement(res *Resource) {
	at := &d.at
	if at[nIdentifier] == 0 || at[nMitigation] == 0 {
		return
	}
	a := &checks.Acknowledgement{FlagID: d.flagID(int(at[nIdentifier]))}
	if a.FlagID == "" || d.rejection != nil {
		return
	}
	withdrawn := d.issueStatus(at[nStatus])
	if d.rejection != nil || !d.about(at[nPatient], withdrawn, res) {
		return
	}
	if withdrawn {
		mark(res, checks.MarkEnteredInError)
		return
	}
	if v := at[nExtension]; v > 0 {
		d.issueExtensions(int(v), a)
	}
	if d.mitigation(int(at[nMitigation]), a) == 0 {
		return
	}
	res.Relevant, res.Fact.Kind, res.Fact.Acknowledgement = true, checks.KindAcknowledgement, a
}

// issueStatus reads DetectedIssue.status and tells that it was withdrawn.
func (d *decoder) issueStatus(v uint32) (withdrawn bool) {
	_, withdrawn = d.labStatus(v) // the same value set
	return withdrawn
}

// flagID is the identifier of a flag among the identifiers at v.
func (d *decoder) flagID(v int) (id string) {
	d.items(v, func(v int) {
		var system, value string
		o := d.object(v)
		for d.more(&o) {
			switch o.name {
			case nSystem:
				system = d.str(o.v)
			case nValue:
				value = d.str(o.v)
			}
		}
		if system == FlagIDSystem {
			id = value
		}
	})
	return id
}

// issueExtensions reads basis and end.
func (d *decoder) issueExtensions(v int, a *checks.Acknowledgement) {
	d.items(v, func(v int) {
		var url, text string
		var until checks.Time
		o := d.object(v)
		for d.more(&o) {
			switch o.name {
			case nURL:
				url = d.str(o.v)
			case nValueString:
				text = d.keepText(d.text(o.v))
			case nValueDateTime:
				until = d.dateTime(o.v)
			}
		}
		switch url {
		case ExtBasis:
			a.Basis = text
		case ExtUntil:
			a.Until = until
		}
	})
}

// mitigation reads the mitigations at v, of which the last one counts, and returns their number.
func (d *decoder) mitigation(v int, a *checks.Acknowledgement) (n int) {
	d.items(v, func(v int) {
		n++
		o := d.object(v)
		for d.more(&o) {
			switch o.name {
			case nAction:
				if c := d.concept(o.v); len(c.codings) > 0 {
					a.Reason = c.codings[0].Code
				} else if len(c.bare) > 0 {
					a.Reason = c.bare[0].Code
				}
			case nDate:
				a.Date = d.dateTime(o.v)
			case nAuthor:
				r := d.reference(o.v)
				if a.Author = string(r.ref); a.Author == "" {
					a.Author = r.display
				}
			case nExtension:
				d.issueExtensions(o.v, a)
			}
		}
	})
	a.Override = a.Reason != "" && a.Reason != ActionNoted
	return n
}
