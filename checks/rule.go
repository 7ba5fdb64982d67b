package checks

// ruleStatus is how far the review of a rule has come.
type ruleStatus string

// Rule statuses.
const (
	ruleSubmitted   ruleStatus = "submitted"
	ruleUnderReview ruleStatus = "under review"
	ruleApproved    ruleStatus = "approved"
)

// rulePending is the review status of a citation that no clinician has confirmed yet.
const rulePending = "pending"

// rule is the life of a rule: raised by one whenever a threshold, a severity or a trigger changes.
type rule struct {
	Version    int
	Status     ruleStatus
	Reviewer   string // who approved it, "" before
	Date       string // of the last status, ISO 8601
	NextReview string // when it is due again, ISO 8601
}

// pending is a rule that waits for its clinical review.
func pending(version int) rule {
	return rule{Version: version, Status: ruleSubmitted, Date: "2026-11-29", NextReview: "2027-05-29"}
}
