package chart

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
	"unicode"

	"pgregory.net/rapid"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/record"
	"github.com/rlsguard/rlsguard/consumers/ordercheck"
	"github.com/rlsguard/rlsguard/consumers/timeline"
)

var asOf = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

// hostile are texts somebody could have put into a record.
var hostile = []string{
	"", "gabapentin", "Gabapentin 300 mg capsule, hard, oral use, box of 100 (parallel import)",
	"<script>alert(1)</script>",
	`"><img src=x onerror=alert(1)>`, "]]>", "&lt;b&gt;",
	"a\u202egm 05\u202c b", "\u2066x\u2069", "x\x00y\x1bz", "\xff\xfe",
	"ガバペンチン錠 600mg", "غابابنتين ٣٠٠ ملغ", "a\nb\tc", strings.Repeat("W", 300),
	"{{.}}", "javascript:alert(1)",
	"\ufffe\uffff",
}

var (
	kinds  = rapid.SampledFrom([]string{record.KindOrder, record.KindDispense, record.KindStatement})
	drugs  = rapid.SampledFrom([]string{"gabapentin", "sertraline", "oxycodone"})
	states = rapid.SampledFrom([]checks.FlagState{checks.Open, checks.Overridden, checks.Resolved})
	limits = rapid.SampledFrom([]string{"75", "20", "0", "x", "1e400"})
	values = rapid.SampledFrom([]string{"", "0", "9", "41", "880", "0.001", "NaN", "1e300"})
)

func drawPatient(r *rapid.T) *timeline.Patient {
	text := func(name string) string { return rapid.SampledFrom(hostile).Draw(r, name) }
	date := func(name string) record.Date {
		if rapid.IntRange(0, 5).Draw(r, name+" known") == 0 {
			return record.Date{}
		}
		t := asOf.Add(-time.Duration(rapid.IntRange(-400, 4000).Draw(r, name)) * 12 * time.Hour)
		return record.Date{At: t, Words: t.Format(time.DateOnly)}
	}
	is := rapid.Bool()
	p := &timeline.Patient{
		Patient: "t", AsOf: asOf, Zone: rapid.SampledFrom([]string{"UTC", "Europe/Berlin", "nowhere"}).Draw(r, "zone"),
	}
	var refs []facts.Ref
	for i := range rapid.IntRange(0, 40).Draw(r, "orders") {
		o := record.Order{
			Ref: facts.Ref(fmt.Sprintf("MedicationRequest/%d", i)), Product: text("product"), Dose: text("dose"),
			Kind: kinds.Draw(r, "kind"), Status: "active", From: date("from"), Until: date("until"),
			Counts: is.Draw(r, "counts"), Draft: is.Draw(r, "draft"),
			AsNeeded: is.Draw(r, "prn"), Why: text("why"), Notes: []string{text("note")},
		}
		if is.Draw(r, "known") {
			o.Ingredients = []string{drugs.Draw(r, "drug")}
			o.Classes = []string{"x"}
		}
		refs = append(refs, o.Ref)
		p.Orders = append(p.Orders, o)
	}
	for range rapid.IntRange(0, 3).Draw(r, "series") {
		s := record.Series{Analyte: "ferritin", Name: text("analyte"), Unit: text("unit")}
		for range rapid.IntRange(0, 3).Draw(r, "limits") {
			s.Limits = append(s.Limits, record.Limit{
				Value: limits.Draw(r, "limit"), Side: record.Below, Label: text("label"),
			})
		}
		for range rapid.IntRange(0, 30).Draw(r, "points") {
			s.Points = append(s.Points, record.Point{
				At: date("at"), Value: values.Draw(r, "value"),
				Usable: is.Draw(r, "usable"), Beyond: is.Draw(r, "beyond"), Why: text("why not"), Words: text("words"),
			})
		}
		p.Results = append(p.Results, s)
	}
	for range rapid.IntRange(0, 5).Draw(r, "diagnoses") {
		p.Diagnoses = append(p.Diagnoses, record.Diagnosis{
			Name: text("diagnosis"), From: date("onset"), Until: date("abated"), Over: is.Draw(r, "over"),
			Why: text("doubt"),
		})
	}
	for i := range rapid.IntRange(0, 16).Draw(r, "flags") {
		p.Flags = append(p.Flags, drawFlag(r, i, refs, date, text))
	}
	for i := range p.Flags {
		p.Answers = append(p.Answers, record.Answer{Flag: p.Flags[i].ID, Author: text("author"), At: date("answered")})
	}
	p.Unread = []record.Unread{{Ref: "Observation/1", Words: text("unread")}}
	return p
}

func drawFlag(
	r *rapid.T, i int, refs []facts.Ref, date func(string) record.Date, text func(string) string,
) timeline.Flag {
	severities := rapid.SampledFrom([]string{"high", "moderate", "low", ""})
	f := timeline.Flag{Line: ordercheck.Line{
		ID: fmt.Sprint(i), Check: text("check"), Ingredient: text("ingredient"),
		Severity: severities.Draw(r, "severity"),
		State:    states.Draw(r, "state"),
	}}
	if len(refs) > 0 {
		f.Implicated = []facts.Ref{rapid.SampledFrom(refs).Draw(r, "implicated")}
	}
	if rapid.Bool().Draw(r, "answered") {
		f.Answer = &record.Answer{Author: text("by"), Until: date("holds until")}
	}
	changes := rapid.SampledFrom([]checks.Change{
		checks.ChangeOpened, checks.ChangeUpdated, checks.ChangeMoved, checks.ChangeResolved, checks.ChangeOverridden,
	})
	at := asOf.AddDate(0, 0, -rapid.IntRange(0, 2000).Draw(r, "opened"))
	for range rapid.IntRange(0, 12).Draw(r, "steps") {
		f.History = append(f.History, timeline.Step{
			Transition: changes.Draw(r, "change"), At: at, Severity: severities.Draw(r, "then"),
			Summary: text("summary"),
		})
		at = at.Add(time.Duration(rapid.IntRange(0, 2000).Draw(r, "later")) * time.Hour)
	}
	return f
}

// Whatever a timeline holds, its figure is well-formed, contains nothing active, keeps its labels
// apart and inside, and is the same every time.
func TestAnyFigure(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		p := drawPatient(r)
		for _, w := range []Width{Wide, Narrow} {
			f := drawn(p, Options{ID: "x", Width: w})
			got := bytes.Clone(f.out.Bytes())
			if why := harmful(got); why != "" {
				r.Fatalf("%s:\n%s", why, got)
			}
			if !bytes.Equal(got, SVG(p, Options{ID: "x", Width: w})) {
				r.Fatal("the second time another figure")
			}
			apart(r, f)
		}
	})
}

// harmful says what is wrong with a figure as XML.
func harmful(svg []byte) string {
	for _, c := range string(svg) {
		if unicode.Is(unicode.Bidi_Control, c) {
			return fmt.Sprintf("the figure steers text by %U", c)
		}
	}
	d := xml.NewDecoder(bytes.NewReader(svg))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return ""
		}
		if err != nil {
			return err.Error()
		}
		e, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		switch e.Name.Local {
		case "svg", "g", "title", "desc", "path", "rect", "line", "circle", "text":
		default:
			return "element " + e.Name.Local
		}
		for _, a := range e.Attr {
			if n := a.Name.Local; n == "style" || strings.HasPrefix(n, "on") || n == "href" {
				return "attribute " + n
			}
			if strings.Contains(a.Value, "NaN") || strings.Contains(a.Value, "Inf") {
				return fmt.Sprintf("%s of %s is %s", a.Name.Local, e.Name.Local, a.Value)
			}
		}
	}
}

func apart(t interface{ Fatalf(string, ...any) }, f *figure) {
	for i := range f.labels {
		a := &f.labels[i]
		if a.text == "" {
			continue
		}
		if a.x < 0 || a.x+a.w > f.width+14 || a.y < 0 || a.y+a.h > f.y {
			t.Fatalf("%q stands outside: %+v of %v x %v", a.text, *a, f.width, f.y)
		}
		for j := range i {
			if b := &f.labels[j]; b.text != "" && a.meets(b) {
				t.Fatalf("%+v stands on %+v", *a, *b)
			}
		}
	}
}

// Tables contain every text, all of it inactive.
func TestAnyTables(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		link := func(ref facts.Ref) string { return "javascript:" + string(ref) }
		data, err := Tables(drawPatient(r), Options{Link: link})
		if err != nil {
			r.Fatal(err)
		}
		for _, bad := range []string{
			"<script", "<img", "onerror=alert(1)>", `href="javascript`, "\u202e", "\u2066", "\x00",
		} {
			if bytes.Contains(data, []byte(bad)) {
				r.Fatalf("%q stands in\n%s", bad, data)
			}
		}
	})
}
