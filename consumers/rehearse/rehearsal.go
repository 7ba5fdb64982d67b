package rehearse

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
)

// Flag is an open flag on one side.
type Flag struct {
	Check, Ingredient string
	Severity          checks.Severity
	Summary           string
}

// flagsOf are the flags of findings.
func flagsOf(findings []checks.Finding) []Flag {
	flags := make([]Flag, len(findings))
	for i, f := range findings {
		flags[i] = Flag{f.Check, f.Ingredient, f.Severity, f.Summary}
	}
	return flags
}

// Kind of a change.
type Kind string

// What may become of a flag. A flag moves if its severity changes.
const (
	Opened Kind = "opened"
	Closed Kind = "closed"
	Moved  Kind = "moved"
)

// kinds in display order.
var kinds = []Kind{Opened, Closed, Moved}

// Change is one flag that differs.
type Change struct {
	Change     Kind      `json:"change"`
	Patient    facts.Ref `json:"patient"`
	Check      string    `json:"check"`
	Ingredient string    `json:"ingredient,omitempty"`
	From       string    `json:"from,omitempty"` // severity before; "" when it was not open
	To         string    `json:"to,omitempty"`
	Was        string    `json:"was,omitempty"` // what the flag said before, or why there was none
	Is         string    `json:"is,omitempty"`  // what it says after, or why there is none
}

// Patient is one patient under both rule sets.
type Patient struct {
	Ref           facts.Ref
	Orders        int // medication orders on record
	Before, After []Flag
	// SilentBefore and SilentAfter say why a side has no such flag; nil if that side cannot tell.
	SilentBefore, SilentAfter func(f Flag) string
}

// Rehearsal collects changes. It is not safe for concurrent use.
type Rehearsal struct {
	// Examples kept for each kind of change of each check.
	Examples int
	// Each, which may be nil, is called with every change.
	Each func(Change) error

	report   Report
	byCheck  map[string]*CheckCount
	examples map[string][]Change
}

// Severities counts open flags.
type Severities struct {
	High     int `json:"high"`
	Moderate int `json:"moderate"`
	Low      int `json:"low"`
}

// total of all.
func (s Severities) total() int { return s.High + s.Moderate + s.Low }

func (s *Severities) add(v checks.Severity) {
	switch v {
	case checks.High:
		s.High++
	case checks.Moderate:
		s.Moderate++
	case checks.Low:
		s.Low++
	}
}

// Counts of changes.
type Counts struct {
	Opened int `json:"opened"`
	Closed int `json:"closed"`
	Moved  int `json:"moved"`
}

// total of all kinds.
func (c Counts) total() int { return c.Opened + c.Closed + c.Moved }

func (c *Counts) add(k Kind) {
	switch k {
	case Opened:
		c.Opened++
	case Closed:
		c.Closed++
	case Moved:
		c.Moved++
	}
}

// CheckCount is the changes of one check.
type CheckCount struct {
	Check  string `json:"check"`
	Before int    `json:"before"` // open flags
	After  int    `json:"after"`
	Counts
	// Per1000 is the number of changes per 1,000 orders.
	Per1000 Rates `json:"per1000Orders"`
}

// Rates are counts per 1,000 orders.
type Rates struct {
	Opened float64 `json:"opened"`
	Closed float64 `json:"closed"`
	Moved  float64 `json:"moved"`
}

func (c Counts) per1000(orders int) Rates {
	rate := func(n int) float64 {
		if orders == 0 {
			return 0
		}
		return float64(n) * 1000 / float64(orders)
	}
	return Rates{rate(c.Opened), rate(c.Closed), rate(c.Moved)}
}

// Report is the outcome of a rehearsal.
type Report struct {
	AsOf       string     `json:"asOf"`
	Before     string     `json:"before"` // what decided, in words
	After      string     `json:"after"`
	Settings   []Setting  `json:"settings"` // those that differ
	Compared   bool       `json:"settingsCompared"`
	Patients   int        `json:"patients"`
	Changed    int        `json:"patientsChanged"`
	Orders     int        `json:"orders"`
	OpenBefore Severities `json:"openBefore"`
	OpenAfter  Severities `json:"openAfter"`
	Counts
	Per1000  Rates        `json:"per1000Orders"`
	Checks   []CheckCount `json:"checks"` // those with a flag on either side
	Examples []Change     `json:"examples"`
	// Notes are what the reader must know beside the numbers.
	Notes []string `json:"notes,omitempty"`
}

// New starts a rehearsal that keeps examples of each kind of change of each check.
func New(examples int) *Rehearsal {
	return &Rehearsal{Examples: examples, byCheck: map[string]*CheckCount{}, examples: map[string][]Change{}}
}

// Add adds a patient. The error is that of Each.
func (r *Rehearsal) Add(p *Patient) error {
	r.report.Patients++
	r.report.Orders += p.Orders
	changes := diff(p)
	if len(changes) > 0 {
		r.report.Changed++
	}
	for _, f := range p.Before {
		r.report.OpenBefore.add(f.Severity)
		r.check(f.Check).Before++
	}
	for _, f := range p.After {
		r.report.OpenAfter.add(f.Severity)
		r.check(f.Check).After++
	}
	for _, c := range changes {
		r.report.Counts.add(c.Change)
		r.check(c.Check).Counts.add(c.Change)
		key := c.Check + "|" + string(c.Change)
		if keep := len(r.examples[key]) < r.Examples; keep || r.Each != nil {
			p.explain(&c)
			if keep {
				r.examples[key] = append(r.examples[key], c)
			}
		}
		if r.Each != nil {
			if err := r.Each(c); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *Rehearsal) check(id string) *CheckCount {
	c := r.byCheck[id]
	if c == nil {
		c = &CheckCount{Check: id}
		r.byCheck[id] = c
	}
	return c
}

// Report closes the rehearsal.
func (r *Rehearsal) Report(asOf time.Time, before, after string) *Report {
	out := r.report
	out.AsOf, out.Before, out.After = asOf.UTC().Format(time.RFC3339), before, after
	out.Per1000 = out.Counts.per1000(out.Orders)
	out.Settings, out.Checks, out.Examples = []Setting{}, []CheckCount{}, []Change{}
	for _, id := range slices.Sorted(maps.Keys(r.byCheck)) {
		c := *r.byCheck[id]
		c.Per1000 = c.Counts.per1000(out.Orders)
		out.Checks = append(out.Checks, c)
		for _, k := range kinds {
			out.Examples = append(out.Examples, r.examples[id+"|"+string(k)]...)
		}
	}
	return &out
}

// diff lists the differences between the sides of a patient, by check and ingredient.
func diff(p *Patient) (changes []Change) {
	before, after := sorted(p.Before), sorted(p.After)
	for len(before) > 0 || len(after) > 0 {
		switch order := compareHeads(before, after); {
		case order < 0:
			changes = append(changes, change(p, Closed, &before[0], nil))
			before = before[1:]
		case order > 0:
			changes = append(changes, change(p, Opened, nil, &after[0]))
			after = after[1:]
		default:
			if before[0].Severity != after[0].Severity {
				changes = append(changes, change(p, Moved, &before[0], &after[0]))
			}
			before, after = before[1:], after[1:]
		}
	}
	return changes
}

func sorted(flags []Flag) []Flag { return slices.SortedFunc(slices.Values(flags), compareFlags) }

func compareFlags(a, b Flag) int {
	return cmp.Or(cmp.Compare(a.Check, b.Check), cmp.Compare(a.Ingredient, b.Ingredient))
}

func compareHeads(before, after []Flag) int {
	switch {
	case len(before) == 0:
		return 1
	case len(after) == 0:
		return -1
	}
	return compareFlags(before[0], after[0])
}

func change(p *Patient, k Kind, before, after *Flag) Change {
	c := Change{Change: k, Patient: p.Ref}
	if before != nil {
		c.Check, c.Ingredient, c.From, c.Was = before.Check, before.Ingredient, before.Severity.String(), before.Summary
	}
	if after != nil {
		c.Check, c.Ingredient, c.To, c.Is = after.Check, after.Ingredient, after.Severity.String(), after.Summary
	}
	return c
}

// explain adds why the side without the flag has none.
func (p *Patient) explain(c *Change) {
	f := Flag{Check: c.Check, Ingredient: c.Ingredient}
	switch {
	case c.Change == Opened && p.SilentBefore != nil:
		c.Was = p.SilentBefore(f)
	case c.Change == Closed && p.SilentAfter != nil:
		c.Is = p.SilentAfter(f)
	}
}
