package chart

import (
	"bytes"
	"fmt"
	"strings"
	"time"
)

// shapes are those a figure uses; the legend explains no others.
type shapes struct {
	order, dispense, statement, draft, diagnosis bool
	within, beyond, unusable, limit              bool
	high, moderate, low, answered                bool
}

// legend explains the shapes below the axis.
func (f *figure) legend() {
	f.bottom = f.y
	f.y += axisHeight
	f.lane++
	f.open("g", "class", "tl-legend")
	x, y := 4.0, f.y+10
	add := func(shown bool, text string, draw func(x, y float64)) {
		if !shown {
			return
		}
		w := 20 + widthOf(text, smallSize) + 8
		if x+w > f.width && x > 4 {
			x, y = 4, y+16
		}
		draw(x+8, y-3.5)
		f.say("tl-note", x+20, y, smallSize, start, text)
		x += w
	}
	stretchAt := func(severity string, answered bool) func(x, y float64) {
		return func(x, y float64) { f.mark(&stretch{severity: severity, answered: answered}, x, y) }
	}
	barAt := func(class string, h float64) func(x, y float64) {
		return func(x, y float64) {
			f.leaf("", "path", "class", class, "d", fmt.Sprintf("M%s %sh16v%sh-16Z", num(x-8), num(y-h/2), num(h)),
				"fill", "none", "stroke", "currentColor")
		}
	}
	shown := f.shown
	add(shown.high, "high", stretchAt("high", false))
	add(shown.moderate, "moderate", stretchAt("moderate", false))
	add(shown.low, "low", stretchAt("low", false))
	add(shown.answered, "answered", stretchAt("moderate", true))
	add(shown.order, "order", barAt("tl-order", 9))
	add(shown.draft, "draft", barAt("tl-draft", 9))
	add(shown.statement, "stated", barAt("tl-statement", 9))
	add(shown.dispense, "handed over", barAt("tl-dispense", thinHeight))
	add(shown.beyond, "beyond the limit", func(x, y float64) {
		f.leaf("", "path", "class", "tl-beyond", "d", diamond(x, y, 5), "fill", "currentColor")
	})
	add(shown.limit, "limit", func(x, y float64) {
		f.leaf("", "line", "class", "tl-limit", "x1", num(x-8), "y1", num(y), "x2", num(x+8), "y2", num(y),
			"stroke", "currentColor", "stroke-dasharray", "4 3")
	})
	add(shown.within, "within", func(x, y float64) {
		f.leaf("", "circle", "class", "tl-within", "cx", num(x), "cy", num(y), "r", "3.5", "fill", "currentColor")
	})
	add(shown.unusable, "cannot be used", func(x, y float64) {
		f.leaf("", "path", "class", "tl-unusable", "d", cross(x, y, 4), "fill", "none", "stroke", "currentColor",
			"stroke-width", "2")
	})
	f.finish()
	f.y = y + 6
}

// frameLanes puts the lanes into the figure last, when what is behind them is known.
func (f *figure) frameLanes() {
	lanes := bytes.Clone(f.out.Bytes())
	f.out.Reset()
	title, desc := f.o.ID+"-title", f.o.ID+"-desc"
	f.open("svg", "xmlns", "http://www.w3.org/2000/svg", "class", "tl-chart", "role", "img",
		"viewBox", fmt.Sprintf("0 0 %s %s", num(f.width), num(f.y)), "aria-labelledby", title, "aria-describedby", desc,
		"font-family", "sans-serif")
	f.element("title", fmt.Sprintf("Timeline from %s to %s", f.date(f.from), f.date(f.asOf)), "id", title)
	f.element("desc", strings.Join(f.said, ". ")+".", "id", desc)
	f.axis()
	f.out.Write(lanes)
	f.close("svg")
}

func (f *figure) date(t time.Time) string { return t.In(f.zone).Format(time.DateOnly) }

// axis draws the months behind the lanes, and the day of the record.
func (f *figure) axis() {
	f.lane++
	f.open("g", "class", "tl-axis")
	f.line("tl-base", f.left, f.bottom, f.right, f.bottom)
	now := f.x(f.asOf)
	f.line("tl-now", now, topMargin, now, f.bottom+4)
	y := f.bottom + 15
	f.say("tl-today", f.right, y, smallSize, end, f.date(f.asOf))
	first := true
	for t := range f.months() {
		x := f.at(t)
		f.line("tl-grid", x, topMargin, x, f.bottom+3)
		text := t.Format("Jan")
		if first || t.Month() == time.January {
			text = t.Format("Jan 2006")
		}
		l := boxOf(f.lane, x, y, smallSize, middle, text+" ")
		if l.x < 2 {
			continue
		}
		if f.fits(&l, 0, f.width) {
			f.say("tl-month", x, y, smallSize, middle, text)
			first = false
		}
	}
	f.close("g")
}

// months are the starts of the months that get a line: as many as have room for their names.
func (f *figure) months() func(yield func(time.Time) bool) {
	step := 12
	for _, n := range []int{1, 2, 3, 6} {
		pixels := (f.right - f.left) / float64(f.to.Sub(f.from)) * float64(time.Duration(n)*30*day)
		if pixels >= 48 {
			step = n
			break
		}
	}
	return func(yield func(time.Time) bool) {
		t := monthsLater(f.from.In(f.zone), 1)
		for ; t.Before(f.to); t = monthsLater(t, 1) {
			if (int(t.Month())-1)%step == 0 && !yield(t) {
				return
			}
		}
	}
}
