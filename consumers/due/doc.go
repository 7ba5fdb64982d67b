// Package due lists the moments at which time alone changes a flag, by date or by check, and writes
// them as a calendar (iCalendar, RFC 5545).
//
// A caller adds the moments of every patient (checks.Turns), then asks for the list. A calendar goes
// where nobody can call it back: to phones, and to servers of others. So it names a patient by what
// the caller says, and no order, result or drug of anybody unless the caller wants that.
//
// The package must not know where patients come from, or why a flag changes.
package due
