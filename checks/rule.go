package checks

// RuleStatus is how far the review of a rule has come.
type RuleStatus string

// Rule statuses.
const (
	Submitted   RuleStatus = "submitted"
	UnderReview RuleStatus = "under review"
	Approved    RuleStatus = "approved"
)

// Pending is the review status of a citation that no clinician has confirmed yet.
const Pending = "pending"

// Rule is the life of a rule: raised by one whenever a threshold, a severity or a trigger changes.
type Rule struct {
	Version    int
	Status     RuleStatus
	Reviewer   string // who approved it, "" before
	Date       string // of the last status, ISO 8601
	NextReview string // when it is due again, ISO 8601
}

// pending is a rule that waits for its clinical review.
func pending(version int) Rule {
	return Rule{Version: version, Status: Submitted, Date: "2026-11-29", NextReview: "2027-05-29"}
}
