package outcomes

import (
	"cmp"
	"encoding/json"
	"errors"
	"regexp"
	"time"

	"github.com/rlsguard/rlsguard/checks"
)

// Answer is what a user did with a CDS Hooks card.
type Answer struct {
	Card     string
	Flag     string // id; "" if the card was no longer known
	Check    string
	Severity checks.Severity
	Accepted bool
	Reason   string // for an override
	At       time.Time
}

// ReadAnswer reads a piece of feedback from the stream RLS_FEEDBACK. The user's own words are not
// read.
func ReadAnswer(data []byte) (Answer, error) {
	var in struct {
		Card, Flag, Check, Severity, Outcome string
		At                                   time.Time `json:"outcomeTimestamp"`
		Reason                               struct{ Code string }
	}
	if err := json.Unmarshal(data, &in); err != nil || in.Card == "" || in.At.IsZero() {
		return Answer{}, errors.New("this is not feedback")
	}
	a := Answer{Card: in.Card, Flag: in.Flag, Check: in.Check, Accepted: in.Outcome == "accepted", At: in.At}
	if !a.Accepted {
		a.Reason = code(in.Reason.Code)
	}
	if a.Flag == "" {
		return a, nil
	}
	if s, err := checks.ParseSeverity(in.Severity); err == nil {
		a.Severity = s
	}
	return a, nil
}

// AddAnswer adds an answer. Of several to one card the newest counts; one to an unknown card is
// counted only as such.
func (c *Counter) AddAnswer(a Answer) {
	if !c.period.holds(a.At) {
		return
	}
	to := c.answers
	if a.Flag == "" || a.Severity == checks.None || !known(a.Check) {
		to = c.unknown
	}
	a.Reason = code(a.Reason)
	if have, ok := to[a.Card]; !ok || have.before(&a) {
		to[a.Card] = a
	}
}

// before is a total order, so that it does not matter which answer is read first.
func (a *Answer) before(b *Answer) bool {
	if n := a.At.Compare(b.At); n != 0 {
		return n < 0
	}
	if a.Accepted != b.Accepted {
		return a.Accepted
	}
	return cmp.Or(
		cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Flag, b.Flag), cmp.Compare(a.Check, b.Check),
		cmp.Compare(a.Severity, b.Severity),
	) < 0
}

var codes = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._-]{0,63}$|^[0-9]{1,18}$`)

// noCode stands for a reason that is not a code: free text may name a patient.
const noCode = "other"

func code(s string) string {
	if codes.MatchString(s) {
		return s
	}
	return noCode
}

// known reports whether a check is one of ours: anything else may be any text.
func known(check string) bool {
	for _, c := range checks.Catalogue() {
		if c.ID == check {
			return true
		}
	}
	return false
}
