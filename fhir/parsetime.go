package fhir

import "github.com/rlsguard/rlsguard/checks"

// ParseTime reads a FHIR date, dateTime or instant; false when s is none.
func ParseTime(s string) (checks.Time, bool) { return parseTime([]byte(s)) }
