package fhir

import (
	"cmp"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/checks/unread"
	"github.com/rlsguard/rlsguard/fhir/datetime"
	"github.com/rlsguard/rlsguard/fhir/issue"
)

// acknowledgement reads a DetectedIssue that answers a flag: it has the flag's id and a mitigation.
// Any other is not relevant.
func (d *decoder) acknowledgement(res *Resource) {
	at := &d.at
	if at[nIdentifier] == 0 || at[nMitigation] == 0 {
		return
	}
	a := &facts.Acknowledgement{FlagID: d.flagID(int(at[nIdentifier]))}
	if a.FlagID == "" || d.rejection != nil {
		return
	}
	withdrawn := d.issueStatus(at[nStatus])
	if d.rejection != nil || !d.about(at[nPatient], withdrawn, res) {
		return
	}
	if withdrawn {
		mark(res, facts.MarkEnteredInError)
		return
	}
	var ext issueExtensions
	if v := at[nExtension]; v > 0 {
		d.issueExtensions(int(v), &ext)
	}
	if !d.mitigation(int(at[nMitigation]), ext, a) {
		return
	}
	res.Relevant, res.Fact.Kind, res.Fact.Acknowledgement = true, facts.KindAcknowledgement, a
}

// issueStatus reads DetectedIssue.status and reports whether it was withdrawn.
func (d *decoder) issueStatus(v uint32) (withdrawn bool) {
	_, withdrawn = d.labStatus(v) // same value set
	return withdrawn
}

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
		if system == issue.FlagIDSystem {
			id = value
		}
	})
	return id
}

// issueExtensions are our extensions on a DetectedIssue or its mitigation.
type issueExtensions struct {
	basis       string
	comment     string
	until, date moment.Time
	override    bool
	echo        bool // written by us as part of a flag: override is stated, not guessed
}

func (d *decoder) issueExtensions(v int, e *issueExtensions) {
	d.items(v, func(v int) {
		var url, text string
		var at moment.Time
		yes := false
		mark := d.mark()
		o := d.object(v)
		for d.more(&o) {
			switch o.name {
			case nURL:
				url = d.str(o.v)
			case nValueString:
				text = d.keepText(d.text(o.v))
			case nValueDateTime:
				at = d.dateTime(o.v)
			case nValueBoolean:
				yes = d.boolean(o.v)
			}
		}
		if at.IsZero() {
			at, _ = datetime.ParseBytes([]byte(text)) // a time of day without offset is a string
		}
		switch url {
		case issue.ExtBasis:
			e.basis = text
		case issue.ExtComment:
			e.comment = text
		case issue.ExtUntil:
			e.until = at
			d.unreadSince(mark, unread.Date)
		case issue.ExtDate:
			e.date = at
		case issue.ExtOverride:
			e.override = yes
		case issue.ExtFlagID:
			e.echo = true
		}
	})
}

// mitigation reads the mitigations at v, of which the last counts, and reports whether there is
// one.
func (d *decoder) mitigation(v int, outer issueExtensions, a *facts.Acknowledgement) (found bool) {
	d.items(v, func(v int) {
		found = true
		ext := outer
		*a = facts.Acknowledgement{FlagID: a.FlagID}
		o := d.object(v)
		for d.more(&o) {
			switch o.name {
			case nAction:
				a.Reason = d.actionCode(o.v)
			case nDate:
				a.Date = d.dateTime(o.v)
			case nAuthor:
				r := d.reference(o.v)
				a.Author = cmp.Or(string(r.ref), r.display)
			case nExtension:
				d.issueExtensions(o.v, &ext)
			}
		}
		a.Basis, a.Comment, a.Until = ext.basis, ext.comment, ext.until
		if !ext.date.IsZero() {
			a.Date = ext.date
		}
		a.Override = ext.override || !ext.echo && a.Reason != "" && a.Reason != issue.ActionNoted
	})
	return found
}

func (d *decoder) actionCode(v int) string {
	c := d.concept(v)
	switch {
	case len(c.codings) > 0:
		return c.codings[0].Code
	case len(c.bare) > 0:
		return c.bare[0].Code
	}
	return ""
}
