package ordercheck

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/fhir"
)

// Question is what an order check is asked.
type Question struct {
	Patient facts.Ref       // whose orders they are
	Drafts  []fhir.Resource // the orders being written
	Facts   []fhir.Resource // what else is known: results, diagnoses, orders
	Unread  []Unread        // what came with it and could not be taken
}

// Unread is a resource of the request that is left out, and why.
type Unread struct {
	Type    string      `json:"type,omitempty"`
	Pointer string      `json:"pointer,omitempty"`
	Reason  fhir.Reason `json:"reason"`
	Detail  string      `json:"detail,omitempty"`
	Draft   bool        `json:"draft,omitempty"` // it is one of the orders asked about
	// Partly: it is not left out; only what stands at Pointer could not be read.
	Partly bool `json:"partly,omitempty"`
}

// otherPatient is the reason of a resource that is about somebody else than the question.
const otherPatient fhir.Reason = "other-patient"

// Errors of a question that has no answer.
var (
	errNoDraft = errors.New(
		"no draft in it: expected a MedicationRequest, alone or in a Bundle or Parameters",
	)
	errNoPatient       = errors.New("no patient is named")
	errSeveralPatients = errors.New("drafts of more than one patient")
)

// readQuestion reads a MedicationRequest, which is the draft, a Bundle or Parameters. In Parameters
// the drafts are what stands in parameters whose name begins with "draft". Without such a name, and
// in a Bundle, they are the MedicationRequests that are drafts or have no status; where there is
// none of these, all MedicationRequests. Everything else is a fact. The error is a *fhir.Rejection
// for what cannot be read as a whole, or one of the above.
func readQuestion(r *fhir.Reader, data []byte) (*Question, error) {
	var all []fhir.Resource
	r.Document(data, func(res fhir.Resource) bool {
		all = append(all, res)
		return true
	})
	if len(all) == 1 && all[0].Rejection != nil {
		return nil, all[0].Rejection
	}
	named := draftParameters(r.Parameters())
	isDraft := func(res *fhir.Resource) bool { return isRequest(res) && beingWritten(res) }
	switch {
	case len(named) > 0:
		isDraft = func(res *fhir.Resource) bool {
			return isRequest(res) && slices.Contains(named, parameterOf(res.Pointer))
		}
	case !slices.ContainsFunc(all, func(res fhir.Resource) bool { return isDraft(&res) }):
		isDraft = isRequest
	}
	q := &Question{}
	for i := range all {
		q.Add(all[i], isDraft(&all[i]))
	}
	return q, q.findPatient()
}

// Add takes a resource into the question.
func (q *Question) Add(res fhir.Resource, draft bool) {
	switch {
	case res.Rejection != nil:
		pointer := res.Rejection.Pointer
		if pointer == "" {
			pointer = res.Pointer
		}
		q.Unread = append(
			q.Unread,
			Unread{
				Type:    res.Type,
				Pointer: pointer,
				Reason:  res.Rejection.Reason,
				Detail:  res.Rejection.Detail,
				Draft:   draft,
			},
		)
		return
	case !res.Relevant:
	case draft:
		q.Drafts = append(q.Drafts, res)
	default:
		q.Facts = append(q.Facts, res)
	}
	for _, u := range res.Unread {
		q.Unread = append(
			q.Unread,
			Unread{
				Type:    res.Type,
				Pointer: u.Pointer,
				Reason:  layout.PartlyRead,
				Detail:  u.Detail,
				Draft:   draft,
				Partly:  true,
			},
		)
	}
}

// LeftOut tells that a resource of the request was not looked at.
func LeftOut(unread []Unread) bool {
	return slices.ContainsFunc(unread, func(u Unread) bool { return !u.Partly })
}

// findPatient takes the patient of the drafts.
func (q *Question) findPatient() error {
	if len(q.Drafts) == 0 {
		return errNoDraft
	}
	for i := range q.Drafts {
		switch p := q.Drafts[i].Patient; {
		case p == "":
			return errNoPatient
		case q.Patient != "" && q.Patient != p:
			return errSeveralPatients
		default:
			q.Patient = p
		}
	}
	return nil
}

func isRequest(res *fhir.Resource) bool {
	return res.Type == "MedicationRequest" && (res.Rejection != nil || res.Fact.Kind == facts.KindOrder)
}

func beingWritten(res *fhir.Resource) bool {
	return res.Rejection == nil &&
		(res.Fact.Order.Status == facts.StatusDraft || res.Fact.Order.Status == facts.StatusUnknown)
}

// draftParameters are the positions of the parameters whose name begins with draft.
func draftParameters(names []string) []int {
	var named []int
	for i, name := range names {
		if strings.HasPrefix(strings.ToLower(name), "draft") {
			named = append(named, i)
		}
	}
	return named
}

// parameterOf is the position of the parameter that a pointer leads into; -1 when it leads into
// none.
func parameterOf(pointer string) int {
	rest, ok := strings.CutPrefix(pointer, "/parameter/")
	if !ok {
		return -1
	}
	number, _, _ := strings.Cut(rest, "/")
	n, err := strconv.Atoi(number)
	if err != nil {
		return -1
	}
	return n
}
