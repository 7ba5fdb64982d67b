package due

import (
	"fmt"
	"io"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
)

// Calendar says how to write a calendar.
type Calendar struct {
	// AsOf is when the list was made: the same list gives the same calendar.
	AsOf time.Time
	// Name is what a patient is called.
	Name func(facts.Ref) string
	// Details adds the drug, and what happens to which order or result.
	Details bool
	// Harmless removes what no text may hold, such as control characters.
	Harmless func(string) string
}

// Write writes a calendar (RFC 5545) with one event per moment: an all-day one, which blocks
// nobody's time, if the moment is the start of a day, else one at that time. An event's id is that
// of the flag with the moment, so a repeated list gives the same events.
func (c *Calendar) Write(w io.Writer, turns []checks.Turn) error {
	cal := &ics.Calendar{}
	cal.SetVersion("2.0")
	cal.SetProductId("-//rlsguard//due//EN")
	cal.SetMethod(ics.MethodPublish)
	for i := range turns {
		c.event(cal, &turns[i])
	}
	if len(turns) == 0 { // a calendar must have a component (3.6)
		j := cal.AddJournal("nothing-" + c.AsOf.UTC().Format("20060102T150405") + "@rlsguard")
		j.SetDtStampTime(c.AsOf)
		j.SetSummary("Nothing changes by itself, as far as is known")
	}
	if err := cal.SerializeTo(w, ics.WithNewLine("\r\n")); err != nil {
		return fmt.Errorf("calendar: %w", err)
	}
	return nil
}

func (c *Calendar) event(cal *ics.Calendar, t *checks.Turn) {
	e := cal.AddEvent(t.FlagID + "-" + t.Instant.UTC().Format("20060102T150405.999999999") + "@rlsguard")
	e.SetDtStampTime(c.AsOf)
	if t.At.Precision == moment.ToDay {
		e.SetAllDayStartAt(t.At.Start(time.UTC))
	} else {
		e.SetStartAt(t.Instant)
	}
	e.SetSummary(c.Harmless(c.about(t) + " " + Words(t) + ": " + c.Name(t.Patient)))
	e.SetDescription(c.Harmless(upper(Why(t, c.Details)) + ". Flag " + t.FlagID + "."))
	e.SetClass(ics.ClassificationConfidential)
	e.SetTimeTransparency(ics.TransparencyTransparent)
	e.AddCategory(t.Check)
}

func (c *Calendar) about(t *checks.Turn) string {
	if c.Details && t.Ingredient != "" {
		return t.Check + " " + t.Ingredient
	}
	return t.Check
}

// upper capitalises a sentence, which begins with an ASCII letter.
func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
