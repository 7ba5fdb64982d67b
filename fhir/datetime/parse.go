package datetime

import (
	"github.com/rlsguard/rlsguard/checks/moment"
)

// Parse parses a FHIR date, dateTime or instant; false if s is none.
func Parse(s string) (moment.Time, bool) { return ParseBytes([]byte(s)) }
