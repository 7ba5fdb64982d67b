package terms

import (
	"slices"
	"strings"

	"github.com/rlsguard/rlsguard/checks/terms/codes"
)

// doxylamine with pyridoxine is the one combination whose partner, in no class of ours, changes a
// check: it is the licensed drug for nausea in pregnancy.
const doxylamine = "doxylamine"

// withPyridoxine are lower-case parts of names that say so: the vitamin in several languages, and
// brands of the combination.
var withPyridoxine = []string{
	"pyridox", "piridox", "vitamin b6", "vitamine b6", "vitamina b6",
	"diclegis", "diclectin", "bonjesta", "xonvea", "cariban", "debendox", "bendectin",
}

// companions lists the other substances of a medication that change a check.
func (t *Terms) companions(found []Found, codings []codes.Coding, names []string) []string {
	if !slices.ContainsFunc(found, func(f Found) bool { return f.Name == doxylamine }) {
		return nil
	}
	said := slices.Clone(names)
	for _, c := range codings {
		system, code := codes.Canonical(c.System), strings.TrimSpace(c.Code)
		if r, _ := t.recognise(system, code); len(r.with) > 0 {
			return r.with
		}
		said = append(said, c.Display)
		said = append(said, t.siteNames(system, code)...)
	}
	return companionsIn(found, said...)
}

// companionsIn lists which of these substances the names of a medication mention.
func companionsIn(found []Found, names ...string) []string {
	if !slices.ContainsFunc(found, func(f Found) bool { return f.Name == doxylamine }) {
		return nil
	}
	for _, s := range names {
		s = strings.ToLower(s)
		if slices.ContainsFunc(withPyridoxine, func(part string) bool { return strings.Contains(s, part) }) {
			return []string{"pyridoxine"}
		}
	}
	return nil
}
