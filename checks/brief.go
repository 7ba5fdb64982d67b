package checks

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Brief is a finding in a few words, for a list in which each patient has a line: the drugs, or the
// value, that it is about, as in "gabapentin + oxycodone" or "ferritin 21 ng/mL". It is taken from
// the summary, which names them; where that says nothing short, it is the title of the check.
func (f *Finding) Brief() string {
	if f.Audience == ForPatients {
		return f.title()
	}
	for _, b := range briefs {
		if b.checks.MatchString(f.Check) {
			if m := b.summary.FindStringSubmatch(f.Summary); m != nil {
				return small(joined.Replace(m[1])) + b.after
			}
		}
	}
	if f.Ingredient != "" {
		return f.Ingredient
	}
	return f.title()
}

// briefs are the part of a summary that says most, by check, and what is said after it.
var briefs = []struct {
	checks, summary *regexp.Regexp
	after           string
}{
	{regexp.MustCompile(`^iron-low$`), regexp.MustCompile(`: ([^:(,;]+?),? ?(?:sent as|\(|,|;)`), ""},
	{regexp.MustCompile(`^iron-labs-missing$`), regexp.MustCompile(`^(No [^.]{1,40}?) received\.`), ""},
	{regexp.MustCompile(`^iron-labs-stale$`), regexp.MustCompile(`^(Iron results) are not recent`), " not recent"},
	{regexp.MustCompile(`^iron-labs-unusable$`), regexp.MustCompile(`evaluated: ([^ (:]{1,40}) `), " cannot be evaluated"},
	{regexp.MustCompile(`^rls-iron-unchecked$`), regexp.MustCompile(`^(No usable ferritin or TSAT)\b`), ""},
	{
		regexp.MustCompile(`^(gabapentinoid-respiratory-depression|dopamine-agonist-antagonist)$`),
		regexp.MustCompile(`^([^:.]{1,120}?):`), "",
	},
	{regexp.MustCompile(`^gabapentinoid-duplicate$`), regexp.MustCompile(`^([^:.]{1,120}?) are both`), ""},
	{
		regexp.MustCompile(`^gabapentinoid-renal-dose$`),
		regexp.MustCompile(`^(\D{1,60} [0-9.]+ mg a day)\b`), ", kidneys",
	},
	{regexp.MustCompile(`^gabapentinoid-renal-dose$`), regexp.MustCompile(`^([^:.]{1,60}?) at a clearance`), ", kidneys"},
	{regexp.MustCompile(`^dopamine-agonist-augmentation$`), regexp.MustCompile(`^([^:.(]{1,60}?) \(`), ", augmentation"},
}

var joined = strings.NewReplacer(" with ", " + ", " beside ", " + ", " and ", " + ", ", ", " + ")

// small writes the first letter of a sentence as inside one, but for abbreviations.
func small(s string) string {
	first, n := utf8.DecodeRuneInString(s)
	if next, _ := utf8.DecodeRuneInString(s[n:]); unicode.IsUpper(next) {
		return s
	}
	return string(unicode.ToLower(first)) + s[n:]
}

// title is that of the check.
func (f *Finding) title() string {
	for i := range catalogue() {
		if c := &catalogue()[i]; c.ID == f.Check {
			return c.Title
		}
	}
	return f.Check
}
