package outcomes

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"sync"

	"github.com/rlsguard/rlsguard/checks"
)

//go:embed page.html
var pageHTML string

var page = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("page").Funcs(template.FuncMap{
		"duration": duration, "days": (*Report).days, "name": (*Row).name, "why": (*Row).why,
		"percent": (*Row).percent, "settling": (*Row).settling, "returned": (*Row).returnedWords, "middle": part.middle,
	}).Parse(pageHTML))
})

// part is a part of a bar.
type part struct {
	Kind, Title string
	X, W        float64
	N           int
	Text        bool // there is room for N
}

// line is a row with its bar.
type line struct {
	*Row
	Title string // of its check
	Parts []part
}

// barWidth is the width of the drawing of a bar.
const barWidth = 240.0

// WriteHTML writes a report as one self-contained page: no script, and neither style nor picture
// from elsewhere. It can be printed.
func (r *Report) WriteHTML(w io.Writer) error {
	data := struct {
		*Report
		Lines []line
		Kinds []string
	}{Report: r, Kinds: []string{"advised", "perhaps", "otherwise", "open"}}
	titles := map[string]string{"": "All checks"}
	for _, c := range checks.Catalogue() {
		titles[c.ID] = c.Title
	}
	for _, row := range r.everything() {
		data.Lines = append(data.Lines, line{row, titles[row.Check], row.bar()})
	}
	return page().Execute(w, data)
}

// bar splits what was open or opened by what became of it.
func (r *Row) bar() (parts []part) {
	all := max(1, r.Advised+r.Perhaps+r.Otherwise+r.Open)
	x := 0.0
	for _, p := range []part{
		{Kind: "advised", Title: "resolved as advised", N: r.Advised},
		{Kind: "perhaps", Title: "resolved, perhaps as advised", N: r.Perhaps},
		{Kind: "otherwise", Title: "resolved otherwise", N: r.Otherwise},
		{Kind: "open", Title: "still open", N: r.Open},
	} {
		if p.N == 0 {
			continue
		}
		p.X, p.W = x, barWidth*float64(p.N)/float64(all)
		p.Text = p.W > 8*float64(len(fmt.Sprint(p.N)))+4
		x += p.W
		parts = append(parts, p)
	}
	return parts
}

// middle is where the text of a part goes.
func (p part) middle() float64 { return p.X + p.W/2 }
