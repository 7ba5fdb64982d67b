package page

import (
	"errors"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/clears"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/page/chart"
	"github.com/rlsguard/rlsguard/consumers/timeline"
)

// told is what rls.patient adds to the flags.
type told struct {
	NoTimeline   string // why it adds nothing
	Who          string // age, sex and RLS, followed by a separator
	Notes        []string
	Chart, Table template.HTML
	Silences     []silent
	Earlier      []earlier
	Leaflet      bool
}

type silent struct{ What, Why string }

// earlier is a flag that is no longer open.
type earlier struct {
	Line    string
	History []event
}

// tell is all of a timeline except what belongs to open flags.
func (p *Page) tell(line *timeline.Patient, err error) told {
	switch {
	case errors.Is(err, errNotAllowed):
		return told{NoTimeline: "The user of this page may not ask for timelines (rls.patient): " +
			"the flags stand here without."}
	case err != nil:
		p.Log.Warn().Err(err).Msg("no timeline")
		return told{NoTimeline: "The timeline is not to be had at the moment: the flags stand here without."}
	}
	t := told{Who: p.who(line), Leaflet: len(line.Leaflet.Texts) > 0}
	for _, note := range []string{line.Gap, line.Cut} {
		if note != "" {
			t.Notes = append(t.Notes, plain(note))
		}
	}
	for _, u := range line.Unread {
		t.Notes = append(t.Notes, "Not read of "+plain(string(u.Ref))+": "+plain(u.Words))
	}
	for _, s := range line.Silences {
		what := []string{}
		for _, w := range []string{checkTitle(s.Check), plain(s.Ingredient), plain(string(s.Order))} {
			if w != "" {
				what = append(what, w)
			}
		}
		t.Silences = append(t.Silences, silent{strings.Join(what, " · "), plain(s.Words)})
	}
	if err := t.draw(line, p.recordURL); err != nil {
		p.Log.Error().Msg("the tables of a timeline could not be made")
		t.Notes = append(t.Notes, "The table of this timeline could not be made.")
	}
	for i := range line.Flags {
		if f := &line.Flags[i]; !f.Open() {
			t.Earlier = append(t.Earlier, earlier{
				capital(checkTitle(f.Check)) + nonEmpty(": ", plain(f.Ingredient)), p.history(f.History),
			})
		}
	}
	return t
}

// draw makes the figures, for a pane and for a phone, and the same as tables.
func (t *told) draw(line *timeline.Patient, link func(facts.Ref) string) error {
	name := func(f *timeline.Flag) string {
		found := checks.Finding{Check: f.Check, Ingredient: f.Ingredient, Summary: f.Summary}
		return plain(found.Brief())
	}
	for _, f := range []struct {
		class string
		width chart.Width
	}{{"tl-wide", chart.Wide}, {"tl-narrow", chart.Narrow}} {
		svg := chart.SVG(line, chart.Options{ID: f.class + "-", Width: f.width, Name: name})
		t.Chart += template.HTML(`<div class="` + f.class + `">` + string(svg) + `</div>`)
	}
	tables, err := chart.Tables(line, chart.Options{ID: "tl-tables-", Name: name, Link: link})
	t.Table = template.HTML(`<div class="tl-tables">` + string(tables) + `</div>`)
	return err
}

// who gives age, sex and how RLS counts.
func (p *Page) who(line *timeline.Patient) (words string) {
	rls := "RLS " + plain(line.RLS.Status) + nonEmpty(" ", plain(line.RLS.Since.Words))
	person := plain(line.Person.Sex)
	if line.Person.Age != nil {
		person = strings.TrimPrefix(person+", "+strconv.Itoa(*line.Person.Age), ", ")
	}
	for _, part := range []string{person, rls} {
		if part != "" {
			words += part + " · "
		}
	}
	return words
}

func checkTitle(id string) string {
	for _, c := range checks.Catalogue() {
		if c.ID == id {
			return c.Title
		}
	}
	return plain(id)
}

func nonEmpty(before, text string) string {
	if text == "" {
		return ""
	}
	return before + text
}

// toldOf is what a timeline says of a flag; nil if nothing.
func toldOf(line *timeline.Patient, id string) *timeline.Flag {
	if line == nil {
		return nil
	}
	if i := slices.IndexFunc(line.Flags, func(f timeline.Flag) bool { return f.ID == id }); i >= 0 {
		return &line.Flags[i]
	}
	return nil
}

// clearsWords are the changes after which a flag would not be open.
func clearsWords(list []clears.Change, cut bool) (all []string) {
	for _, c := range clears.Shown(list) {
		all = append(all, plain(c.Text))
	}
	if cut {
		all = append(all, checks.MoreClears())
	}
	return all
}

// openedBy is when a flag last opened.
func openedBy(steps []timeline.Step) (at time.Time, ok bool) {
	for _, s := range steps {
		if s.Transition == checks.ChangeOpened {
			at, ok = s.At, true
		}
	}
	return at, ok
}

// history says what became of a flag, newest first.
func (p *Page) history(steps []timeline.Step) (all []event) {
	for _, s := range slices.Backward(steps) {
		e := event{When: s.At.In(p.Zone).Format("2006-01-02 15:04"), What: plain(string(s.Transition))}
		if s.Severity != "" {
			e.What += ", " + plain(s.Severity)
		}
		if s.Author != "" {
			e.What += " by " + plain(s.Author)
		}
		for _, why := range []string{string(s.Reason), s.Why} {
			if why != "" && why != "noted" {
				e.What += ": " + strings.ReplaceAll(plain(why), "-", " ")
			}
		}
		all = append(all, e)
	}
	return all
}

// serveLeaflet writes the plain words about a patient's flags, on a page to print. It does not name
// the patient.
func (p *Page) serveLeaflet(w http.ResponseWriter, r *http.Request) {
	_, flags := p.list.of(r.PathValue("token"))
	if flags == nil {
		p.show(w, http.StatusNotFound, "signed-out", nil)
		return
	}
	line, err := p.Source.Timeline(r.Context(), flags[0].ID)
	if err != nil {
		p.Log.Warn().Err(err).Msg("no leaflet")
		http.Error(w, "The leaflet is not to be had at the moment.", http.StatusBadGateway)
		return
	}
	p.show(w, http.StatusOK, "leaflet", struct {
		Texts, Counsel []string
		Date           string
	}{plainAll(line.Leaflet.Texts), plainAll(line.Leaflet.Counsel), line.AsOf.In(p.Zone).Format(time.DateOnly)})
}
