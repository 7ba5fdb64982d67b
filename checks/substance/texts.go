package substance

import (
	"maps"
	"slices"
	"strings"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/words"
)

// ownTexts are the groups of texts that only some checks use, by key prefix. A key in none of them
// is used by every check, or may be.
var ownTexts = []struct {
	prefixes []string
	checks   []string // prefixes of their ids
}{
	{
		[]string{"iron.", "analyte.", "lab.", "leaflet.iron"},
		[]string{"iron-", "rls-iron-", "dopamine-agonist-augmentation"},
	},
	{[]string{"antagonist.", "leaflet.antagonist"}, []string{"dopamine-agonist-antagonist"}},
	{[]string{"augmentation.", "leaflet.augmentation"}, []string{"dopamine-agonist-augmentation"}},
	{[]string{"contraindicated.", "leaflet.contraindicated"}, []string{"rls-contraindicated"}},
	{[]string{"duplicate.", "leaflet.duplicate"}, []string{"gabapentinoid-duplicate"}},
	{[]string{"pair.", "leaflet.pair"}, []string{"gabapentinoid-respiratory-depression"}},
	{[]string{"renal.", "kidney.", "leaflet.renal"}, []string{"gabapentinoid-renal-dose"}},
	{[]string{"unclassified.", "leaflet.unclassified"}, []string{"medication-unclassified"}},
}

// texts are the texts of a check for both audiences: its own, those of its classes, and those
// beside every flag. Words about silence are no part of a flag.
func texts(c checks.Check) []Part {
	var own, shared []string
	all := words.All()
	for _, key := range slices.Sorted(maps.Keys(all)) {
		line := key + ": " + all[key]
		switch mine, others := belongs(key, c); {
		case strings.HasPrefix(key, "silent."):
		case mine:
			own = append(own, line)
		case !others:
			shared = append(shared, line)
		}
	}
	return []Part{{"texts", sum(own)}, {"texts beside every flag", sum(shared)}}
}

// belongs reports whether a text is the check's own, or used only by others.
func belongs(key string, c checks.Check) (mine, others bool) {
	for _, group := range ownTexts {
		if startsWith(key, group.prefixes) {
			mine = startsWith(c.ID, group.checks)
			return mine, !mine
		}
	}
	for _, prefix := range []string{"effect.", "class."} {
		if class, ok := strings.CutPrefix(key, prefix); ok {
			return ofClass(class, c)
		}
	}
	return false, false
}

// ofClass reports whether a text about a class is the check's own, or used only by others; a word
// that is no class is used by all.
func ofClass(word string, c checks.Check) (mine, others bool) {
	for _, other := range checks.Catalogue() {
		for _, class := range other.Concerns() {
			if string(class) == word {
				others = true
				mine = mine || other.ID == c.ID
			}
		}
	}
	return mine, others && !mine
}

func startsWith(s string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(s, p) })
}
