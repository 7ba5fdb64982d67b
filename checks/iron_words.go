package checks

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Sentences that several iron texts share.
const (
	orderIron = "Order ferritin together with iron and total iron binding capacity."
	sampling  = "Draw in the morning, fasting, with no iron supplements for 24 h before."
	noDelay   = "Testing need not delay treatment."
)

func dayCount(n int) string { return fmt.Sprintf("%d days", n) }

func inZone(t time.Time, zone *time.Location) string { return t.In(zone).Format(time.DateOnly) }

// groupWords names the limits that apply.
func (c *ironCase) groupWords() string {
	return [...]string{"adult limits", "limit for children", "adult limits, birth date not known", "limits for dialysis"}[c.panel.group]
}

// value tells one result: "ferritin 71.2 ng/mL (sent as 160 pmol/L), dated 2026-10-24".
func (c *ironCase) value(name string, r *labReading) string {
	text := r.measure.text()
	if r.calculated {
		m := r.measure
		m.value = decimal(m.value.cut(2))
		text = m.text() + ", calculated from iron and binding capacity of one draw"
	}
	if r.status != LabFinal {
		text += ", " + statusWords(r.status)
	}
	return name + " " + text + ", " + r.date(c.Labs.zone)
}

func statusWords(s LabStatus) string {
	if s == LabPreliminary {
		return "preliminary"
	}
	return "of unknown status"
}

// state tells all that is known of one analyte.
func (c *ironCase) state(name string, res *analyteResult) string {
	var parts []string
	if res.shown != nil {
		parts = append(parts, c.value(name, res.shown))
	}
	if res.blocked != nil {
		parts = append(parts, c.blocked(name, res))
	}
	if res.pending != nil {
		parts = append(parts, name+" "+labPending.words()+" ("+res.pending.date(c.Labs.zone)+")")
	}
	if len(parts) == 0 {
		return "no " + name + " results found in the data received"
	}
	return strings.Join(parts, "; ")
}

// blocked says why the newest result cannot be evaluated.
func (c *ironCase) blocked(name string, res *analyteResult) string {
	why := res.why.words()
	if res.why == labStraddles {
		why = "given only as " + res.blocked.measure.text() + ", and the limit lies on both sides of that"
	}
	if res.blocked.of != "" {
		why += " (" + res.blocked.of + ")"
	}
	if res.blocked.calculated {
		name += " to be calculated"
	}
	return name + " " + res.blocked.date(c.Labs.zone) + ": " + why
}

// known says all that is on record.
func (c *ironCase) known() string {
	return "On record: " + c.state("ferritin", &c.panel.ferritin) + "; " + c.state("TSAT", &c.panel.tsat) + "."
}

// gaps names what is missing, and whether it is pending.
func (c *ironCase) gaps() string {
	var parts []string
	for _, a := range c.analytes() {
		switch a.res.state {
		case analytePending:
			parts = append(parts, a.name+" is pending")
		case analyteNeverSeen:
			parts = append(parts, "no "+a.name+" results found in the data received")
		}
	}
	return strings.Join(parts, "; ")
}

type namedAnalyte struct {
	name string
	res  *analyteResult
}

func (c *ironCase) analytes() []namedAnalyte {
	return []namedAnalyte{{"ferritin", &c.panel.ferritin}, {"TSAT", &c.panel.tsat}}
}

// knownBeside tells what is on record of the other analyte when one is missing or unusable.
func (c *ironCase) knownBeside() string {
	var parts []string
	for _, a := range c.analytes() {
		if a.res.state == analyteUsable || a.res.state == analyteUnusable && a.res.shown != nil {
			parts = append(parts, c.value(a.name, a.res.shown))
		} else if a.res.state == analyteUnusable && c.eitherMissing() {
			parts = append(parts, c.blocked(a.name, a.res))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "On record: " + strings.Join(parts, "; ") + "."
}

func (c *ironCase) eitherMissing() bool {
	return min(c.panel.ferritin.state, c.panel.tsat.state) <= analytePending
}

func (c *ironCase) whyUnusable() string {
	var parts []string
	for _, a := range c.analytes() {
		if a.res.state == analyteUnusable {
			parts = append(parts, c.blocked(a.name, a.res))
		}
	}
	return strings.Join(parts, "; ")
}

// olderThan says which results the age check is about.
func (c *ironCase) olderThan(limit int) string {
	var parts []string
	for i, a := range c.analytes() {
		age := [...]labAge{c.ferritinAge, c.tsatAge}[i]
		if age == labCurrent {
			continue
		}
		if !a.res.newest.dated {
			parts = append(parts, a.name+" without a date, so that its age cannot be judged")
		} else {
			parts = append(parts, a.name+" "+a.res.newest.date(c.Labs.zone))
		}
	}
	return "not recent (limit " + dayCount(limit) + "): " + strings.Join(parts, "; ")
}

// lowSummary says what is low, against which limit, and what the other value is.
func (c *ironCase) lowSummary() string {
	var low, rest []string
	for _, a := range c.analytes() {
		switch {
		case a.res.low:
			low = append(low, c.value(a.name, a.res.shown)+" (low: "+limitWords(a.res.limit, a.res.shown.measure.unit)+")")
		default:
			rest = append(rest, c.state(a.name, a.res))
		}
	}
	text := "Iron is low for RLS: " + strings.Join(low, "; ") + "."
	if len(rest) > 0 {
		text += " Beside it: " + strings.Join(rest, "; ") + "."
	}
	return text
}

func limitWords(l ironLimit, unit string) string {
	how := "below "
	if l.inclusive {
		how = "at or below "
	}
	return how + l.value.String() + " " + unit
}

// lowNotes are the reservations of iron-low.
func (c *ironCase) lowNotes() string {
	var notes []string
	for i, a := range c.analytes() {
		if !a.res.low {
			continue
		}
		age := [...]labAge{c.ferritinAge, c.tsatAge}[i]
		if age == labStale {
			notes = append(notes, fmt.Sprintf("The low %s is stale (limit %s); a low value does not turn normal with age.", a.name, dayCount(c.Settings.StaleDays)))
		}
		if a.res.atLimit {
			notes = append(notes, "The "+a.name+" is at the limit after conversion from a molar unit, and taken as low.")
		}
		if a.res.shown.status != LabFinal {
			notes = append(notes, "The low "+a.name+" is provisional: it is "+statusWords(a.res.shown.status)+".")
		}
		if a.res.other != nil {
			notes = append(notes, "Results of one draw disagree: "+c.value(a.name, a.res.other)+"; the low one counts.")
		}
		if a.res.blocked != nil {
			notes = append(notes, "A newer result cannot be evaluated and does not clear it.")
		}
	}
	return joinSentences(append(notes, c.groupNote(), c.readingNotes())...)
}

// groupNote says what the limits rest on where that is not plain.
func (c *ironCase) groupNote() string {
	f := &c.panel.ferritin
	switch c.panel.group {
	case ironDialysis:
		return "End-stage renal disease or dialysis is on record: both ferritin and TSAT have to be low; ferritin is inflated there, so TSAT leads."
	case ironChild:
		return "For children no TSAT limit is stated: TSAT is shown, not decided on."
	case ironAgeUnknown:
		child := c.Settings.ferritinLimit(ironChild, "")
		note := "The birth date is not known well enough: adult limits were applied. For a child ferritin would be low " + limitWords(child, "ng/mL")
		if f.shown != nil {
			if v, _ := c.Settings.ferritinLimit(ironChild, f.shown.performer).judge(&f.shown.measure); v == verdictLow {
				return note + ", which it is as well."
			}
			return note + ", which it is not."
		}
		return note + "."
	}
	return ""
}

// readingNotes are reservations about how a result is to be read. They hold whatever the decision.
func (c *ironCase) readingNotes() string {
	var notes []string
	for _, a := range c.analytes() {
		r := a.res.shown
		if r == nil {
			continue
		}
		if r.measure.caveat {
			notes = append(notes, "The "+a.name+" is outside the usual range: check it.")
		}
		if r.note != "" {
			notes = append(notes, r.note)
		}
		if r.effective.Precision >= ToInstant && r.at.In(c.Labs.zone).Hour() >= 12 {
			notes = append(notes, "The "+a.name+" "+r.date(c.Labs.zone)+" was drawn after noon.")
		}
		notes = append(notes, c.afterInfusion(a.name, r))
	}
	notes = append(notes, c.calculatedNote(), c.previousLow(), c.assayNote(), c.inflammation())
	return joinSentences(slices.Compact(notes)...)
}
