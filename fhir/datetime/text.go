package datetime

import (
	"time"

	"github.com/rlsguard/rlsguard/checks/moment"
)

// Text writes t as FHIR does, as precisely as given; an instant in UTC.
func Text(t moment.Time) string {
	layout := map[moment.Precision]string{
		moment.ToYear: "2006", moment.ToMonth: "2006-01", moment.ToDay: time.DateOnly,
		moment.ToInstant: time.RFC3339Nano, moment.WithoutOff: "2006-01-02T15:04:05.999999999",
	}[t.Precision]
	return time.Unix(0, t.Nanos).UTC().Format(layout)
}
