package issue

import (
	"errors"
	"regexp"
	"sync"

	samply "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/fhir/datetime"
)

// mitigation writes an acknowledgement. FHIR requires an action, so its text always says what was
// done.
func mitigation(a *facts.Acknowledgement) samply.DetectedIssueMitigation {
	m := samply.DetectedIssueMitigation{Action: samply.CodeableConcept{Text: ptr("noted")}, Author: author(a.Author)}
	var list extensions
	list.text(ExtFlagID, a.FlagID)
	list.text(ExtBasis, a.Basis)
	list.text(ExtComment, a.Comment)
	if a.Override {
		m.Action.Text = ptr("overridden")
		list = append(list, samply.Extension{Url: ExtOverride, ValueBoolean: ptr(true)})
	}
	if a.Reason != "" {
		m.Action.Coding = []samply.Coding{
			{System: ptr(AcknowledgementSystem), Code: ptr(a.Reason), Display: optional(reasonDisplay(a.Reason))},
		}
	}
	switch a.Date.Precision {
	case moment.NoTime:
	case moment.WithoutOff:
		// FHIR can express only the day; the reader uses the extension.
		m.Date = ptr(datetime.Text(moment.Time{Nanos: a.Date.Nanos, Precision: moment.ToDay}))
		list.time(ExtDate, a.Date)
	default:
		m.Date = ptr(datetime.Text(a.Date))
	}
	list.time(ExtUntil, a.Until)
	m.Extension = list
	return m
}

// resourceRef is a reference to a resource of the own server, as opposed to a person's name.
var resourceRef = sync.OnceValue(
	func() *regexp.Regexp { return regexp.MustCompile(`^[A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64}$`) },
)

func author(s string) *samply.Reference {
	switch {
	case s == "":
		return nil
	case resourceRef().MatchString(s):
		return &samply.Reference{Reference: &s}
	}
	return &samply.Reference{Display: &s}
}

func readAcknowledgement(list []flagMitigation) (*facts.Acknowledgement, error) {
	if len(list) == 0 {
		return nil, nil
	}
	if len(list) > 1 {
		return nil, errors.New("more than one mitigation")
	}
	m := &list[0]
	ext := m.extension
	a := &facts.Acknowledgement{FlagID: ext.text(ExtFlagID), Basis: ext.text(ExtBasis), Override: ext.flag(ExtOverride)}
	if len(m.action) > 0 {
		a.Reason = m.action[0].code
	}
	a.Author, a.Comment = m.author, ext.text(ExtComment)
	var err error
	if a.Until, err = ext.time(ExtUntil); err != nil {
		return nil, err
	}
	if a.Date, err = ext.time(ExtDate); err != nil || !a.Date.IsZero() {
		return a, err
	}
	a.Date, err = readTime(m.date, "mitigation.date")
	return a, err
}

func readTime(s, what string) (moment.Time, error) {
	if s == "" {
		return moment.Time{}, nil
	}
	t, ok := datetime.ParseBytes([]byte(s))
	if !ok {
		return moment.Time{}, errors.New(what + " is no date or dateTime of FHIR")
	}
	return t, nil
}
