package page

import (
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/rlsguard/rlsguard/checks"
)

// filter is which patients to show, according to the address. It names severities, checks and days,
// and nobody.
type filter struct {
	Severity checks.Severity // None: all
	Check    string
	Answered string // "", "no" or "yes"
	New      bool
	Due      int // days; 0: no limit
}

// mostDue is how far ahead one can look, in days.
const mostDue = 3650

// readFilter reads what it knows and ignores the rest: people type addresses, too.
func readFilter(q url.Values) filter {
	var f filter
	f.Severity, _ = checks.ParseSeverity(q.Get("severity"))
	if c := q.Get("check"); slices.ContainsFunc(checks.Catalogue(), func(k checks.Check) bool { return k.ID == c }) {
		f.Check = c
	}
	if a := q.Get("answered"); a == "yes" || a == "no" {
		f.Answered = a
	}
	f.New = q.Get("new") == "1"
	if n, err := strconv.Atoi(q.Get("due")); err == nil && n > 0 && n <= mostDue {
		f.Due = n
	}
	return f
}

// query is f as in an address, "" if it lets everything through.
func (f filter) query() string {
	q := url.Values{}
	if f.Severity != checks.None {
		q.Set("severity", f.Severity.String())
	}
	if f.Check != "" {
		q.Set("check", f.Check)
	}
	if f.Answered != "" {
		q.Set("answered", f.Answered)
	}
	if f.New {
		q.Set("new", "1")
	}
	if f.Due > 0 {
		q.Set("due", strconv.Itoa(f.Due))
	}
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}

// through reports whether a row is shown to somebody whose last visit was at since.
func (f filter) through(r *row, since, now time.Time) bool {
	switch {
	case f.Severity != checks.None && !r.has(f.Severity),
		f.Check != "" && !slices.Contains(r.Checks, f.Check),
		f.Answered == "no" && r.Worst == checks.None,
		f.Answered == "yes" && r.Answered == 0,
		f.New && !r.Changed.After(since),
		f.Due > 0 && (r.Due.IsZero() || r.Due.After(now.AddDate(0, 0, f.Due))):
		return false
	}
	return true
}

// has reports whether a flag of this severity waits for an answer.
func (r *row) has(s checks.Severity) bool {
	switch s {
	case checks.High:
		return r.High > 0
	case checks.Moderate:
		return r.Moderate > 0
	}
	return r.Low > 0
}
