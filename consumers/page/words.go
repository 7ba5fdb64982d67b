package page

import (
	"fmt"
	"strings"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
)

// plain drops from a text what is invisible and could change how the rest is read: control
// characters, and those that reverse the reading direction.
func plain(s string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c == '\n' || c == '\t':
			return ' '
		case unprintable(c) && c != '\u00a0':
			return -1
		}
		return c
	}, s)
}

func plainAll(list []string) []string {
	var all []string
	for _, s := range list {
		all = append(all, plain(s))
	}
	return all
}

// name is how the page calls a patient: by the reference, without its type.
func name(ref facts.Ref) string {
	return "Patient " + plain(strings.TrimPrefix(string(ref), "Patient/"))
}

// age is a duration in a unit that says enough.
func age(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "now"
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d/time.Minute))
	case d < 24*time.Hour:
		return fmt.Sprintf("%d h", int(d/time.Hour))
	}
	return fmt.Sprintf("%d d", int(d/(24*time.Hour)))
}

// class of the styles and shapes of a severity.
func class(s checks.Severity) string {
	if s == checks.None {
		return "answered"
	}
	return s.String()
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
