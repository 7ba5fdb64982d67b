package issue

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"sync"
	"time"

	samply "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/ahead"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/fhir/datetime"
)

// Marshal writes f as a FHIR R4 DetectedIssue (hl7.org/fhir/R4/detectedissue.html). Unmarshal reads
// back all that f says, under these conditions: texts are UTF-8 and no text of a list is empty,
// since FHIR has no empty strings. An error says that a value is not one of its closed list, or
// that AsOf cannot be written; the text of f is never a reason to refuse it. Tags become meta.tag;
// they belong to the resource as it is sent, not to the flag, and are not read back.
func Marshal(f checks.Flag, tags ...codes.Coding) ([]byte, error) {
	return marshal(&f, resourceID(f.ID), tags)
}

// MarshalAnswer writes the answer to a flag: f with its acknowledgement. It has no id of its own.
// Each answer is a resource of its own: under the id of the flag a later one would replace it.
func MarshalAnswer(f checks.Flag) ([]byte, error) { return marshal(&f, nil, nil) }

func marshal(f *checks.Flag, id *string, tags []codes.Coding) ([]byte, error) {
	issue, err := detectedIssue(f)
	if err != nil {
		return nil, fmt.Errorf("flag as DetectedIssue: %w", err)
	}
	issue.Id = id
	if len(tags) > 0 {
		issue.Meta = &samply.Meta{Tag: tagList(tags)}
	}
	return json.Marshal(&typedIssue{"DetectedIssue", (*plainIssue)(issue)})
}

// typedIssue begins with resourceType, as readers of a stream expect; the models put it last.
type typedIssue struct {
	ResourceType string `json:"resourceType"`
	*plainIssue
}

type plainIssue samply.DetectedIssue

// resourceID is what FHIR allows as the id of a resource (hl7.org/fhir/R4/datatypes.html#id). A
// flag id is one; nil for what is none.
func resourceID(id string) *string {
	if id == "" || len(id) > 64 {
		return nil
	}
	for _, c := range []byte(id) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '.':
		default:
			return nil
		}
	}
	return &id
}

func detectedIssue(f *checks.Flag) (*samply.DetectedIssue, error) {
	if err := closedLists(f); err != nil {
		return nil, err
	}
	asOf, err := flagTime(f.AsOf)
	if err != nil {
		return nil, err
	}
	issue := &samply.DetectedIssue{
		Status:             flagStatus(f),
		Code:               checkCode(f.Check),
		Patient:            referenceTo(f.Patient),
		IdentifiedDateTime: asOf,
		Implicated:         implicated(f),
		Detail:             optional(joinDetail(f.Summary, f.Action)),
		Extension:          flagExtensions(f),
	}
	if f.ID != "" {
		issue.Identifier = []samply.Identifier{{System: ptr(FlagIDSystem), Value: ptr(f.ID)}}
	}
	if f.Severity != checks.None {
		issue.Severity = ptr(severities[f.Severity])
	}
	if details := referencesTo(f.Evidence); details != nil {
		issue.Evidence = []samply.DetectedIssueEvidence{{Detail: details}}
	}
	if len(f.Citations) > 0 && f.Citations[0].DOI != "" {
		issue.Reference = ptr(DOIBase + f.Citations[0].DOI)
	}
	if f.Ack != nil {
		issue.Mitigation = []samply.DetectedIssueMitigation{mitigation(f.Ack)}
	}
	return issue, nil
}

var severities = map[checks.Severity]samply.DetectedIssueSeverity{
	checks.Low: samply.DetectedIssueSeverityLow, checks.Moderate: samply.DetectedIssueSeverityModerate,
	checks.High: samply.DetectedIssueSeverityHigh,
}

// flagStatus says in FHIR's words what became of the finding. An answer to a flag leaves the
// finding as it is: final.
func flagStatus(f *checks.Flag) samply.ObservationStatus {
	switch {
	case f.Reason == checks.ReasonEnteredInError:
		return samply.ObservationStatusEnteredInError
	case f.Change == checks.ChangeResolved, f.Change == checks.ChangeMoved, f.State == checks.Resolved:
		return samply.ObservationStatusCancelled
	case f.Change == checks.ChangeUpdated:
		return samply.ObservationStatusAmended
	}
	return samply.ObservationStatusFinal
}

// checkCodes are DetectedIssue.code by check, made once: every flag has one of them.
var checkCodes = sync.OnceValue(func() map[string]*samply.CodeableConcept {
	all := map[string]*samply.CodeableConcept{}
	for _, c := range checks.Catalogue() {
		code := &samply.CodeableConcept{
			Coding: []samply.Coding{{System: ptr(CheckSystem), Code: ptr(c.ID), Display: ptr(c.Title)}},
			Text:   ptr(c.Title),
		}
		if k := categories[c.ID]; k != (category{}) {
			code.Coding = append(code.Coding, samply.Coding{
				System: ptr(actCodeSystem), Code: ptr(k.code), Display: ptr(k.display),
			})
		}
		all[c.ID] = code
	}
	return all
})

func checkCode(check string) *samply.CodeableConcept {
	if check == "" {
		return nil
	}
	if code := checkCodes()[check]; code != nil {
		return code
	}
	return &samply.CodeableConcept{Coding: []samply.Coding{{System: ptr(CheckSystem), Code: ptr(check)}}}
}

// flagTime writes an instant as FHIR does: UTC, and as many digits of the second as needed. Absent
// when t is zero.
func flagTime(t time.Time) (*string, error) {
	if t.IsZero() {
		return nil, nil
	}
	t = t.UTC()
	if t.Year() < 1 || t.Year() > 9999 {
		return nil, fmt.Errorf("as-of year %d is not within 1 to 9999", t.Year())
	}
	return ptr(t.Format(time.RFC3339Nano)), nil
}

// joinDetail writes summary and action as two paragraphs.
func joinDetail(summary, action string) string {
	if summary == "" || action == "" {
		return summary + action
	}
	return summary + "\n\n" + action
}

func flagExtensions(f *checks.Flag) []samply.Extension {
	// an Extension is large, growing copies it
	list := make(
		extensions, 0, 12+len(f.Alternatives)+len(f.Citations)+len(f.Orders)+len(f.Counsel)+len(f.Clears),
	)
	list.code(extState, string(f.State))
	list.code(extChange, string(f.Change))
	list.number(extNumber, f.Number)
	list.code(extReason, string(f.Reason))
	list.code(extRLS, f.RLS.String())
	list.text(ExtBasis, f.Basis)
	list.text(ExtIngredient, f.Ingredient)
	list.text(extAction, f.Action)
	for _, a := range f.Alternatives {
		list.text(extAlternative, a)
	}
	for _, c := range f.Citations {
		list.citation(c)
	}
	for _, o := range f.Orders {
		list.order(o)
	}
	for _, c := range f.Counsel {
		list.text(extCounsel, c)
	}
	list.next(f.Next)
	for i := range f.Clears {
		list.clears(&f.Clears[i])
	}
	if f.ClearsCut {
		list = append(list, samply.Extension{Url: extClearsCut, ValueBoolean: ptr(true)})
	}
	list.code(extAudience, f.Audience)
	list.text(extRuleset, f.Ruleset)
	return list
}

// extensions leave absent values out, since FHIR has no empty ones.
type extensions []samply.Extension

func (l *extensions) code(url, v string) {
	if v != "" {
		*l = append(*l, samply.Extension{Url: url, ValueCode: &v})
	}
}

func (l *extensions) text(url, v string) {
	if v != "" {
		*l = append(*l, samply.Extension{Url: url, ValueString: &v})
	}
}

func (l *extensions) number(url string, v uint64) {
	switch {
	case v == 0:
	case v <= math.MaxInt32:
		*l = append(*l, samply.Extension{Url: url, ValueUnsignedInt: ptr(int(v))})
	default:
		*l = append(*l, samply.Extension{Url: url, ValueDecimal: ptr(json.Number(strconv.FormatUint(v, 10)))})
	}
}

func (l *extensions) citation(c checks.Citation) {
	parts := make(extensions, 0, 4)
	parts.text("source", c.Source)
	parts.text("doi", c.DOI)
	parts.text("strength", c.Strength)
	parts.text("review", c.Review)
	if len(parts) > 0 {
		*l = append(*l, samply.Extension{Url: extCitation, Extension: parts})
	}
}

func (l *extensions) next(n ahead.Next) {
	parts := make(extensions, 0, 2)
	parts.time("at", n.At)
	parts.code("to", string(n.To))
	if len(parts) > 0 {
		*l = append(*l, samply.Extension{Url: extNext, Extension: parts})
	}
}

func (l *extensions) order(o checks.OrderWords) {
	parts := make(extensions, 0, 4)
	parts.text("ref", string(o.Ref))
	parts.text("product", o.Product)
	parts.text("dose", o.Dose)
	parts.text("since", o.Since)
	if len(parts) > 0 {
		*l = append(*l, samply.Extension{Url: extOrder, Extension: parts})
	}
}

// time writes t as a dateTime; a time of day without an offset, which is none in FHIR, as a string.
func (l *extensions) time(url string, t moment.Time) {
	text := datetime.Text(t)
	switch t.Precision {
	case moment.NoTime:
	case moment.WithoutOff:
		l.text(url, text)
	default:
		*l = append(*l, samply.Extension{Url: url, ValueDateTime: &text})
	}
}

// implicated are the orders behind a flag, shown as what they order.
func implicated(f *checks.Flag) []samply.Reference {
	list := referencesTo(f.Implicated)
	for i := range list {
		for _, o := range f.Orders {
			if string(o.Ref) == *list[i].Reference {
				list[i].Display = optional(o.Words())
			}
		}
	}
	return list
}

func referencesTo(refs []facts.Ref) []samply.Reference {
	var list []samply.Reference
	for _, r := range refs {
		if r != "" {
			list = append(list, *referenceTo(r))
		}
	}
	return list
}

func referenceTo(r facts.Ref) *samply.Reference {
	if r == "" {
		return nil
	}
	return &samply.Reference{Reference: ptr(string(r))}
}

func tagList(list []codes.Coding) []samply.Coding {
	var out []samply.Coding
	for _, c := range list {
		out = append(
			out,
			samply.Coding{System: optional(c.System), Code: optional(c.Code), Display: optional(c.Display)},
		)
	}
	return out
}

func ptr[T any](v T) *T { return &v }

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
