package checks

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/checks/record"
	"github.com/rlsguard/rlsguard/checks/terms/conditions"
	"github.com/rlsguard/rlsguard/checks/unread"
	"github.com/rlsguard/rlsguard/checks/words"
)

// RecordOf is the record of st as of an instant, for a reader. It includes patients without RLS or
// who have died, and entries that do not count. It decides nothing beyond what Evaluate decides.
func RecordOf(st *State, set *Settings, asOf time.Time) record.Record {
	ev := &evaluation{st: st, set: set, terms: set.terms(), zone: set.zone(), asOf: asOf}
	for i := range st.Facts {
		if st.Facts[i].Kind == facts.KindPatient {
			ev.person = *st.Facts[i].Person
		}
	}
	ev.readOrders()
	ev.readExposures()
	ev.readRLS()
	return record.Record{
		Person:    ev.recordPerson(),
		RLS:       ev.recordRLS(),
		Orders:    ev.recordOrders(),
		Results:   ev.recordResults(),
		Diagnoses: ev.recordDiagnoses(),
		Answers:   ev.recordAnswers(),
		Unread:    ev.recordUnread(),
		Cut:       st.Cut.Words(set.Facts),
	}
}

func (ev *evaluation) recordDate(t moment.Time) record.Date {
	if t.IsZero() {
		return record.Date{}
	}
	return record.Date{At: t.Start(ev.zone).In(ev.zone), Words: t.Date(ev.zone)}
}

func (ev *evaluation) recordPerson() record.Person {
	p := record.Person{
		Sex:      [...]string{"", "female", "male", "other"}[ev.person.Sex],
		Deceased: ev.died(),
	}
	if b := ev.person.Birth; !b.IsZero() && !b.Start(ev.zone).After(ev.asOf) {
		age := ageOn(b, civilDay(ev.asOf, ev.zone), ev.zone)
		p.Age = &age
	}
	return p
}

func (ev *evaluation) recordRLS() record.RLS {
	r := record.RLS{Status: ev.rls.status.String(), Since: ev.recordDate(ev.rls.since)}
	switch {
	case ev.rls.status == RLSNone && ev.rls.silence != "":
		r.Words = ev.rls.silence.Words()
		if ev.rls.detail != "" {
			r.Words += " (" + ev.rls.detail + ")"
		}
	case ev.rls.status == RLSPossible:
		r.Words = ev.rls.words
	}
	return r
}

// clinicalCodes and verificationCodes are FHIR's, indexed by the constants of package facts.
var (
	clinicalCodes = [...]string{
		"", "active", "recurrence", "relapse", "inactive", "remission", "resolved", "unreadable",
	}
	verificationCodes = [...]string{
		"", "confirmed", "unconfirmed", "provisional", "differential", "refuted", "unreadable",
	}
)

func (ev *evaluation) recordDiagnoses() []record.Diagnosis {
	var all []record.Diagnosis
	for i := range ev.st.Facts {
		if f := &ev.st.Facts[i]; f.Kind == facts.KindCondition {
			all = append(all, ev.recordDiagnosis(f))
		}
	}
	slices.SortStableFunc(all, func(a, b record.Diagnosis) int {
		if named := a.RLS != ""; named != (b.RLS != "") {
			if named {
				return -1
			}
			return 1
		}
		return a.From.At.Compare(b.From.At)
	})
	return all
}

func (ev *evaluation) recordDiagnosis(f *facts.Fact) record.Diagnosis {
	c := f.Condition
	d := record.Diagnosis{
		Ref: f.Ref, Clinical: clinicalCodes[c.Clinical], Verification: verificationCodes[c.Verification],
		From: ev.recordDate(c.Onset), Until: ev.recordDate(c.Abatement),
	}
	if d.From.IsZero() {
		d.From = ev.recordDate(c.Recorded)
	}
	if !c.AbatementEnd.IsZero() {
		d.Until = ev.recordDate(c.AbatementEnd)
	}
	for _, coding := range c.Code.Codings {
		if row, ok := conditions.Find(coding); ok {
			name, _, _ := strings.Cut(row.Name, " (")
			d.Code, d.Name = coding.System+"|"+coding.Code, strings.ToUpper(name[:1])+name[1:]
			break
		}
	}
	if d.Name == "" && len(c.Code.Texts) > 0 {
		d.Name = shortened(c.Code.Texts[0], productLength)
	}
	d.Name = cmp.Or(d.Name, d.Code, string(f.Ref))
	d.Over, _ = ev.conditionOver(c)
	status, why, silence := ev.weighCondition(c)
	if status != RLSNone || silence != "" {
		d.RLS = status.String()
		if status != RLSConfirmed {
			d.Why = why
		}
	}
	return d
}

func (ev *evaluation) recordAnswers() []record.Answer {
	var all []record.Answer
	for i := range ev.st.Facts {
		f := &ev.st.Facts[i]
		if f.Kind != facts.KindAcknowledgement {
			continue
		}
		a := f.Acknowledgement
		kind := string(Acknowledged)
		if a.Override {
			kind = string(Overridden)
		}
		all = append(all, record.Answer{
			Ref: f.Ref, Flag: a.FlagID, Kind: kind, Author: a.Author, Reason: a.Reason,
			At: ev.recordDate(a.Date), Until: ev.recordDate(a.Until),
		})
	}
	slices.SortStableFunc(all, func(a, b record.Answer) int { return a.At.At.Compare(b.At.At) })
	return all
}

// recordParts are the parts of a record that may be unreadable, with words for each.
var recordParts = []struct {
	part unread.Parts
	key  string
}{
	{unread.Status, "record.unread.status"}, {unread.Intent, "record.unread.intent"},
	{unread.Negation, "record.unread.negation"}, {unread.AsNeeded, "record.unread.as-needed"},
	{unread.Date, "record.unread.date"}, {unread.Supply, "record.unread.supply"},
	{unread.Dose, "record.unread.dose"}, {unread.Drug, "record.unread.drug"},
	{unread.Modifier, "record.unread.modifier"}, {unread.Version, "record.unread.version"},
	{unread.Other, "record.unread.other"}, {unread.Newer, "record.unread.newer"},
}

func (ev *evaluation) recordUnread() []record.Unread {
	var all []record.Unread
	for i := range ev.st.Facts {
		f := &ev.st.Facts[i]
		var said []string
		for _, p := range recordParts {
			if f.Unread&p.part != 0 {
				said = append(said, words.Say(p.key))
			}
		}
		if len(said) > 0 {
			all = append(all, record.Unread{Ref: f.Ref, Words: strings.Join(said, "; ")})
		}
	}
	return all
}
