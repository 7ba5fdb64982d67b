package cdshooks

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/rlsguard/rlsguard/checks"
)

// summary is a flag in one short line. The rest stands in the detail.
func (m *cardMaker) summary(f *checks.Flag) string {
	// A low value says more than what is missing beside it.
	if need := ironWords(m.advice.Iron); f.Check == m.advice.Iron.Check && f.Check != ironLow && need != "" {
		text := "RLS + " + m.advice.Iron.Drugs + ": " + need
		if m.advice.Iron.Drugs != "" && fits(text) {
			return text
		}
	}
	if text := short(f.Summary); fits(text) {
		return text
	}
	return titles()[f.Check]
}

const ironLow = "iron-low"

// ironWords say what the iron results lack; "" where they lack nothing.
func ironWords(n checks.IronNeed) string {
	for _, kind := range []struct {
		need                checks.LabNeed
		before, join, after string
	}{
		{checks.LabMissing, "no ", " or ", " on record"},
		{checks.LabUnusable, "newest ", " and ", " cannot be evaluated"},
		{checks.LabOld, "", " and ", " not recent"},
	} {
		var tests []string
		if n.Ferritin == kind.need {
			tests = append(tests, "ferritin")
		}
		if n.TSAT == kind.need {
			tests = append(tests, "TSAT")
		}
		if tests != nil {
			return kind.before + strings.Join(tests, kind.join) + kind.after
		}
	}
	return ""
}

var aside = regexp.MustCompile(` \([^()]*\)`)

// short is the first sentence of a text, without what stands in brackets where it is too long for a
// card, and without further clauses where it still is. It is never cut inside a clause: what is
// left would say something else.
func short(text string) string {
	if end := strings.Index(text, ". "); end > 0 {
		text = text[:end+1]
	}
	if fits(text) {
		return text
	}
	if text = aside.ReplaceAllString(text, ""); fits(text) {
		return text
	}
	for _, end := range []string{"; ", ": "} {
		for rest := text; ; {
			at := strings.LastIndex(rest, end)
			if at <= 0 {
				break
			}
			if rest = rest[:at]; fits(rest) {
				return rest
			}
		}
	}
	return text
}

func fits(text string) bool { return utf8.RuneCountInString(text) <= summaryLimit }
