package chart

import (
	"strings"
	"unicode"
)

// label is a text on the figure, with the room it takes.
type label struct {
	lane       int
	x, y, w, h float64 // upper left corner
	text       string
}

func (l *label) meets(o *label) bool {
	return l.lane == o.lane && l.x < o.x+o.w && o.x < l.x+l.w && l.y < o.y+o.h && o.y < l.y+l.h
}

// anchors of a text: which part of it is at x.
const (
	start  = "start"
	middle = "middle"
	end    = "end"
)

// boxOf is the room of a text whose baseline is at y.
func boxOf(lane int, x, y, size float64, anchor, text string) label {
	w := widthOf(text, size)
	switch anchor {
	case middle:
		x -= w / 2
	case end:
		x -= w
	}
	return label{lane: lane, x: x, y: y - size*0.8, w: w, h: size, text: text}
}

// fits reports whether a label is inside the figure between two edges and overlaps no other.
func (f *figure) fits(l *label, left, right float64) bool {
	if l.x < left || l.x+l.w > right {
		return false
	}
	for i := range f.labels {
		if l.meets(&f.labels[i]) {
			return false
		}
	}
	return true
}

// say writes a text and remembers its room.
func (f *figure) say(class string, x, y, size float64, anchor, text string) {
	if text = harmless(text); text == "" {
		return
	}
	f.labels = append(f.labels, boxOf(f.lane, x, y, size, anchor, text))
	a := anchor
	if a == start {
		a = ""
	}
	f.element("text", text, "class", class, "x", num(x), "y", num(y), "text-anchor", a, "font-size", num(size),
		"fill", "currentColor", "direction", "ltr")
}

// keep remembers that the area around a point is taken.
func (f *figure) keep(x, y, r float64) {
	f.labels = append(f.labels, label{lane: f.lane, x: x - r, y: y - r, w: 2 * r, h: 2 * r})
}

// trySay is say if there is room.
func (f *figure) trySay(class string, x, y, size float64, anchor, text string) bool {
	text = harmless(text)
	l := boxOf(f.lane, x, y, size, anchor, text)
	if !f.fits(&l, f.left, f.width-2) {
		return false
	}
	f.say(class, x, y, size, anchor, text)
	return true
}

// widthOf is a cautious estimate of the width of a text, without a browser.
func widthOf(s string, size float64) float64 {
	w := 0.0
	for _, r := range s {
		switch {
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		case r >= 0x1100:
			w += 1.05
		case strings.ContainsRune("ijl.,:;|'!()[] ", r):
			w += 0.36
		case strings.ContainsRune("mwMW%@—", r):
			w += 0.98
		case unicode.IsUpper(r):
			w += 0.72
		default:
			w += 0.62
		}
	}
	return w * size
}

// shortened cuts a text to a width.
func shortened(s string, size, room float64) string {
	s = harmless(s)
	if widthOf(s, size) <= room {
		return s
	}
	runes := []rune(s)
	for len(runes) > 0 && widthOf(string(runes)+"…", size) > room {
		runes = runes[:len(runes)-1]
	}
	return strings.TrimRight(string(runes), " ,;:+") + "…"
}
