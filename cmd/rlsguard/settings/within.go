package settings

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// mostDays is how far ahead --within may look: ten years.
const mostDays = 3650

// ParseWithin reads a number of days or weeks after asOf, such as 30d or 4w. They are calendar days
// of zone, and the last one counts to its end.
func ParseWithin(text string, zone *time.Location, asOf time.Time) (time.Time, error) {
	number, unit := strings.TrimRight(text, "dw"), 1
	if strings.HasSuffix(text, "w") {
		unit = 7
	}
	n, err := strconv.Atoi(number)
	if err != nil || len(text) != len(number)+1 || n < 0 || n*unit > mostDays {
		return time.Time{}, fmt.Errorf("%q is not a number of days (30d) or weeks (4w) up to %dd", text, mostDays)
	}
	d := asOf.In(zone)
	return time.Date(d.Year(), d.Month(), d.Day()+n*unit+1, 0, 0, 0, 0, zone).Add(-1), nil
}
