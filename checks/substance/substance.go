package substance

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/rlsguard/rlsguard/checks"
)

// Part is one thing that decides a rule. Its value is short and readable if possible, else a hash.
type Part struct{ Name, Value string }

// Of returns the parts of a check under some settings, in a fixed order. Approvals, and whether
// rules need one, change nothing. Reading all cases takes some milliseconds.
func Of(c checks.Check, s *checks.Settings) []Part {
	parts := []Part{
		{"version", fmt.Sprint(c.Rule.Version)},
		{"trigger", c.Trigger},
		{"severity", c.Severity},
		{"severity here", s.Checks[c.ID].Severity},
		{"patients", map[bool]string{false: "with RLS", true: "everyone"}[c.WithoutRLS && s.Everyone]},
		{"zone", s.Zone.String()},
	}
	for _, limit := range c.Thresholds(s) {
		parts = append(parts, Part{"limit " + limit.Name, limit.Value})
	}
	for _, cited := range c.Citations {
		parts = append(parts, Part{"source " + cited.Source, strings.TrimSpace(cited.Strength + " " + cited.DOI)})
	}
	parts = append(parts, tables(c, s)...)
	parts = append(parts, texts(c)...)
	return append(parts, answers(c, s)...)
}

// Hash is the hash of parts, as an approval names it.
func Hash(parts []Part) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%q %q\n", p.Name, p.Value)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Changed names the parts that differ between two substances or are in only one.
func Changed(was, is []Part) []string {
	var names []string
	for _, p := range slices.Concat(is, was) {
		before, now := find(was, p.Name), find(is, p.Name)
		if (before == nil || now == nil || before.Value != now.Value) && !slices.Contains(names, p.Name) {
			names = append(names, p.Name)
		}
	}
	return names
}

func find(parts []Part, name string) *Part {
	i := slices.IndexFunc(parts, func(p Part) bool { return p.Name == name })
	if i < 0 {
		return nil
	}
	return &parts[i]
}

func sum(lines []string) string {
	h := sha256.New()
	for _, line := range lines {
		fmt.Fprintf(h, "%q\n", line)
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
}
