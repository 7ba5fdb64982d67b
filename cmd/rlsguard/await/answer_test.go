package await

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/consumers/watch"
)

// Who answered a flag is told why the answer does not count.
func TestAnswerThatDoesNotCount(t *testing.T) {
	asOf := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	same := checks.Flag{Finding: checks.Finding{Basis: "b"}, AsOf: asOf}
	changed := checks.Flag{Finding: checks.Finding{Basis: "c"}, AsOf: asOf}
	for _, c := range []struct {
		now  checks.Flag
		date time.Time
		err  error
		says string
	}{
		{same, asOf.AddDate(0, 0, 7), errNotShown, "counts from 2026-11-30T08:00:00Z"},
		{changed, asOf.AddDate(0, 0, 7), errNotShown, "has changed meanwhile"},
		{same, asOf, errNotShown, "it was rejected"},
		{checks.Flag{}, asOf, watch.ErrNoFlag, "not open any more"},
		{checks.Flag{}, asOf, errNobody, "is one running"},
		{checks.Flag{}, asOf, errUndecided, "has not come to it"},
		{checks.Flag{}, asOf, errors.New("no answer"), "nobody can tell whether it counts: no answer"},
	} {
		a := Answer{Acknowledgement: facts.Acknowledgement{Date: moment.Instant(c.date)}, To: same}
		if said := a.why(&c.now, c.err); !strings.Contains(said, c.says) {
			t.Errorf("%v says %q, not %q", c.err, said, c.says)
		}
	}
}
