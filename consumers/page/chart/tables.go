package chart

import (
	"bytes"
	"cmp"
	_ "embed"
	"html/template"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/record"
	"github.com/rlsguard/rlsguard/consumers/timeline"
)

//go:embed tables.html
var tablesText string

var tablesTemplate = template.Must(template.New("tables").Parse(tablesText))

// Tables are everything a figure of p shows and omits, as HTML tables with captions. The error is
// one of the template.
func Tables(p *timeline.Patient, o Options) ([]byte, error) {
	t := tables{p: p, o: o, zone: frameOf(p, Wide).zone}
	var b bytes.Buffer
	err := tablesTemplate.Execute(&b, map[string]any{
		"Orders": t.orders(), "Series": t.series(), "Diagnoses": t.diagnoses(), "Steps": t.steps(),
		"Answers": t.answers(), "Unread": t.unread(), "Notes": t.notes(),
	})
	return bytes.Map(inHTML, b.Bytes()), err
}

// inHTML is harmless for a document whose lines are ours.
func inHTML(r rune) rune {
	if r != '\n' && (unicode.Is(unicode.Bidi_Control, r) || unicode.IsControl(r)) {
		return unicode.ReplacementChar
	}
	return r
}

type tables struct {
	p    *timeline.Patient
	o    Options
	zone *time.Location
}

// entry is a record with its address, if any.
type entry struct{ Text, URL string }

// cells of a row; each table uses some.
type cells struct {
	Name, Dose, Status, From, Until, Remarks string
	Date, Value, Judged                      string
	When, What, Severity                     string
	Kind, By, On, Reason, Holds              string
	Records                                  []entry
}

func (t *tables) records(refs ...facts.Ref) []entry {
	var all []entry
	for _, r := range refs {
		e := entry{Text: string(r)}
		if t.o.Link != nil {
			e.URL = t.o.Link(r)
		}
		all = append(all, e)
	}
	return all
}

// sentences put remarks together.
func sentences(all ...string) string {
	all = slices.DeleteFunc(all, func(s string) bool { return s == "" })
	return strings.Join(all, "; ")
}

func (t *tables) orders() (rows []cells) {
	for i := len(t.p.Orders) - 1; i >= 0; i-- { // newest first
		o := &t.p.Orders[i]
		status := o.Status
		if o.Kind != record.KindOrder {
			status = o.Kind + ", " + status
		}
		rows = append(rows, cells{
			Name: cmp.Or(o.Product, strings.Join(o.Ingredients, " + "), string(o.Ref)),
			Dose: doseWords(o), Status: status,
			From: o.From.Words, Until: o.Until.Words, Records: t.records(o.Ref),
			Remarks: sentences(append([]string{o.Why}, o.Notes...)...),
		})
	}
	return rows
}

// seriesTable is the table of one analyte.
type seriesTable struct {
	Caption, Unit string
	Points        []cells
}

func (t *tables) series() (all []seriesTable) {
	for i := range t.p.Results {
		s := &t.p.Results[i]
		table := seriesTable{Caption: capital(s.Name), Unit: cmp.Or(s.Unit, "value")}
		if len(s.Limits) > 0 {
			labels := make([]string, len(s.Limits))
			for j := range s.Limits {
				labels[j] = s.Limits[j].Label
			}
			table.Caption += ": " + strings.Join(labels, "; ")
		}
		for j := len(s.Points) - 1; j >= 0; j-- {
			table.Points = append(table.Points, t.point(s, &s.Points[j]))
		}
		all = append(all, table)
	}
	return all
}

func (t *tables) point(s *record.Series, p *record.Point) cells {
	c := cells{
		Date: cmp.Or(p.At.Words, "no date"), Value: pointWords(p), Records: t.records(p.Refs...),
		Judged: judged(s, p),
	}
	calculated := ""
	if p.Calculated {
		calculated = "calculated"
	}
	words := p.Words
	if words == c.Value || words == p.Comparator+p.Value+" "+s.Unit || p.Calculated {
		words = ""
	}
	c.Remarks = sentences(words, calculated, p.Why)
	return c
}

// capital upper-cases the first letter, except in a word such as eGFR.
func capital(s string) string {
	r := []rune(s)
	if len(r) < 2 || unicode.IsUpper(r[1]) {
		return s
	}
	return string(unicode.ToUpper(r[0])) + string(r[1:])
}

// judged is how a result compares with the limit of its series.
func judged(s *record.Series, p *record.Point) string {
	switch {
	case !p.Usable:
		return "cannot be used"
	case len(s.Limits) == 0:
		return ""
	case p.Beyond:
		return "beyond"
	}
	return "within"
}

func (t *tables) diagnoses() (rows []cells) {
	for i := range t.p.Diagnoses {
		d := &t.p.Diagnoses[i]
		status := slices.DeleteFunc([]string{d.Verification, d.Clinical}, func(s string) bool { return s == "" })
		counts := ""
		if d.RLS != "" {
			counts = "counts as RLS: " + d.RLS
		}
		rows = append(rows, cells{
			Name: d.Name, Status: strings.Join(status, ", "), From: d.From.Words, Until: d.Until.Words,
			Remarks: sentences(counts, d.Why), Records: t.records(d.Ref),
		})
	}
	return rows
}

func (t *tables) steps() (rows []cells) {
	for i := range t.p.Flags {
		f := &t.p.Flags[i]
		name := t.o.name(f)
		if len(f.History) == 0 {
			rows = append(rows, cells{
				Name: name, What: string(f.State), Severity: f.Severity, Remarks: sentences(f.Summary),
			})
		}
		for j := len(f.History) - 1; j >= 0; j-- {
			s := &f.History[j]
			rows = append(rows, cells{
				Name: name, When: s.At.In(t.zone).Format("2006-01-02 15:04"),
				What: string(s.Transition), Severity: s.Severity,
				Remarks: sentences(strings.ReplaceAll(string(s.Reason), "-", " "), s.Author, s.Why, s.Summary),
			})
		}
	}
	return rows
}

func (t *tables) answers() (rows []cells) {
	names := map[string]string{}
	for i := range t.p.Flags {
		names[t.p.Flags[i].ID] = t.o.name(&t.p.Flags[i])
	}
	for i := len(t.p.Answers) - 1; i >= 0; i-- {
		a := &t.p.Answers[i]
		holds := "no"
		if a.Holds {
			holds = "yes"
		}
		rows = append(rows, cells{
			Name: cmp.Or(names[a.Flag], a.Flag), Kind: a.Kind, By: a.Author,
			On: a.At.Words, Until: a.Until.Words,
			Reason: a.Reason, Holds: holds,
		})
	}
	return rows
}

func (t *tables) unread() (rows []cells) {
	for _, u := range t.p.Unread {
		rows = append(rows, cells{Records: t.records(u.Ref), Remarks: u.Words})
	}
	return rows
}

func (t *tables) notes() []string {
	return slices.DeleteFunc([]string{t.p.Cut, t.p.Gap}, func(s string) bool { return s == "" })
}
