// Package datetime reads the date, dateTime and instant of FHIR R4
// (hl7.org/fhir/R4/datatypes.html#dateTime) as moments.
//
// It must not know in which resource they stand, JSON, or the time of day.
package datetime
