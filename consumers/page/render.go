package page

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/rlsguard/rlsguard/checks"
)

// bar is the line on top: what the list rests on, so that an empty list is not taken for a safe
// one.
type bar struct {
	state
	CSRF              string
	Filter            filter
	Blind             bool
	Sight             string
	Inputs            Inputs
	Unreviewed, Rules int
	Author            string
	MayAnswer         bool
}

func (p *Page) bar(s *session, f filter) bar {
	b := bar{
		state: p.list.state(), CSRF: s.csrf, Filter: f, Inputs: p.known(), Author: plain(s.who()),
		MayAnswer: p.Source.MayAnswer(),
	}
	b.Blind = !b.Since.IsZero()
	switch at := b.Last.In(p.Zone); {
	case b.Blind:
		b.Sight = "not connected since " + b.Since.In(p.Zone).Format("15:04:05") + ": the list may be old"
	case !b.Ready:
		b.Sight = "reading the flags"
	case b.Last.IsZero():
		b.Sight = "live, no event yet"
	default:
		b.Sight = "live, last event " + at.Format("15:04:05")
	}
	ids, unreviewed := p.list.checks()
	b.Unreviewed, b.Rules = unreviewed, len(ids)
	return b
}

// chip is a filter set by one click.
type chip struct {
	Text, URL string
	On        bool
}

// choice is a line of a menu.
type choice struct {
	ID, Title, Name, Value, Text string
	On                           bool
}

// top is what is above the rows, and bottom below them.
type top struct {
	bar
	Now     int64
	Open    string // token of the patient shown
	Chips   []chip
	Checks  []choice
	Dues    []choice
	Kept    []choice // parts of the filter not set by the menus
	Patient *patientView
	Gone    bool
}

// Query is the filter as an address has it.
func (f filter) Query() string { return f.query() }

func (p *Page) top(s *session, f filter) *top {
	t := &top{bar: p.bar(s, f), Now: p.Now().Unix()}
	all := filter{Check: f.Check, Due: f.Due}
	add := func(text string, to filter, on bool) {
		if on { // a second click removes it
			to = all
		}
		t.Chips = append(t.Chips, chip{text, "/" + to.query(), on})
	}
	with := func(change func(*filter)) filter { to := all; change(&to); return to }
	add("All", all, f == all)
	t.Chips[0].URL = "/" + all.query()
	for _, severity := range []checks.Severity{checks.High, checks.Moderate, checks.Low} {
		add(capital(severity.String()), with(func(to *filter) { to.Severity = severity }), f.Severity == severity)
	}
	add("New to me", with(func(to *filter) { to.New = true }), f.New)
	add("Unanswered", with(func(to *filter) { to.Answered = "no" }), f.Answered == "no")
	add("Answered", with(func(to *filter) { to.Answered = "yes" }), f.Answered == "yes")
	for _, c := range checks.Catalogue() {
		t.Checks = append(t.Checks, choice{ID: c.ID, Title: c.Title, On: c.ID == f.Check})
	}
	for _, days := range []int{0, 7, 30, 90} {
		text := "Due whenever"
		if days > 0 {
			text = fmt.Sprintf("Changes within %d days", days)
		}
		t.Dues = append(t.Dues, choice{Value: strconv.Itoa(days), Text: text, On: days == f.Due})
	}
	t.keep(f)
	return t
}

// keep carries the rest of the filter in the form of the menus.
func (t *top) keep(f filter) {
	for _, c := range []choice{
		{Name: "severity", Value: f.Severity.String()}, {Name: "answered", Value: f.Answered},
		{Name: "new", Value: map[bool]string{true: "1"}[f.New]},
	} {
		if c.Value != "" {
			t.Kept = append(t.Kept, c)
		}
	}
}

// serveList writes the list, with or without a patient beside it. The top goes out before the rows,
// so that it appears at once.
func (p *Page) serveList(w http.ResponseWriter, r *http.Request, token string) {
	s, f, now := current(r), readFilter(r.URL.Query()), time.Now()
	since := s.sinceLastVisit(now)
	noteSeen(w, now)
	rows, number := p.list.rows(func(r *row) bool { return f.through(r, since, p.Now()) })
	t := p.top(s, f)
	t.Number, t.Open = number, token
	status := http.StatusOK
	if token != "" {
		if t.Patient = p.view(r, token); t.Patient == nil {
			t.Gone, t.Open, status = true, "", http.StatusNotFound
		}
	}
	var b bytes.Buffer
	if err := templates().ExecuteTemplate(&b, "top", t); err != nil {
		p.Log.Error().Msg("the list could not be made")
		http.Error(w, "the list could not be made; the log has a line about it", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	for i, row := range rows {
		if i == firstRows {
			_, _ = w.Write(b.Bytes())
			b.Reset()
			_ = http.NewResponseController(w).Flush()
		}
		p.writeRow(&b, row, since)
	}
	if err := templates().ExecuteTemplate(&b, "bottom", t); err != nil {
		p.Log.Error().Msg("the list could not be ended")
	}
	_, _ = w.Write(b.Bytes()) // whoever does not wait for it does not want it
}

// firstRows are sent before the others: more than a screenful.
const firstRows = 60

// rowView is the input of the row template.
type rowView struct {
	*row
	Class, Name, Age, Reasons, Record string
	At                                int64
}

// writeRow writes a row for a user whose last visit was at since. The parts shared by all users are
// rendered once.
func (p *Page) writeRow(b *bytes.Buffer, r *row, since time.Time) {
	r.once.Do(func() { p.fill(r) })
	b.WriteString(r.html[0])
	b.WriteString(`<span class="when">`)
	if r.Changed.After(since) {
		word := "new"
		if r.Worse {
			word = "worse"
		}
		b.WriteString(`<b class="news">` + template.HTMLEscapeString(word) + `</b> `)
	}
	b.WriteString(r.html[1])
}

// fill renders the parts of a row shared by all users.
func (p *Page) fill(r *row) {
	v := rowView{
		row: r, Class: class(r.Worst), Name: name(r.Ref), Age: age(p.Now().Sub(r.Oldest)), Record: p.recordURL(r.Ref),
		Reasons: plain(strings.Join(r.Reasons, " · ")), At: r.Oldest.Unix(),
	}
	if r.Least {
		v.Age = "over " + v.Age
	}
	for i, part := range []string{"row-start", "row-end"} {
		var html bytes.Buffer
		if err := templates().ExecuteTemplate(&html, part, v); err != nil {
			p.Log.Error().Msg("a row could not be made")
			return
		}
		r.html[i] = html.String()
	}
}
