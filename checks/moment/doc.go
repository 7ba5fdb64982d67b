// Package moment holds FHIR dates and times as precisely as given: a year, a month, a day, an
// instant, or a wall clock without an offset. In a given zone, an imprecise one has a first instant
// and an end.
//
// It must not know how FHIR writes a date, the time of day, or what happened then.
package moment
