package rehearse

import (
	_ "embed"
	"html/template"
	"io"
	"strconv"
	"sync"
)

//go:embed page.html
var pageHTML string

var page = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("page").Funcs(template.FuncMap{"title": (*Change).title}).Parse(pageHTML))
})

// bar is one bar of a plot, in drawing units.
type bar struct {
	Label          string
	Kind           string // colour class
	X, Y, W, TextX float64
	N              int
	Text, Anchor   string // beside the bar, or in it
}

// plot is a drawing: rows of bars on both sides of a line, or in one row.
type plot struct {
	Title         string
	Height, Width float64
	Axis          float64
	Rows          []plotRow
}

type plotRow struct {
	Label string
	Y     float64
	Bars  []bar
}

type pageData struct {
	*Report
	Changes, Open plot
	Shown         int // of the changes
	Changed       int // all of them
	Kinds         []Kind
}

// Sizes of the plots; names are left of plotLeft.
const (
	plotWidth, plotLeft, plotRight = 760.0, 210.0, 50.0
	rowHeight                      = 26.0
)

// WriteHTML writes a report as one self-contained page: no script, and neither style nor picture
// from elsewhere.
func (r *Report) WriteHTML(w io.Writer) error {
	return page().Execute(w, pageData{
		Report: r, Changes: r.changesPlot(), Open: r.openPlot(), Shown: len(r.Examples), Kinds: kinds,
		Changed: r.Counts.total(),
	})
}

// changesPlot shows what closed left of a line, what opened and moved right of it.
func (r *Report) changesPlot() plot {
	p := plot{
		Title: "Flags that change, by check: closed to the left, opened and moved to the right",
		Width: plotWidth,
		Axis:  plotLeft + (plotWidth-plotLeft-plotRight)/2,
	}
	most := 1
	for _, c := range r.Checks {
		most = max(most, c.Closed, c.Opened+c.Moved)
	}
	unit := (plotWidth - p.Axis - plotRight) / float64(most)
	for _, c := range r.Checks {
		if c.Counts.total() == 0 {
			continue
		}
		row := plotRow{Label: c.Check, Y: float64(len(p.Rows)) * rowHeight}
		closed, opened, moved := float64(c.Closed)*unit, float64(c.Opened)*unit, float64(c.Moved)*unit
		for _, b := range []bar{
			{
				Kind: "closed", X: p.Axis - closed, W: closed, N: c.Closed,
				Text: strconv.Itoa(c.Closed), TextX: p.Axis - closed - 4, Anchor: "end",
			},
			{Kind: "opened", X: p.Axis, W: opened, N: c.Opened},
			{Kind: "moved", X: p.Axis + opened, W: moved, N: c.Moved},
		} {
			if b.N > 0 {
				row.Bars = append(row.Bars, b)
			}
		}
		if last := &row.Bars[len(row.Bars)-1]; last.Kind != "closed" {
			last.TextX, last.Anchor, last.Text = p.Axis+opened+moved+4, "start", strconv.Itoa(c.Opened+c.Moved)
		}
		p.Rows = append(p.Rows, row)
	}
	p.Height = float64(len(p.Rows))*rowHeight + 6
	return p
}

// openPlot shows the open flags of both sides by severity, as parts of one bar each.
func (r *Report) openPlot() plot {
	p := plot{
		Title:  "Open flags before and after, by severity",
		Width:  plotWidth,
		Axis:   plotLeft,
		Height: 2*rowHeight + 6,
	}
	unit := (plotWidth - plotLeft - plotRight) / float64(max(1, r.OpenBefore.total(), r.OpenAfter.total()))
	for i, open := range []Severities{r.OpenBefore, r.OpenAfter} {
		row := plotRow{Label: []string{"before", "after"}[i], Y: float64(i) * rowHeight}
		x := plotLeft
		for _, part := range []struct {
			kind string
			n    int
		}{{"high", open.High}, {"moderate", open.Moderate}, {"low", open.Low}} {
			if w := float64(part.n) * unit; part.n > 0 {
				row.Bars = append(
					row.Bars,
					bar{
						Kind:   part.kind,
						X:      x,
						W:      w,
						N:      part.n,
						Text:   strconv.Itoa(part.n),
						TextX:  x + w/2,
						Anchor: "middle",
					},
				)
				x += w
			}
		}
		p.Rows = append(p.Rows, row)
	}
	return p
}
