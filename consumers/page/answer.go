package page

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/consumers/ordercheck"
	"github.com/rlsguard/rlsguard/fhir/datetime"
)

// serveAnswer accepts an answer to flags of one patient.
func (p *Page) serveAnswer(w http.ResponseWriter, r *http.Request) {
	token, s := r.PathValue("token"), current(r)
	said, status := "", http.StatusOK
	problem := p.mayAnswer(s)
	if problem == "" {
		said, problem, status = p.answer(r, token)
	} else {
		status = http.StatusForbidden
	}
	v := p.view(r, token)
	switch {
	case v == nil:
		p.show(w, http.StatusNotFound, "patient", top{Gone: true})
	case r.Header.Get("X-Requested-With") == "rlsguard":
		v.Problem, v.Said = problem, said
		p.show(w, status, "patient", top{Patient: v})
	case problem != "":
		http.Error(w, problem, status)
	default:
		http.Redirect(w, r, "/patient/"+token, http.StatusSeeOther)
	}
}

// mayAnswer says why a user may not answer; "" if they may.
func (p *Page) mayAnswer(s *session) string {
	switch {
	case !p.Source.MayAnswer():
		return "This page is for reading only."
	case s.who() == "":
		return "Say who you are first: the name stands beside the answer."
	case !s.answers.Allow():
		return "Too many answers at once: wait a moment."
	}
	return ""
}

// answer sends the answers in a form.
func (p *Page) answer(r *http.Request, token string) (said, problem string, status int) {
	a, ids, problem := p.readAnswer(r)
	if problem != "" {
		return "", problem, http.StatusUnprocessableEntity
	}
	_, flags := p.list.of(token)
	sent := 0
	for i := range flags {
		f := &flags[i]
		if !slices.Contains(ids, f.ID) {
			continue
		}
		issue, err := ordercheck.Acknowledgement(&f.Flag, a)
		if err == nil {
			err = p.Source.Answer(r.Context(), issue)
		}
		switch {
		case errors.Is(err, errNotAllowed):
			return "", "The user of this page may not answer: that is a right of its own (fhir.DetectedIssue).",
				http.StatusForbidden
		case err != nil:
			p.Log.Error().Msg("an answer could not be stored")
			return "", "The answer could not be stored: try again. What was answered before stands in the list.",
				http.StatusBadGateway
		}
		sent++
	}
	if sent < len(ids) {
		return "", "A flag that was marked is not open any more. Answered: " + number(sent) + ".", http.StatusConflict
	}
	return "Sent. It shows here as soon as it is stored.", "", http.StatusOK
}

// readAnswer reads the decision and the flags it is for; problem says what is missing.
func (p *Page) readAnswer(r *http.Request) (a facts.Acknowledgement, ids []string, problem string) {
	do, one, single := strings.Cut(r.FormValue("do"), ":")
	if ids = r.Form["flag"]; single {
		ids = []string{one}
	}
	slices.Sort(ids)
	if ids = slices.Compact(ids); len(ids) == 0 {
		return a, nil, "Mark the flags that you answer."
	}
	a = facts.Acknowledgement{
		Author: current(r).who(), Date: moment.Instant(p.Now().UTC().Truncate(time.Second)),
	}
	switch do {
	case "acknowledge":
	case "override":
		a.Override, a.Reason = true, r.FormValue("reason")
		if !slices.ContainsFunc(p.Reasons, func(k ordercheck.Reason) bool { return k.Code == a.Reason }) {
			return a, nil, "Choose a reason to override."
		}
	default:
		return a, nil, "Choose what to answer."
	}
	a.Comment = strings.TrimSpace(r.FormValue("comment"))
	if len([]rune(a.Comment)) > longestComment || strings.ContainsFunc(a.Comment, unprintable) {
		return a, nil, "The comment is longer than 500 letters, or has characters that cannot be read."
	}
	if text := r.FormValue("until"); text != "" {
		var ok bool
		if a.Until, ok = datetime.Parse(text); !ok {
			return a, nil, "The end of the answer is no date."
		}
		if !a.Until.End(p.Zone).After(p.Now()) {
			return a, nil, "The end of the answer is over already."
		}
	}
	return a, ids, ""
}

// longestComment is the maximum length of a comment, in characters.
const longestComment = 500

// answered is a line in the list of answers.
type answered struct {
	Token, Name, Class, Flag, What, Comment, Who, When, Until string
	Soon                                                      bool
	ends                                                      time.Time
}

// soon is how long before its end an answer is shown as about to lapse.
const soon = 14 * 24 * time.Hour

// serveAnswers lists the answered open flags, soonest to lapse first.
func (p *Page) serveAnswers(w http.ResponseWriter, r *http.Request) {
	s := current(r)
	data := struct {
		bar
		Answers []answered
	}{bar: p.bar(s, filter{})}
	for _, f := range p.list.answers() {
		a := answered{
			Token: p.token(f.Patient), Name: name(f.Patient), Class: class(f.Severity), Flag: plain(f.Brief()),
			What: p.reasonWords(f.Ack), Who: plain(f.Ack.Author), Until: "what it rests on gets worse",
			Comment: plain(f.Ack.Comment),
		}
		if !f.Ack.Date.IsZero() {
			a.When = f.Ack.Date.Date(p.Zone)
		}
		if !f.Ack.Until.IsZero() {
			a.Until, a.ends = f.Ack.Until.Date(p.Zone), f.Ack.Until.End(p.Zone)
			a.Soon = a.ends.Before(p.Now().Add(soon))
		}
		data.Answers = append(data.Answers, a)
	}
	slices.SortStableFunc(data.Answers, func(a, b answered) int {
		if a.ends.IsZero() != b.ends.IsZero() {
			if a.ends.IsZero() {
				return 1
			}
			return -1
		}
		return a.ends.Compare(b.ends)
	})
	p.show(w, http.StatusOK, "answers", data)
}

// answers are the answered open flags.
func (l *list) answers() (all []checks.Flag) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range l.patients {
		for _, f := range p.flags {
			if f.answered() {
				all = append(all, f.Flag)
			}
		}
	}
	slices.SortFunc(all, func(a, b checks.Flag) int { return strings.Compare(a.ID, b.ID) })
	return all
}
