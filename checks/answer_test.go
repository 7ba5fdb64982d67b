package checks

import (
	"testing"
	"time"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
)

// An acknowledgement that ends, or is dated ahead, changes what is shown by time alone.
func TestAnswersBeginAndEnd(t *testing.T) {
	at := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name        string
		date, until moment.Time
		want        time.Time // zero: time alone changes nothing
	}{
		{name: "without dates"},
		{name: "over", date: moment.Instant(at.AddDate(0, 0, -2)), until: moment.Instant(at.AddDate(0, 0, -1))},
		{name: "ends", until: moment.Instant(at.Add(time.Hour)), want: at.Add(time.Hour)},
		{name: "ends with the day", until: moment.Time{Nanos: at.Truncate(24 * time.Hour).UnixNano(),
			Precision: moment.ToDay}, want: at.Truncate(24*time.Hour).AddDate(0, 0, 1)},
		{name: "begins", date: moment.Instant(at.Add(time.Hour)), until: moment.Instant(at.AddDate(0, 1, 0)),
			want: at.Add(time.Hour)},
	} {
		t.Run(c.name, func(t *testing.T) {
			st := &State{
				Patient: "Patient/1",
				Facts: []facts.Fact{{Ref: "DetectedIssue/1", Kind: facts.KindAcknowledgement,
					Acknowledgement: &facts.Acknowledgement{FlagID: "x", Date: c.date, Until: c.until}}},
			}
			if got, ok := NextChange(st, DefaultSettings(), at); ok == c.want.IsZero() || !got.Equal(c.want) {
				t.Errorf("next change %v (%v), want %v", got, ok, c.want)
			}
		})
	}
}
