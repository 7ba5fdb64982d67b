package page

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/ahead"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/ordercheck"
	"github.com/rlsguard/rlsguard/consumers/timeline"
)

// patientView is one patient as the template shows them.
type patientView struct {
	Token, Name, About, Record, CSRF string
	Problem, Said                    string // for an answer just given
	Groups                           []group
	Counsel                          []string
	MayAnswer                        bool
	Reasons                          []ordercheck.Reason
	told
}

// group is flags of one urgency.
type group struct {
	Title string
	Flags []flagView
}

type flagView struct {
	ID, Class            string
	Line, Short          string // seen before it is opened
	Summary, Action      string
	Alternatives, Clears []string
	Next, Answer         string
	Orders, Evidence     []refView
	Sources              []source
	History              []event
	MayAnswer            bool
}

// refView is a record, with words if available.
type refView struct{ Text, Ref, URL string }

type source struct{ Text, DOI, Review string }

type event struct{ When, What string }

// view is nil if nothing is open for the patient.
func (p *Page) view(r *http.Request, token string) *patientView {
	ref, flags := p.list.of(token)
	if flags == nil {
		return nil
	}
	line, err := p.Source.Timeline(r.Context(), flags[0].ID)
	v := &patientView{
		Token: token, Name: name(ref), Record: p.recordURL(ref), CSRF: current(r).csrf,
		MayAnswer: p.Source.MayAnswer(),
		Reasons:   p.Reasons,
	}
	v.told = p.tell(line, err)
	groups := []group{{Title: "First"}, {Title: "Then"}, {Title: "For information"}, {Title: "Answered"}}
	for i := range flags {
		f := &flags[i]
		at := min(rank(f), len(groups)-1)
		groups[at].Flags = append(groups[at].Flags, p.flagView(f, toldOf(line, f.ID)))
		for _, c := range plainAll(f.Counsel) {
			if !slices.Contains(v.Counsel, c) {
				v.Counsel = append(v.Counsel, c)
			}
		}
	}
	v.Groups = slices.DeleteFunc(groups, func(g group) bool { return len(g.Flags) == 0 })
	v.About = v.Who + p.about(flags)
	return v
}

// about says how much there is to look at.
func (p *Page) about(flags []flag) string {
	open := 0
	var last time.Time
	for i := range flags {
		if !flags[i].answered() {
			open++
		}
		if flags[i].AsOf.After(last) {
			last = flags[i].AsOf
		}
	}
	words := "nothing left to answer"
	switch {
	case open == 1:
		words = "one thing to look at"
	case open > 1:
		words = number(open) + " things to look at"
	}
	return words + " · last change " + last.In(p.Zone).Format("2006-01-02 15:04")
}

func (p *Page) flagView(f *flag, told *timeline.Flag) flagView {
	v := flagView{
		ID: f.ID, Class: class(f.Severity), Line: firstSentence(plain(f.Summary)), Summary: plain(f.Summary),
		Action:       plain(f.Action),
		Alternatives: plainAll(f.Alternatives), MayAnswer: p.Source.MayAnswer(), Answer: p.answerWords(f.Ack),
	}
	if f.answered() {
		v.Class, v.Short = "answered", v.Answer
	}
	v.Next, v.Clears = p.next(f.Next), clearsWords(f.Clears, f.ClearsCut)
	if told != nil { // newer than the flag if only its next moment shifted
		v.History, v.Clears = p.history(told.History), clearsWords(told.Clears, told.ClearsCut)
		if opened, ok := openedBy(told.History); ok {
			p.list.knew(f.ID, opened)
		}
	}
	for _, ref := range f.Implicated {
		text := ""
		if i := slices.IndexFunc(f.Orders, func(o checks.OrderWords) bool { return o.Ref == ref }); i >= 0 {
			text = f.Orders[i].Words()
		}
		v.Orders = append(v.Orders, p.refView(ref, text))
	}
	for _, ref := range f.Evidence {
		v.Evidence = append(v.Evidence, p.refView(ref, ""))
	}
	for _, c := range f.Citations {
		s := source{Text: plain(c.Source), DOI: plain(c.DOI), Review: "rule " + plain(c.Review)}
		if c.Strength != "" {
			s.Text += ", " + plain(c.Strength)
		}
		if c.Review == "pending" {
			s.Review = "rule not yet reviewed"
		}
		v.Sources = append(v.Sources, s)
	}
	return v
}

func (p *Page) refView(ref facts.Ref, text string) refView {
	v := refView{Text: plain(text), Ref: plain(string(ref)), URL: p.recordURL(ref)}
	if v.Text == "" && v.URL == "" {
		v.Text = v.Ref
	}
	return v
}

// next says when time alone changes a flag, and to what.
func (p *Page) next(n ahead.Next) string {
	if n.IsZero() {
		return ""
	}
	return "on " + n.At.Date(p.Zone) + " it " + plain(n.To.Words())
}

// answerWords say who answered what, and until when it holds.
func (p *Page) answerWords(a *facts.Acknowledgement) string {
	if a == nil {
		return ""
	}
	words := []string{p.reasonWords(a)}
	if a.Author != "" {
		words = append(words, "by "+plain(a.Author))
	}
	if !a.Date.IsZero() {
		words = append(words, "on "+a.Date.Date(p.Zone))
	}
	if !a.Until.IsZero() {
		words = append(words, "until "+a.Until.Date(p.Zone))
	}
	if a.Comment != "" {
		return strings.Join(words, ", ") + ": “" + plain(a.Comment) + "”"
	}
	return strings.Join(words, ", ")
}

func (p *Page) reasonWords(a *facts.Acknowledgement) string {
	words := "Acknowledged"
	if a.Override {
		words = "Overridden"
	}
	for _, r := range p.Reasons {
		if r.Code == a.Reason {
			return words + ": " + plain(r.Display)
		}
	}
	if a.Reason != "" && a.Reason != "noted" {
		words += ": " + plain(a.Reason)
	}
	return words
}

// firstSentence of a text.
func firstSentence(text string) string {
	if end := strings.Index(text, ". "); end > 0 {
		return text[:end]
	}
	return strings.TrimSuffix(text, ".")
}

// number in words, as far as people write them.
func number(n int) string {
	words := []string{"no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"}
	if n < len(words) {
		return words[n]
	}
	return "many"
}

// servePatient shows one patient: alone for the page's script, or beside the list.
func (p *Page) servePatient(w http.ResponseWriter, r *http.Request) {
	token := r.PathValue("token")
	if r.Header.Get("X-Requested-With") != "rlsguard" {
		p.serveList(w, r, token)
		return
	}
	v := p.view(r, token)
	status := http.StatusOK
	if v == nil {
		status = http.StatusNotFound
	}
	p.show(w, status, "patient", top{Patient: v, Gone: v == nil})
}
