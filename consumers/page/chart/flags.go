package chart

import (
	"fmt"
	"strings"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/timeline"
)

// mostFlags are drawn, worst first; resolved ones only if there is room after the open ones.
const mostFlags = 12

func (f *figure) flags() {
	drawn, left := 0, 0
	for i := range f.Flags {
		g := &f.Flags[i]
		if !g.Open() && (len(g.History) == 0 || g.History[len(g.History)-1].At.Before(f.from)) {
			continue
		}
		if drawn == mostFlags {
			left++
			continue
		}
		drawn++
		f.flag(g)
	}
	if left > 0 {
		f.remark(fmt.Sprintf("and %s: see the table", counted(left, "more flag")))
	}
}

// stretch is a part of a flag's time: one severity, answered or not.
type stretch struct {
	from, to time.Time
	severity string
	answered bool
	goesOn   bool
	unknown  bool // its start is unknown
}

// stretches of a flag while it was open, oldest first.
func (f *figure) stretches(g *timeline.Flag) []stretch {
	var all []stretch
	open := false
	for _, s := range g.History {
		answered := s.Transition == checks.ChangeAcknowledged || s.Transition == checks.ChangeOverridden
		if open {
			all[len(all)-1].to = s.At
		}
		switch s.Transition {
		case checks.ChangeResolved:
			open = false
			continue
		case checks.ChangeMoved:
			continue
		case checks.ChangeUpdated:
			answered = g.Answer != nil && open && all[len(all)-1].answered && all[len(all)-1].severity == s.Severity
		}
		if n := len(all); open && all[n-1].severity == s.Severity && all[n-1].answered == answered {
			continue
		}
		all = append(all, stretch{from: s.At, to: s.At, severity: s.Severity, answered: answered})
		open = true
	}
	if len(all) == 0 && g.Open() {
		all = append(all, stretch{from: f.from, unknown: true, severity: g.Severity, answered: g.Answer != nil})
		open = true
	}
	if n := len(all); n > 0 && open {
		all[n-1].to, all[n-1].goesOn = f.asOf, g.Open()
	}
	return all
}

func (f *figure) flag(g *timeline.Flag) {
	all := f.stretches(g)
	name := f.o.name(g)
	top := f.beginFlag(g, name, all)
	y := top + rowHeight/2 - 2
	for i := range all {
		f.stretch(g, &all[i], y)
	}
	// The newest is what holds now: an older mark gives way to it.
	free := f.right + 10
	for i := len(all) - 1; i >= 0; i-- {
		s := &all[i]
		if s.to.Before(f.from) {
			continue
		}
		x := min(max(f.x(s.from), f.left+6), f.right-6)
		if s.answered && i > 0 && x-f.x(all[i-1].from) < 12 { // opened and answered within days
			x = min(x+12, f.right-6)
		}
		if x+11 <= free {
			f.mark(s, x, y)
			f.keep(x, y, 6)
			free = x
		}
	}
	f.ending(g, all, y)
	f.finish()
	f.said = append(f.said, flagWords(name, g))
}

// beginFlag begins the lane of a flag: its severity as a shape before its name, which may extend to
// where the flag begins.
func (f *figure) beginFlag(g *timeline.Flag, name string, all []stretch) (top float64) {
	f.lane++
	f.open("g", "class", "tl-lane tl-flag")
	top = f.y + 3
	x, y, room := 22.0, top+rowHeight/2+2, f.left-30
	if f.narrow() {
		x, y, room = f.left+16, f.y+headHeight-4, f.right-f.left-16
		top = f.y + headHeight
	} else if len(all) > 0 {
		room = max(room, f.x(all[0].from)-x-14)
	}
	now := stretch{severity: g.Severity}
	if g.Open() {
		now.answered = g.Answer != nil
		f.mark(&now, x-12, y-4)
	}
	f.say("tl-name", x, y, textSize, start, shortened(name, textSize, room))
	f.y = top + rowHeight
	return top
}

// stretch draws the time during which a flag had a severity: worse is thicker, answered is hollow.
func (f *figure) stretch(g *timeline.Flag, s *stretch, y float64) {
	if s.to.Before(f.from) {
		return
	}
	h := map[string]float64{"high": 8, "moderate": 5, "low": 2}[s.severity]
	x1, x2 := f.x(s.from), f.x(s.to)
	if s.goesOn {
		x2 = f.right
	}
	if x2 <= x1 || h == 0 {
		return
	}
	f.labels = append(f.labels, label{lane: f.lane, x: x1, y: y - 2, w: x2 - x1, h: 4})
	class := "tl-span tl-" + s.severity
	if s.answered {
		class += " tl-answered"
		h = max(h, 4)
	}
	f.leaf(g.Check+": "+s.severity, "rect", "class", class, "x", num(x1), "y", num(y-h/2), "width", num(x2-x1),
		"height", num(h), "fill", "currentColor")
}

// mark is the start of a stretch: a triangle for high, a square for moderate, a ring for low, a
// tick for an answer.
func (f *figure) mark(s *stretch, x, y float64) {
	class := "tl-mark tl-" + s.severity
	switch {
	case s.answered:
		f.shown.answered = true
		f.leaf("", "path", "class", class+" tl-tick", "d", tick(x, y), "fill", "none", "stroke", "currentColor",
			"stroke-width", "2.5")
	case s.severity == "high":
		f.shown.high = true
		f.leaf("", "path", "class", class, "d", triangle(x, y, 7), "fill", "currentColor")
	case s.severity == "moderate":
		f.shown.moderate = true
		f.leaf("", "rect", "class", class, "x", num(x-5), "y", num(y-5), "width", "10",
			"height", "10", "fill", "currentColor")
	case s.severity == "low":
		f.shown.low = true
		f.leaf("", "circle", "class", class+" tl-ring", "cx", num(x), "cy", num(y), "r", "4.5", "fill", "none",
			"stroke", "currentColor", "stroke-width", "2")
	}
}

// ending says how a flag ended, or who answered it, beside its last stretch.
func (f *figure) ending(g *timeline.Flag, all []stretch, y float64) {
	if len(all) == 0 {
		return
	}
	last := &all[len(all)-1]
	x2 := f.x(last.to)
	if !g.Open() {
		f.line("tl-end", x2, y-6, x2, y+6)
		text := strings.ReplaceAll(string(g.Reason), "-", " ")
		if text != "" && !f.trySay("tl-beside", x2+6, y+3.5, smallSize, start, text) {
			f.trySay("tl-beside", f.x(last.from)-10, y+3.5, smallSize, end, text)
		}
		return
	}
	text := ""
	if g.Answer != nil {
		if text = g.Answer.Author; text == "" {
			text = g.Answer.Kind
		}
		if !g.Answer.Until.IsZero() {
			text += " until " + g.Answer.Until.Words
		}
	} else if !last.unknown {
		text = "since " + f.date(openedAt(all))
	}
	if text == "" {
		return
	}
	first := max(f.x(all[0].from), f.left)
	f.trySay("tl-beside", first-9, y+3.5, smallSize, end, text)
}

// openedAt is when the currently open flag opened.
func openedAt(all []stretch) time.Time {
	i := len(all) - 1
	for i > 0 && all[i-1].to.Equal(all[i].from) {
		i--
	}
	return all[i].from
}

func triangle(x, y, r float64) string {
	return fmt.Sprintf("M%s %sL%s %sL%s %sZ", num(x), num(y-r), num(x+r), num(y+r*0.8), num(x-r), num(y+r*0.8))
}

func tick(x, y float64) string {
	return fmt.Sprintf("M%s %sL%s %sL%s %s", num(x-5), num(y), num(x-1.5), num(y+4), num(x+5), num(y-5))
}

func flagWords(name string, g *timeline.Flag) string {
	text := "flag " + string(g.State)
	if g.Severity != "" {
		text = g.Severity + " " + text
	}
	return text + ": " + name
}
