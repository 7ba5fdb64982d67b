package checks

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Brief is a finding in a few words, for a list with one line per patient: the drugs or the value,
// as in "gabapentin + oxycodone" or "ferritin 21 ng/mL". It is cut from the summary, with the
// ingredient or the check's title as fallback.
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

// briefs give, by check, the part of the summary to show and what to append.
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

// small lower-cases the first letter unless the word is an abbreviation.
func small(s string) string {
	first, n := utf8.DecodeRuneInString(s)
	if next, _ := utf8.DecodeRuneInString(s[n:]); unicode.IsUpper(next) {
		return s
	}
	return string(unicode.ToLower(first)) + s[n:]
}

func (f *Finding) title() string {
	for i := range catalogue() {
		if c := &catalogue()[i]; c.ID == f.Check {
			return c.Title
		}
	}
	return f.Check
}
