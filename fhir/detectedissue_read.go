package fhir

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	samply "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"github.com/rlsguard/rlsguard/checks"
)

// UnmarshalFlag reads a flag from what MarshalFlag wrote. An error says which element is not as it should be, and holds
// no text of b. Elements and extensions that are not ours are passed over.
func UnmarshalFlag(b []byte) (checks.Flag, error) {
	f, err := readFlag(b)
	if err != nil {
		return checks.Flag{}, fmt.Errorf("flag from DetectedIssue: %w", err)
	}
	return f, nil
}

func readFlag(b []byte) (f checks.Flag, err error) {
	var in struct {
		ResourceType string `json:"resourceType"`
		samply.DetectedIssue
	}
	if err := json.Unmarshal(b, &in); err != nil {
		return f, plainError(err)
	}
	if in.ResourceType != "DetectedIssue" {
		return f, errors.New("resourceType is not DetectedIssue")
	}
	issue := &in.DetectedIssue
	if f.ID, err = flagID(issue.Identifier); err != nil {
		return f, err
	}
	if f.Check, err = readCheck(issue.Code); err != nil {
		return f, err
	}
	if f.Ack, err = readAcknowledgement(issue.Mitigation); err != nil {
		return f, err
	}
	f.Patient = readReference(issue.Patient)
	f.Implicated = readReferences(issue.Implicated)
	for _, e := range issue.Evidence {
		f.Evidence = append(f.Evidence, readReferences(e.Detail)...)
	}
	if issue.Severity != nil {
		if f.Severity, err = checks.ParseSeverity(issue.Severity.Code()); err != nil {
			return f, errors.New("severity is not one of low, moderate, high")
		}
	}
	if err = readFlagExtensions(&f, found(issue.Extension)); err != nil {
		return f, err
	}
	if f.Summary, err = splitDetail(value(issue.Detail), f.Action); err != nil {
		return f, err
	}
	if f.AsOf, err = readAsOf(issue.IdentifiedDateTime); err != nil {
		return f, err
	}
	if issue.Status != flagStatus(&f) {
		return f, errors.New("status does not fit the extensions that say what became of the flag")
	}
	return f, nil
}

// plainError drops what the JSON decoder and samply quote of the input.
func plainError(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("no JSON from byte %d on", syntax.Offset)
	case errors.As(err, &kind):
		return fmt.Errorf("%s is of the wrong JSON type", kind.Field)
	}
	return errors.New("a code is not one of FHIR R4's")
}

func flagID(list []samply.Identifier) (string, error) {
	for _, i := range list {
		if value(i.System) == FlagIDSystem && value(i.Value) != "" {
			return *i.Value, nil
		}
	}
	return "", errors.New("no identifier of system " + FlagIDSystem)
}

func readCheck(code *samply.CodeableConcept) (string, error) {
	if code != nil {
		for _, c := range code.Coding {
			if value(c.System) == CheckSystem && value(c.Code) != "" {
				return *c.Code, nil
			}
		}
	}
	return "", errors.New("no code of system " + CheckSystem)
}

func readFlagExtensions(f *checks.Flag, ext found) (err error) {
	f.State, f.Change, f.Reason = checks.FlagState(ext.code(ExtState)), checks.Change(ext.code(ExtChange)), checks.Reason(ext.code(ExtReason))
	if err := closedLists(f); err != nil {
		return err
	}
	if f.RLS, err = checks.ParseRLSStatus(ext.code(ExtRLS)); err != nil {
		return errors.New("RLS status is not one of none, possible, remission, confirmed")
	}
	if f.Number, err = ext.number(ExtNumber); err != nil {
		return err
	}
	f.Basis, f.Ingredient, f.Action, f.Ruleset = ext.text(ExtBasis), ext.text(ExtIngredient), ext.text(ExtAction), ext.text(ExtRuleset)
	for _, e := range ext {
		switch parts := found(e.Extension); e.Url {
		case ExtAlternative:
			f.Alternatives = append(f.Alternatives, value(e.ValueString))
		case ExtCitation:
			f.Citations = append(f.Citations, checks.Citation{Source: parts.text("source"), DOI: parts.text("doi"), Strength: parts.text("strength"), Review: parts.text("review")})
		}
	}
	return nil
}

// closedLists refuses words of a flag that nobody knows, in both directions; "" is absent.
func closedLists(f *checks.Flag) error {
	switch {
	case f.State != "" && !slices.Contains(flagStates, f.State):
		return errors.New("state is not a known one")
	case f.Change != "" && !slices.Contains(flagChanges, f.Change):
		return errors.New("change is not a known one")
	case f.Reason != "" && !slices.Contains(flagReasons, f.Reason):
		return errors.New("reason is not a known one")
	case f.Severity > checks.High:
		return errors.New("severity is not a known one")
	case f.RLS > checks.RLSConfirmed:
		return errors.New("RLS status is not a known one")
	}
	return nil
}

var (
	flagStates  = []checks.FlagState{checks.Open, checks.Acknowledged, checks.Overridden, checks.Resolved}
	flagChanges = []checks.Change{checks.ChangeOpened, checks.ChangeUpdated, checks.ChangeResolved, checks.ChangeMoved, checks.ChangeAcknowledged, checks.ChangeOverridden}
	flagReasons = []checks.Reason{checks.ReasonOrderStopped, checks.ReasonSupplyEnded, checks.ReasonEnteredInError, checks.ReasonRLSRefuted, checks.ReasonLabArrived,
		checks.ReasonDrugChanged, checks.ReasonSuperseded, checks.ReasonContextChanged, checks.ReasonRulesetChanged, checks.ReasonMovedPatient, checks.ReasonErased}
)

// splitDetail takes the action off the end of detail.
func splitDetail(detail, action string) (summary string, err error) {
	if action == "" || detail == action {
		return strings.TrimSuffix(detail, action), nil
	}
	summary, ok := strings.CutSuffix(detail, "\n\n"+action)
	if !ok {
		return "", errors.New("detail does not end with the action")
	}
	return summary, nil
}

func readAsOf(s *string) (time.Time, error) {
	if s == nil {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339Nano, *s)
	if err != nil {
		return time.Time{}, errors.New("identifiedDateTime is no dateTime with an offset")
	}
	return t.UTC(), nil
}

func readReference(r *samply.Reference) checks.Ref {
	if r == nil {
		return ""
	}
	return checks.Ref(value(r.Reference))
}

func readReferences(list []samply.Reference) []checks.Ref {
	var refs []checks.Ref
	for i := range list {
		refs = append(refs, readReference(&list[i]))
	}
	return refs
}

// found are extensions, looked up by their URL.
type found []samply.Extension

func (l found) get(url string) *samply.Extension {
	for i := range l {
		if l[i].Url == url {
			return &l[i]
		}
	}
	return new(samply.Extension)
}

func (l found) code(url string) string { return value(l.get(url).ValueCode) }
func (l found) text(url string) string { return value(l.get(url).ValueString) }

func (l found) flag(url string) bool {
	b := l.get(url).ValueBoolean
	return b != nil && *b
}

func (l found) number(url string) (uint64, error) {
	switch e := l.get(url); {
	case e.ValueUnsignedInt != nil && *e.ValueUnsignedInt >= 0:
		return uint64(*e.ValueUnsignedInt), nil
	case e.ValueDecimal != nil:
		n, err := strconv.ParseUint(e.ValueDecimal.String(), 10, 64)
		if err != nil {
			return 0, errors.New("number is no whole number")
		}
		return n, nil
	case e.ValueUnsignedInt != nil:
		return 0, errors.New("number is negative")
	}
	return 0, nil
}

func (l found) time(url string) (checks.Time, error) {
	e := l.get(url)
	if e.ValueDateTime != nil {
		return readTime(*e.ValueDateTime, url)
	}
	return readTime(value(e.ValueString), url)
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
