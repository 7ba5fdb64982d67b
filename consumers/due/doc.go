// Package due lists the moments at which time alone changes a flag, by date or by check, and writes
// them as a calendar (iCalendar, RFC 5545).
//
// A caller adds the moments of every patient (checks.Turns), then asks for the list. A calendar
// goes where nobody can recall it: to phones, and to other people's servers. So it names patients
// only as the caller says, and no order, result or drug unless the caller asks for that.
//
// The package must not know where patients come from, or why a flag changes.
package due
