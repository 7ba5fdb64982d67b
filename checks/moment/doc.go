// Package moment holds the dates and times of FHIR as precisely as they were given: a year, a
// month, a day, an instant, or a wall clock without an offset. What an imprecise one means is asked
// for a zone, as its first instant and its end.
//
// It must not know how a date is written in FHIR, the time of day, or what happened then.
package moment
