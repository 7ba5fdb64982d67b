package chart

import (
	_ "embed"
	"strings"
	"time"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/timeline"
)

// Style are the rules of figures and tables. Colours are custom properties with defaults for light
// and dark; a page may set its own.
//
//go:embed chart.css
var Style string

// Width is the natural width of a figure, in pixels. It scales down and up.
type Width int

// Widths, for a pane of a screen or paper, and for a phone, where names are above the lanes.
const (
	Wide   Width = 720
	Narrow Width = 358
)

// Options say how to draw a figure and its tables.
type Options struct {
	ID    string // prefix of ids, unique in the document
	Width Width  // of a figure; 0 is Wide
	// Name is a flag in a few words; nil uses its ingredient and check.
	Name func(*timeline.Flag) string
	// Link is the address of a record, for tables; nil or "" for none.
	Link func(facts.Ref) string
}

func (o *Options) name(f *timeline.Flag) string {
	if o.Name != nil {
		if s := o.Name(f); s != "" {
			return s
		}
	}
	check := strings.ReplaceAll(f.Check, "-", " ")
	if f.Ingredient != "" {
		return f.Ingredient + ", " + check
	}
	return check
}

// SVG is a figure of p.
func SVG(p *timeline.Patient, o Options) []byte { return drawn(p, o).out.Bytes() }

func drawn(p *timeline.Patient, o Options) *figure {
	if o.Width == 0 {
		o.Width = Wide
	}
	f := &figure{Patient: p, o: o, frame: frameOf(p, o.Width)}
	f.y = topMargin
	f.diagnoses()
	f.orders()
	f.series()
	f.flags()
	f.legend()
	f.frameLanes()
	return f
}

// figure is the figure being drawn.
type figure struct {
	*timeline.Patient
	o Options
	frame
	canvas
	y      float64 // where the next lane begins
	bottom float64 // of the lanes, where the axis is
	lane   int     // counts lanes
	labels []label // those placed so far
	shown  shapes  // what the legend has to explain
	said   []string
}

// Measures, in pixels at natural size.
const (
	topMargin  = 8.0
	rowHeight  = 19.0
	barHeight  = 15.0
	lanePad    = 5.0
	headHeight = 17.0 // name of a lane above it, without a gutter
	textSize   = 12.0
	smallSize  = 10.5
	axisHeight = 24.0
)

// frame is where time lies on the figure.
type frame struct {
	width, left, right float64 // right is the end of the plot
	from, asOf, to     time.Time
	zone               *time.Location
}

func (f *frame) narrow() bool { return f.left < 100 }

// x of an instant, clamped to the plot.
func (f *frame) x(t time.Time) float64 {
	return min(max(f.at(t), f.left), f.right)
}

func (f *frame) at(t time.Time) float64 {
	return f.left + (f.right-f.left)*float64(t.Sub(f.from))/float64(f.to.Sub(f.from))
}

// windows are the spans a figure may show, in days: it uses the shortest that fits everything.
var windows = []int{92, 183, 366, 731, 1096}

const day = 24 * time.Hour

// frameOf chooses the window: it reaches back to the first result, the first end of an order, and
// the start of recent orders and flags, but no more than three years.
func frameOf(p *timeline.Patient, w Width) frame {
	f := frame{width: float64(w), left: 138, right: float64(w) - 56, asOf: p.AsOf, zone: p.AsOf.Location()}
	if zone, err := time.LoadLocation(p.Zone); err == nil {
		f.zone = zone
	}
	if w == Narrow {
		f.left, f.right = 10, float64(w)-10
	}
	earliest := p.AsOf
	reach := func(t time.Time) {
		if !t.IsZero() && t.Before(earliest) {
			earliest = t
		}
	}
	for i := range p.Results {
		for j := range p.Results[i].Points {
			reach(p.Results[i].Points[j].At.At)
		}
	}
	for i := range p.Flags {
		if h := p.Flags[i].History; len(h) > 0 && p.AsOf.Sub(h[0].At) < 366*day {
			reach(h[0].At)
		}
	}
	for i := range p.Orders {
		if o := &p.Orders[i]; !o.Until.IsZero() {
			reach(o.Until.At)
		}
		if o := &p.Orders[i]; p.AsOf.Sub(o.From.At) < 366*day {
			reach(o.From.At)
		}
	}
	days := windows[len(windows)-1]
	for _, w := range windows {
		if p.AsOf.Sub(earliest) <= time.Duration(w-3)*day {
			days = w
			break
		}
	}
	f.from = p.AsOf.AddDate(0, 0, -days)
	f.to = p.AsOf.Add(p.AsOf.Sub(f.from) / 33)
	return f
}
