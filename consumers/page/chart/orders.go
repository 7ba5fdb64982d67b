package chart

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/record"
)

// medicine is one lane of orders, all of the same drugs.
type medicine struct {
	name   string
	orders []*record.Order
	// rank puts the subject of the worst open flag first, then what counts.
	rank   int
	counts bool
	known  bool // a drug in our tables, or one a flag is about
}

// mostMedicines are drawn; the rest is counted and in the table.
const mostMedicines = 12

// mostRows of one medicine are drawn.
const mostRows = 3

func (f *figure) orders() {
	all := f.medicines()
	drawn := slices.DeleteFunc(slices.Clone(all), func(m medicine) bool { return !m.known })
	drawn = drawn[:min(len(drawn), mostMedicines)]
	for i := range drawn {
		f.medicine(&drawn[i])
	}
	if rest := len(all) - len(drawn); rest > 0 {
		f.remark(fmt.Sprintf("and %s: see the table", counted(rest, "other medicine")))
	}
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// medicines are the lanes, most relevant first.
func (f *figure) medicines() []medicine {
	ranks := f.ranks()
	byName := map[string]*medicine{}
	var names []string
	for i := range f.Orders {
		o := &f.Orders[i]
		name := strings.Join(o.Ingredients, " + ")
		key := cmp.Or(name, strings.ToLower(o.Product), string(o.Ref))
		m := byName[key]
		if m == nil {
			m = &medicine{name: cmp.Or(name, o.Product, string(o.Ref))}
			byName[key] = m
			names = append(names, key)
		}
		m.orders = append(m.orders, o)
		m.rank = max(m.rank, ranks[string(o.Ref)])
		m.counts = m.counts || o.Counts
		m.known = m.known || len(o.Classes) > 0 || m.rank > 0
	}
	all := make([]medicine, 0, len(names))
	for _, n := range names {
		all = append(all, *byName[n])
	}
	slices.SortStableFunc(all, func(a, b medicine) int {
		switch {
		case a.rank != b.rank:
			return cmp.Compare(b.rank, a.rank)
		case a.counts != b.counts && a.counts:
			return -1
		case a.counts != b.counts:
			return 1
		}
		return cmp.Or(a.orders[0].From.At.Compare(b.orders[0].From.At), cmp.Compare(a.name, b.name))
	})
	return all
}

// ranks are the severities of the worst open flag behind which an order is.
func (f *figure) ranks() map[string]int {
	ranks := map[string]int{}
	for i := range f.Flags {
		if g := &f.Flags[i]; g.Open() {
			s, _ := checks.ParseSeverity(g.Severity) // "" is None
			for _, ref := range g.Implicated {
				ranks[string(ref)] = max(ranks[string(ref)], int(s))
			}
		}
	}
	return ranks
}

func (f *figure) medicine(m *medicine) {
	rows, left := f.rows(f.bars(m), mostRows)
	if len(rows) == 0 {
		return
	}
	name := m.name
	if left > 0 {
		name = fmt.Sprintf("%s (+%d)", name, left)
	}
	top := f.begin("tl-lane tl-rank-"+checks.Severity(m.rank).String(), name, "", float64(len(rows))*rowHeight-4)
	f.drawBars(rows, top)
	f.finish()
	for _, row := range rows {
		for i := range row {
			f.said = append(f.said, m.name+": "+row[i].title)
		}
	}
}

// renewed is how long after the end of an order an equal one is still its renewal.
const renewed = 31 * day

// bars are the orders of a medicine, with successive equal ones merged; those that ended before the
// window are left out.
func (f *figure) bars(m *medicine) []bar {
	var bars []bar
	last := map[string]int{} // last bar of each kind and dose
	for _, o := range m.orders {
		b := f.orderBar(m, o)
		if !b.goesOn && b.to.Before(f.from) {
			continue
		}
		if len(o.Steps) > 0 && !b.thin {
			bars = append(bars, f.steps(&b, o)...)
			continue
		}
		key := o.Kind + "|" + cmp.Or(o.Dose, o.Product) + fmt.Sprint(o.Draft, o.AsNeeded)
		if i, ok := last[key]; ok && (bars[i].goesOn || !b.from.After(bars[i].to.Add(renewed))) {
			bars[i].join(&b)
			continue
		}
		last[key] = len(bars)
		bars = append(bars, b)
	}
	for i := range bars {
		if b := &bars[i]; b.n > 1 {
			b.title = fmt.Sprintf("%s; %d equal orders", b.title, b.n)
			b.labels = append([]string{fmt.Sprintf("%s × %d", b.labels[0], b.n)}, b.labels...)
		}
	}
	// Wide bars above thin ones.
	slices.SortStableFunc(bars, func(a, b bar) int {
		if a.thin != b.thin && b.thin {
			return -1
		} else if a.thin != b.thin {
			return 1
		}
		return a.from.Compare(b.from)
	})
	return bars
}

// steps are the parts of an order whose dose changes, if they have begun.
func (f *figure) steps(whole *bar, o *record.Order) []bar {
	var bars []bar
	for i, s := range o.Steps {
		b := *whole
		b.from, b.labels = later(whole.from, s.From.At), []string{s.Dose}
		b.title = whole.title + ": " + s.Dose + " from " + s.From.Words
		if i+1 < len(o.Steps) && o.Steps[i+1].From.At.Before(f.asOf) {
			b.to, b.goesOn = o.Steps[i+1].From.At, false
		}
		if begun := !s.From.At.After(f.asOf); (begun || i == 0) && (b.goesOn || !b.to.Before(f.from)) {
			bars = append(bars, b)
		}
	}
	return bars
}

// join merges the renewal of an order.
func (b *bar) join(next *bar) {
	b.n += next.n
	if next.goesOn || next.to.After(b.to) {
		b.to, b.class, b.labels = next.to, next.class, next.labels
	}
	if next.from.Before(b.from) {
		b.from = next.from
	}
	b.goesOn = b.goesOn || next.goesOn
	b.title = next.title
}

func (f *figure) orderBar(m *medicine, o *record.Order) bar {
	b := bar{from: o.From.At, to: o.From.At, unknown: o.From.IsZero(), class: "tl-order", n: 1, title: orderWords(o)}
	if b.unknown {
		b.from, b.to = f.from, f.from
	}
	switch {
	case !o.Until.IsZero() && !o.Until.At.After(f.asOf):
		b.to = later(b.from, o.Until.At)
	case o.Counts:
		b.to, b.goesOn = f.asOf, true
	}
	if o.From.At.After(f.asOf) {
		b.to, b.goesOn = b.from, false
	}
	switch {
	case o.Kind == record.KindDispense:
		b.class, b.thin, f.shown.dispense = "tl-dispense", true, true
	case o.Kind == record.KindStatement:
		b.class, f.shown.statement = "tl-statement", true
	case o.Draft:
		b.class, f.shown.draft = "tl-draft", true
	default:
		f.shown.order = true
	}
	if !o.Counts {
		b.class += " tl-off"
	}
	switch dose := doseWords(o); {
	case b.thin:
		b.labels = []string{"handed over"}
	case dose != "":
		b.labels = []string{dose}
	case o.Product != m.name:
		b.labels = []string{o.Product}
	default:
		b.labels = []string{""}
	}
	if o.Draft {
		b.labels = append([]string{"draft, " + b.labels[0]}, append(b.labels, "draft")...)
	} else if o.Kind == record.KindStatement {
		b.labels = append([]string{b.labels[0] + ", stated"}, b.labels...)
	}
	return b
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func doseWords(o *record.Order) string {
	if o.AsNeeded && !strings.Contains(o.Dose, "needed") {
		return strings.TrimPrefix(o.Dose+", as needed", ", ")
	}
	return o.Dose
}

// orderWords describe an order on one line.
func orderWords(o *record.Order) string {
	parts := []string{cmp.Or(o.Product, strings.Join(o.Ingredients, " + "), string(o.Ref))}
	if d := doseWords(o); d != "" {
		parts = append(parts, d)
	}
	if o.Kind != record.KindOrder {
		parts = append(parts, o.Kind)
	}
	parts = append(parts, o.Status)
	if !o.From.IsZero() {
		parts = append(parts, "since "+o.From.Words)
	}
	if !o.Until.IsZero() {
		parts = append(parts, "until "+o.Until.Words)
	}
	return strings.Join(parts, ", ")
}
