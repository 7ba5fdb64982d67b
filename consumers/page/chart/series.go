package chart

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rlsguard/rlsguard/checks/record"
)

const seriesHeight = 62.0

// series are the lanes of results. Series that others are calculated from are drawn only where a
// value is unusable: the rest is in the others.
func (f *figure) series() {
	for i := range f.Results {
		s := &f.Results[i]
		unused := slices.ContainsFunc(s.Points, func(p record.Point) bool { return !p.Usable })
		if !s.Source || unused && s.Analyte == "creatinine" {
			f.oneSeries(s)
		}
	}
}

// level maps values to heights in a lane.
type level struct {
	low, high float64
	ratio     bool // logarithmic: the highest is many times the lowest
	top       float64
}

func (l *level) y(v float64) float64 {
	scale := func(v float64) float64 {
		if l.ratio {
			return math.Log(v)
		}
		return v
	}
	part := (scale(v) - scale(l.low)) / (scale(l.high) - scale(l.low))
	return l.top + 9 + (1-part)*(seriesHeight-20)
}

// levelOf covers the values in the window and the limits near them.
func (f *figure) levelOf(s *record.Series) (l level, limits []record.Limit) {
	l.low, l.high = math.Inf(1), 0
	hold := func(v float64) { l.low, l.high = min(l.low, v), max(l.high, v) }
	for i := range s.Points {
		if v, ok := valueOf(&s.Points[i]); ok {
			hold(v)
		}
	}
	for i, limit := range s.Limits {
		v, err := strconv.ParseFloat(limit.Value, 64)
		if err == nil && v > 0 && (i == 0 || l.low <= v*1.25) {
			hold(v)
			limits = append(limits, limit)
		}
	}
	if l.high == 0 || math.IsInf(l.low, 1) {
		l.low, l.high = 0, 1
	}
	if l.low == l.high {
		l.low, l.high = l.low*0.8, l.high*1.2+0.1
	}
	l.ratio = l.low > 0 && l.high/l.low > 6
	if !l.ratio {
		margin := (l.high - l.low) * 0.12
		l.low, l.high = l.low-margin, l.high+margin
	}
	return l, limits
}

func valueOf(p *record.Point) (float64, bool) {
	v, err := strconv.ParseFloat(p.Value, 64)
	return v, err == nil && v >= 0 && !math.IsInf(v, 0)
}

func (f *figure) oneSeries(s *record.Series) {
	l, limits := f.levelOf(s)
	name, note := s.Name, s.Unit
	if i := strings.LastIndexByte(name, '('); i > 0 && widthOf(name, textSize) > f.left-14 && !f.narrow() {
		name = strings.Trim(name[i:], "()")
	}
	l.top = f.begin("tl-lane tl-series", name, note, seriesHeight)
	f.leaf("", "rect", "class", "tl-field", "x", num(f.left), "y", num(l.top+2), "width", num(f.right-f.left),
		"height", num(seriesHeight-4), "fill", "none")
	f.limits(s, &l, limits)
	f.curve(s, &l)
	inside := f.inside(s)
	for i := range inside {
		f.point(s, inside[i], &l)
	}
	// The newest and those beyond a limit get labels first.
	for pass := range 2 {
		for i := len(inside) - 1; i >= 0; i-- {
			if first := i == len(inside)-1 || inside[i].Beyond || !inside[i].Usable; first == (pass == 0) {
				f.sayPoint(inside[i], &l)
			}
		}
	}
	f.outside(s, &l)
	f.finish()
	f.said = append(f.said, seriesWords(s))
}

// inside are the points of a series in the window, oldest first.
func (f *figure) inside(s *record.Series) []*record.Point {
	var in []*record.Point
	for i := range s.Points {
		if p := &s.Points[i]; !p.At.IsZero() && !p.At.At.Before(f.from) {
			in = append(in, p)
		}
	}
	return in
}

// outside says which results cannot be placed: undated ones, and those before the window, with the
// newest given if nothing newer is drawn.
func (f *figure) outside(s *record.Series, l *level) {
	before, undated, newest := 0, 0, (*record.Point)(nil)
	for i := range s.Points {
		switch p := &s.Points[i]; {
		case p.At.IsZero():
			undated++
		case p.At.At.Before(f.from):
			before++
			newest = p
		}
	}
	y := l.top + seriesHeight - 5
	if newest != nil {
		text := "◂ " + pointWords(newest) + ", " + newest.At.Words
		if before > 1 {
			text += fmt.Sprintf(" and %d before", before-1)
		}
		if !f.trySay("tl-note", f.left+3, y, smallSize, start, text) {
			f.trySay("tl-note", f.left+3, y, smallSize, start, fmt.Sprintf("◂ %d", before))
		}
	}
	if undated > 0 {
		f.trySay("tl-note", f.right-3, y, smallSize, end, counted(undated, "result")+" without a date")
	}
}

func (f *figure) limits(s *record.Series, l *level, limits []record.Limit) {
	last := math.Inf(-1)
	for i, limit := range limits {
		v, _ := strconv.ParseFloat(limit.Value, 64) // parsed by levelOf
		y := l.y(v)
		f.leaf(limit.Label, "line", "class", "tl-limit", "x1", num(f.left), "y1", num(y), "x2", num(f.right),
			"y2", num(y), "stroke", "currentColor", "stroke-dasharray", "4 3")
		text := "< " + limit.Value
		if limit.Side == record.AtOrBelow {
			text = "≤ " + limit.Value
		}
		if f.narrow() {
			f.trySay("tl-limit-text", f.right, y-3, smallSize, end, text)
		} else if y-last >= smallSize || i == 0 {
			f.say("tl-limit-text", f.right+4, y+3.5, smallSize, start, text)
			last = y
		}
		f.shown.limit = true
	}
}

// curve joins the usable results.
func (f *figure) curve(s *record.Series, l *level) {
	var d strings.Builder
	n := 0
	for _, p := range f.inside(s) {
		v, ok := valueOf(p)
		if !ok || !p.Usable {
			continue
		}
		verb := "L"
		if n == 0 {
			verb = "M"
		}
		n++
		d.WriteString(verb + num(f.x(p.At.At)) + " " + num(l.y(v)))
	}
	if n > 1 {
		f.leaf("", "path", "class", "tl-curve", "d", d.String(), "fill", "none", "stroke", "currentColor")
	}
}

// point draws a result: a dot, a diamond beyond the limit, a cross if unusable.
func (f *figure) point(s *record.Series, p *record.Point, l *level) {
	x, y := f.x(p.At.At), l.top+seriesHeight/2
	if v, ok := valueOf(p); ok {
		y = l.y(v)
	}
	f.keep(x, y, 3.9)
	title := s.Name + " " + pointTitle(p)
	switch {
	case !p.Usable:
		f.shown.unusable = true
		f.leaf(title, "path", "class", "tl-unusable", "d", cross(x, y, 4), "fill", "none", "stroke", "currentColor",
			"stroke-width", "2")
	case p.Beyond:
		f.shown.beyond = true
		f.leaf(title, "path", "class", "tl-beyond", "d", diamond(x, y, 5), "fill", "currentColor")
	default:
		f.shown.within = true
		f.leaf(title, "circle", "class", "tl-within", "cx", num(x), "cy", num(y), "r", "3.5", "fill", "currentColor")
	}
}

// sayPoint writes a value above or below its point, or why it is unusable beside it.
func (f *figure) sayPoint(p *record.Point, l *level) {
	x, y := f.x(p.At.At), l.top+seriesHeight/2
	if v, ok := valueOf(p); ok {
		y = l.y(v)
	}
	text, class := pointWords(p), "tl-value"
	if !p.Usable {
		class = "tl-why"
		for _, t := range []string{joined(text, p.Why), text, shortened(p.Why, smallSize, 150)} {
			if t != "" && (f.trySay(class, x+8, y+3.5, smallSize, start, t) ||
				f.trySay(class, x-8, y+3.5, smallSize, end, t)) {
				return
			}
		}
		return
	}
	if p.Beyond {
		class = "tl-value tl-strong"
	}
	for _, at := range []struct {
		x, y   float64
		anchor string
	}{
		{x, y - 7, middle}, {x, y + 14, middle}, {x + 7, y + 3.5, start}, {x - 7, y + 3.5, end},
		{min(x, f.right) + 4, y - 7, end}, {x + 4, y + 14, end},
	} {
		if at.y-smallSize*0.8 >= l.top-2 && at.y <= l.top+seriesHeight &&
			f.trySay(class, at.x, at.y, smallSize, at.anchor, text) {
			return
		}
	}
}

func joined(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + ": " + b
}

func pointWords(p *record.Point) string {
	if p.Value == "" {
		return p.Words
	}
	return p.Comparator + p.Value
}

func pointTitle(p *record.Point) string {
	parts := []string{}
	for _, s := range []string{p.Words, p.At.Words, p.Why} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, ", ")
}

func seriesWords(s *record.Series) string {
	var values []string
	for i := range s.Points {
		p := &s.Points[i]
		text := pointWords(p) + " on " + p.At.Words
		if p.At.IsZero() {
			text = pointWords(p) + " without a date"
		}
		if !p.Usable {
			text += " (cannot be used)"
		}
		values = append(values, text)
	}
	const most = 6
	if n := len(values); n > most {
		values = append([]string{fmt.Sprintf("%d older", n-most)}, values[n-most:]...)
	}
	text := s.Name + " in " + s.Unit + ": " + strings.Join(values, "; ")
	if len(s.Limits) > 0 {
		text += "; " + s.Limits[0].Label
	}
	return text
}

func cross(x, y, r float64) string {
	return fmt.Sprintf("M%s %sl%s %sM%s %sl%s %s",
		num(x-r), num(y-r), num(2*r), num(2*r), num(x-r), num(y+r), num(2*r), num(-2*r))
}

func diamond(x, y, r float64) string {
	return fmt.Sprintf("M%s %sl%s %sl%s %sl%s %sZ",
		num(x), num(y-r), num(r), num(r), num(-r), num(r), num(-r), num(-r))
}

// monthsLater is the first day of the month n months after t's.
func monthsLater(t time.Time, n int) time.Time {
	return time.Date(t.Year(), t.Month()+time.Month(n), 1, 0, 0, 0, 0, t.Location())
}
