package chart

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rlsguard/rlsguard/checks/record"
)

// begin begins a lane, with its name in the gutter or above it. note is in smaller type below the
// name, or beside it.
func (f *figure) begin(class, name, note string, rows float64) (top float64) {
	f.lane++
	f.open("g", "class", class)
	top = f.y + lanePad
	if f.narrow() {
		y := f.y + headHeight - 4
		name = shortened(name, textSize, (f.right-f.left)*0.62)
		f.say("tl-name", f.left, y, textSize, start, name)
		room := f.right - f.left - widthOf(name, textSize) - 8
		f.say("tl-note", f.right, y, smallSize, end, shortened(note, smallSize, room))
		top = f.y + headHeight
	} else {
		room := f.left - 14
		y := top + barHeight - 4
		f.say("tl-name", 4, y, textSize, start, shortened(name, textSize, room))
		if note != "" && rows >= 28 {
			f.say("tl-note", 4, y+14, smallSize, start, shortened(note, smallSize, room))
		}
	}
	f.y = top + rows + lanePad
	return top
}

func (f *figure) finish() { f.close("g") }

// bar is a stretch of time with a text.
type bar struct {
	from, to time.Time
	goesOn   bool // not over at the end
	unknown  bool // its start is unknown
	class    string
	labels   []string // the first that fits is used
	title    string
	thin     bool
	n        int // number of equal ones it represents
}

// rows stacks overlapping bars; those that do not fit into most rows are left out and counted.
func (f *figure) rows(bars []bar, most int) (rows [][]bar, left int) {
	for _, b := range bars {
		placed := false
		for i := range rows {
			last := rows[i][len(rows[i])-1]
			if f.x(last.to) <= f.x(b.from)+3 && !last.goesOn && last.thin == b.thin {
				if last.to.After(b.from) { // an overlap of a day is a change
					rows[i][len(rows[i])-1].to = b.from
				}
				rows[i], placed = append(rows[i], b), true
				break
			}
		}
		switch {
		case placed:
		case len(rows) < most:
			rows = append(rows, []bar{b})
		default:
			left += b.n
		}
	}
	return rows, left
}

// drawBars draws rows below top.
func (f *figure) drawBars(rows [][]bar, top float64) {
	for i, row := range rows {
		y := top + float64(i)*rowHeight
		for j := range row {
			f.drawBar(&row[j], y)
		}
		for j := range row {
			free := f.right
			if j+1 < len(row) {
				free = f.x(row[j+1].from)
			}
			before := f.left
			if j > 0 {
				before = f.x(row[j-1].to)
			}
			f.labelBar(&row[j], y, before, free)
		}
	}
}

const thinHeight = 6.0

func (f *figure) extent(b *bar) (x1, x2 float64) {
	x1, x2 = f.x(b.from), f.x(b.to)
	if b.goesOn {
		x2 = f.right
	}
	if x2 < x1+4 { // keep it visible
		if x1 = min(x1, f.right-4); x2 < x1+4 {
			x2 = x1 + 4
		}
	}
	return x1, x2
}

func (f *figure) drawBar(b *bar, y float64) {
	x1, x2 := f.extent(b)
	h := barHeight
	if b.thin {
		y, h = y+(barHeight-thinHeight)/2, thinHeight
	}
	// A bar that extends beyond the window ends in an arrow.
	tip := min(h/2, 5, (x2-x1)/2)
	before, after := b.unknown || f.at(b.from) < f.left-1, b.goesOn
	var d strings.Builder
	if before {
		fmt.Fprintf(&d, "M%s %sL%s %sL%s %s", num(x1+tip), num(y), num(x1), num(y+h/2), num(x1+tip), num(y+h))
	} else {
		fmt.Fprintf(&d, "M%s %sV%s", num(x1), num(y), num(y+h))
	}
	if after {
		fmt.Fprintf(&d, "H%sL%s %sL%s %sZ", num(x2-tip), num(x2), num(y+h/2), num(x2-tip), num(y))
	} else {
		fmt.Fprintf(&d, "H%sV%sZ", num(x2), num(y))
	}
	f.leaf(b.title, "path", "class", b.class, "d", d.String(), "fill", "none", "stroke", "currentColor")
}

// labelBar writes the first text of a bar that fits: inside, else after, else before it; else its
// first words inside, number and unit at least.
func (f *figure) labelBar(b *bar, y, before, free float64) {
	x1, x2 := f.extent(b)
	base := y + barHeight - 3.5
	for _, text := range b.labels {
		text = harmless(text)
		if text == "" {
			continue
		}
		w := widthOf(text, smallSize+0.5)
		switch {
		case !b.thin && w+10 <= x2-x1:
			f.say("tl-in", max(x1, f.left)+6, base, smallSize+0.5, start, text)
			return
		case x2+5+w <= free && !b.goesOn && f.trySay("tl-beside", x2+5, base, smallSize+0.5, start, text):
			return
		case x1-5-w >= before && f.trySay("tl-beside", x1-5, base, smallSize+0.5, end, text):
			return
		}
	}
	for _, text := range b.labels {
		parts := strings.Fields(harmless(text))
		for n := len(parts) - 1; n > 1 && !b.thin; n-- {
			if part := strings.Join(parts[:n], " "); widthOf(part, smallSize+0.5)+8 <= x2-x1 {
				f.say("tl-in", max(x1, f.left)+5, base, smallSize+0.5, start, part)
				return
			}
		}
	}
}

// diagnoses are the lanes of RLS and, if there are few, of other conditions.
func (f *figure) diagnoses() {
	const most = 3
	for i := range f.Diagnoses {
		if i == most {
			f.remark(fmt.Sprintf("and %d more diagnoses: see the table", len(f.Diagnoses)-most))
			break
		}
		f.diagnosis(&f.Diagnoses[i])
	}
}

// remark is a line of text without a lane.
func (f *figure) remark(text string) {
	f.lane++
	x, room := f.left, f.right-f.left
	f.say("tl-note", x, f.y+12, smallSize, start, shortened(text, smallSize, room))
	f.y += 18
}

func (f *figure) diagnosis(d *record.Diagnosis) {
	b := bar{
		from: f.from, to: f.asOf, goesOn: !d.Over, unknown: d.From.IsZero(), class: "tl-diagnosis",
		title: diagnosisWords(d), n: 1,
	}
	if !d.From.IsZero() {
		b.from = d.From.At
	}
	switch {
	case d.Over && !d.Until.IsZero():
		b.to = d.Until.At
	case d.Over:
		b.to = b.from
	}
	if d.RLS == "none" || d.Verification == "refuted" {
		b.class += " tl-off"
	}
	b.labels = append(b.labels, diagnosisStatus(d))
	top := f.begin("tl-lane", d.Name, "", rowHeight-4)
	f.drawBars([][]bar{{b}}, top)
	f.finish()
	f.shown.diagnosis = true
	f.said = append(f.said, diagnosisWords(d))
}

func diagnosisStatus(d *record.Diagnosis) string {
	parts := []string{}
	for _, s := range []string{d.Verification, d.Clinical} {
		if s != "" && !slices.Contains(parts, s) {
			parts = append(parts, s)
		}
	}
	if !d.From.IsZero() {
		parts = append(parts, "since "+d.From.Words)
	}
	if !d.Until.IsZero() {
		parts = append(parts, "until "+d.Until.Words)
	}
	return strings.Join(parts, ", ")
}

func diagnosisWords(d *record.Diagnosis) string {
	s := d.Name
	if status := diagnosisStatus(d); status != "" {
		s += ": " + status
	}
	if d.Why != "" {
		s += " (" + d.Why + ")"
	}
	return s
}
