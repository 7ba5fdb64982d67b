package cdshooks

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"time"

	"github.com/google/uuid"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/consumers/cdshooks/token"
	"github.com/rlsguard/rlsguard/consumers/ordercheck"
	"github.com/rlsguard/rlsguard/fhir/issue"
)

// Bus takes what feedback leads to.
type Bus interface {
	// Feedback stores and publishes one piece of feedback.
	Feedback(ctx context.Context, f Feedback) error
	// Acknowledge publishes the DetectedIssue that answers a flag.
	Acknowledge(ctx context.Context, detectedIssue []byte) error
	// FindFlag is the open flag that match accepts; nil when there is none.
	FindFlag(ctx context.Context, match func(*checks.Flag) bool) (*checks.Flag, error)
}

// Outcomes of feedback.
const (
	accepted   = "accepted"
	overridden = "overridden"
)

// Feedback is one piece of it, as it is stored. Comment is text of the user, and may say anything.
type Feedback struct {
	Service     string   `json:"service"`
	Card        string   `json:"card"`
	Outcome     string   `json:"outcome"`
	Suggestions []string `json:"acceptedSuggestions,omitempty"`
	Reason      *Coding  `json:"reason,omitempty"`
	Comment     string   `json:"comment,omitempty"`
	At          string   `json:"outcomeTimestamp"`
	Client      string   `json:"client,omitempty"` // issuer of its token
	Tenant      string   `json:"tenant,omitempty"`
	Flag        string   `json:"flag,omitempty"` // id of the flag that the card showed
	Check       string   `json:"check,omitempty"`
	Severity    string   `json:"severity,omitempty"`
	// Acknowledged: a DetectedIssue with the answer was published.
	Acknowledged bool `json:"acknowledged"`
}

// feedbackBody is what a client posts.
type feedbackBody struct {
	Feedback []struct {
		Card        string `json:"card"`
		Outcome     string `json:"outcome"`
		Suggestions []struct {
			ID string `json:"id"`
		} `json:"acceptedSuggestions"`
		Override *struct {
			Reason  *Coding `json:"reason"`
			Comment string  `json:"userComment"`
		} `json:"overrideReason"`
		At string `json:"outcomeTimestamp"`
	} `json:"feedback"`
}

var validCode = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// most pieces of feedback in a request, and most characters of a comment.
const (
	mostFeedback = 100
	mostComment  = 4000
)

// feedback takes what users did with cards. An overridden card becomes an answer to its flag.
func (h *handler) feedback(w http.ResponseWriter, r *http.Request, client *token.Client, body []byte) {
	if h.Bus == nil {
		problem(w, http.StatusNotImplemented, "feedback is not taken here")
		return
	}
	pieces, at, err := readFeedback(body)
	if err != nil {
		problem(w, http.StatusBadRequest, err.Error())
		return
	}
	for i := range pieces {
		f := &pieces[i]
		f.Service, f.Client, f.Tenant = r.PathValue("id"), client.Issuer, client.Tenant
		if err := h.take(r.Context(), f, at[i]); err != nil {
			h.Log.Error().Err(err).Msg("feedback cannot be stored")
			problem(w, http.StatusServiceUnavailable, "the feedback cannot be stored at the moment: send it again")
			return
		}
		h.Metrics.answered(f)
	}
	w.WriteHeader(http.StatusOK)
}

// readFeedback reads and checks a body as a whole: feedback that is half taken would be sent again.
func readFeedback(body []byte) ([]Feedback, []time.Time, error) {
	var b feedbackBody
	if json.Unmarshal(body, &b) != nil || len(b.Feedback) == 0 {
		return nil, nil, errors.New("expected an object with an array \"feedback\"")
	}
	if len(b.Feedback) > mostFeedback {
		return nil, nil, errors.New("too many pieces of feedback in one request")
	}
	pieces, times := make([]Feedback, 0, len(b.Feedback)), make([]time.Time, 0, len(b.Feedback))
	for _, in := range b.Feedback {
		at, err := time.Parse(time.RFC3339, in.At)
		if err != nil {
			return nil, nil, errors.New("outcomeTimestamp is not an RFC 3339 time")
		}
		if _, err := uuid.Parse(in.Card); err != nil {
			return nil, nil, errors.New("card is not a UUID")
		}
		if in.Outcome != accepted && in.Outcome != overridden {
			return nil, nil, errors.New("outcome is neither accepted nor overridden")
		}
		f := Feedback{Card: in.Card, Outcome: in.Outcome, At: at.UTC().Format(time.RFC3339Nano)}
		for _, s := range in.Suggestions {
			if _, err := uuid.Parse(s.ID); err != nil {
				return nil, nil, errors.New("an accepted suggestion has no UUID")
			}
			f.Suggestions = append(f.Suggestions, s.ID)
		}
		if in.Override != nil {
			f.Reason, f.Comment = in.Override.Reason, cut(in.Override.Comment, mostComment)
		}
		if f.Reason != nil && !validCode.MatchString(f.Reason.Code) {
			return nil, nil, errors.New("overrideReason.reason has no code of A-Z, a-z, 0-9, dot, minus and underscore")
		}
		pieces, times = append(pieces, f), append(times, at)
	}
	return pieces, times, nil
}

func cut(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most])
	}
	return s
}

// take answers the flag, and stores the feedback with what came of it.
func (h *handler) take(ctx context.Context, f *Feedback, at time.Time) error {
	card, err := h.findCard(ctx, f.Card)
	if err != nil {
		return err
	}
	if card != nil {
		f.Flag, f.Check, f.Severity = card.flag.ID, card.flag.Check, card.flag.Severity.String()
		if f.Outcome == overridden {
			issue, err := ordercheck.Acknowledgement(&card.flag, h.acknowledgement(f, card, at))
			if err != nil {
				return err
			}
			if err := h.Bus.Acknowledge(ctx, issue); err != nil {
				return err
			}
			f.Acknowledged = true
		}
	}
	return h.Bus.Feedback(ctx, *f)
}

// acknowledgement is what the user decided. Dismissed without a reason, a flag is noted and not
// overridden.
func (h *handler) acknowledgement(f *Feedback, card *shownCard, at time.Time) facts.Acknowledgement {
	if now := h.now(); at.After(now) {
		at = now // a clock ahead must not put the answer off
	}
	a := facts.Acknowledgement{Author: card.user, Date: moment.Instant(at.UTC().Truncate(time.Millisecond))}
	if a.Author == "" {
		a.Author = f.Client
	}
	switch {
	case f.Reason != nil:
		a.Override, a.Reason = true, f.Reason.Code
	case f.Comment != "":
		a.Override, a.Reason = true, ordercheck.ReasonOther
	default:
		a.Reason = issue.ActionNoted
	}
	return a
}

// findCard is the card that was shown, by this process or, for a flag that is open, by another.
func (h *handler) findCard(ctx context.Context, id string) (*shownCard, error) {
	if c, ok := h.shown.find(id); ok {
		return &c, nil
	}
	flag, err := h.Bus.FindFlag(ctx, func(f *checks.Flag) bool { return cardID(h.Checker.Engine.Key, f) == id })
	if flag == nil || err != nil {
		return nil, err
	}
	return &shownCard{flag: *flag}, nil
}
