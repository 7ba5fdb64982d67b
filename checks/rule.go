package checks

import (
	"strings"
	"time"
)

// RuleStatus is how far the review of a rule has come.
type RuleStatus string

// Rule statuses. A void approval covers something other than what is in force; an overdue one still
// counts.
const (
	RuleSubmitted   RuleStatus = "submitted"
	RuleUnderReview RuleStatus = "under review"
	RuleApproved    RuleStatus = "approved"
	RuleOverdue     RuleStatus = "overdue"
	RuleVoid        RuleStatus = "void"
)

// rulePending is the review status of a citation no clinician has confirmed yet.
const rulePending = "pending"

// Rule is the review history of a rule. Its version rises by one whenever a threshold, a severity
// or a trigger changes.
type Rule struct {
	Version    int
	Status     RuleStatus
	Reviewer   string   // who approved it, "" before
	Date       string   // of the last status, ISO 8601
	NextReview string   // when it is next due, ISO 8601
	Changed    []string // for a void approval: what differs from what was approved
}

func pending(version int) Rule {
	return Rule{Version: version, Status: RuleSubmitted, Date: "2026-11-29", NextReview: "2027-05-29"}
}

// StatusOn is the status on a day: an approval whose next review has passed is overdue.
func (r Rule) StatusOn(day time.Time) RuleStatus {
	if r.Status == RuleApproved && r.NextReview < day.Format(time.DateOnly) {
		return RuleOverdue
	}
	return r.Status
}

// RuleOf is the rule of a check under the site's approvals; the catalogue's own if there is none.
func (s *Settings) RuleOf(c Check) Rule {
	if r, ok := s.Approvals[c.ID]; ok {
		return r
	}
	return c.Rule
}

// citations are those of a check with the site's review status. They give the date of the next
// review, not whether it has passed: time alone changes no flag.
func (s *Settings) citations(c Check) []Citation {
	r, ok := s.Approvals[c.ID]
	if !ok {
		return c.Citations
	}
	review := string(r.Status)
	switch r.Status {
	case RuleApproved:
		review = approvedUntil + r.NextReview
	case RuleVoid:
		review = "approval void"
	}
	cited := make([]Citation, len(c.Citations))
	for i, one := range c.Citations {
		one.Review = review
		cited[i] = one
	}
	return cited
}

const approvedUntil = "approved, next review "

// Reviewed reports whether the rule behind a flag's citations has been approved.
func Reviewed(cited []Citation) bool {
	for _, c := range cited {
		if !strings.HasPrefix(c.Review, approvedUntil) {
			return false
		}
	}
	return len(cited) > 0
}
