package ahead

import (
	"slices"

	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/checks/words"
)

// Becoming says what time alone makes of a flag. The list is closed.
type Becoming string

// What a flag becomes. Only these count as a change: its severity, what its basis rests on, whether
// it is open, and whether an answer to it holds. A text that names another date is none.
const (
	Open         Becoming = "open"    // it opens; or it was answered, and the answer holds no longer
	Worse        Becoming = "worse"   // a higher severity
	Milder       Becoming = "milder"  // a lower severity
	Changed      Becoming = "changed" // the severity stays, and it rests on something else
	Acknowledged Becoming = "acknowledged"
	Overridden   Becoming = "overridden"
	Resolved     Becoming = "resolved"
)

var becomings = []Becoming{Open, Worse, Milder, Changed, Acknowledged, Overridden, Resolved}

// Known tells whether the list has it.
func (b Becoming) Known() bool { return slices.Contains(becomings, b) }

// Words say it to a reader, behind the name of the flag.
func (b Becoming) Words() string { return words.Say("becomes." + string(b)) }

// Again are the words for a flag that was answered and is open again.
func Again() string { return words.Say("becomes.again") }

// Next is the earliest moment at which time alone changes a flag, and to what. At is a day, which
// begins in the zone of the settings, or an instant. The zero value says that nothing is known to
// change it.
//
// It is as of the flag's as-of time and rests on all facts of the patient, also on those that the
// flag does not tell. While nothing arrives it stays the same until the moment comes; then the flag
// changes, and says what is next. Where a fact arrives that moves the moment and changes nothing
// else, the flag has not changed, so one that was published earlier goes on naming the former
// moment: a date that moved is not worth an update to all who read flags, and what happens is
// published when it happens. Whoever lists dates goes by the facts instead (checks.Turns).
type Next struct {
	At moment.Time
	To Becoming
}

// IsZero tells that nothing is known to change the flag.
func (n Next) IsZero() bool { return n.To == "" }
