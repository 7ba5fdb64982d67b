package ahead

import (
	"slices"

	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/checks/words"
)

// Becoming says what time alone makes of a flag. The list is closed.
type Becoming string

// What a flag becomes. Changes are: its severity, what its basis rests on, whether it is open, and
// whether an answer to it holds. A text with another date is none.
const (
	Open         Becoming = "open"    // it opens, or an answer to it lapses
	Worse        Becoming = "worse"   // a higher severity
	Milder       Becoming = "milder"  // a lower severity
	Changed      Becoming = "changed" // same severity on another basis
	Acknowledged Becoming = "acknowledged"
	Overridden   Becoming = "overridden"
	Resolved     Becoming = "resolved"
)

var becomings = []Becoming{Open, Worse, Milder, Changed, Acknowledged, Overridden, Resolved}

// Known reports whether b is in the list.
func (b Becoming) Known() bool { return slices.Contains(becomings, b) }

// Words describes b for a reader, after the name of the flag.
func (b Becoming) Words() string { return words.Say("becomes." + string(b)) }

// Again says that an answered flag is open again.
func Again() string { return words.Say("becomes.again") }

// Next is the earliest moment at which time alone changes a flag, and what it becomes. At is a day,
// which begins in the zone of the settings, or an instant. The zero value means no known change.
//
// It rests on all facts of the patient at the flag's as-of time, including those the flag does not
// mention. A fact that only shifts the moment does not change the flag, so a published flag goes on
// naming the earlier moment: a shifted date is not worth an update to all readers, and the change
// itself is published when it happens. Lists of dates should use the facts instead (checks.Turns).
type Next struct {
	At moment.Time
	To Becoming
}

// IsZero reports whether no change of the flag is known.
func (n Next) IsZero() bool { return n.To == "" }
