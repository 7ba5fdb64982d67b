package datetime

import (
	"github.com/rlsguard/rlsguard/checks/moment"
)

// Parse reads a FHIR date, dateTime or instant; false when s is none.
func Parse(s string) (moment.Time, bool) { return ParseBytes([]byte(s)) }
