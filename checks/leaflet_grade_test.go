package checks

import (
	"regexp"
	"strings"
	"testing"

	"github.com/rlsguard/rlsguard/checks/terms/drugs"
)

// Leaflets are read by tired people: Flesch-Kincaid grade at most 8, each drug name counted as one
// syllable.
func TestLeafletsArePlain(t *testing.T) {
	const most = 8.0
	seen := map[string]float64{}
	each := func(s *scenario) {
		set := DefaultSettings()
		set.Audience = ForPatients
		for _, f := range Evaluate(&s.st, set, s.AsOf) {
			text := f.Summary + " " + f.Action
			if g := grade(text); g > most {
				t.Errorf("%s: grade %.1f: %s", f.Check, g, text)
			} else {
				seen[f.Check] = max(seen[f.Check], g)
			}
			for _, c := range f.Counsel {
				if g := grade(c); g > most {
					t.Errorf("%s: grade %.1f: %s", f.Check, g, c)
				}
			}
			if strings.ContainsAny(text, "{}") ||
				regexp.MustCompile(`(?i)rls|ferritin|tsat|[0-9]{4}-|/[0-9a-z-]{3}`).MatchString(text) {
				t.Errorf("%s: not plain: %s", f.Check, text)
			}
			checkText(t, f)
		}
	}
	for _, s := range parseScenarios(t, everyFlag) {
		each(s)
	}
	eachScenario(t, each)
	t.Log("highest grades", seen)
}

func TestGrade(t *testing.T) {
	for text, want := range map[string]float64{"The cat sat on the mat.": -1.45, "Gabapentin helps.": -3.01} {
		if got := grade(text); got < want-0.01 || got > want+0.01 {
			t.Errorf("%q has grade %.2f, want %.2f", text, got, want)
		}
	}
}

var (
	sentenceEnds = regexp.MustCompile(`[.!?:;]+(\s|$)`)
	letters      = regexp.MustCompile(`[A-Za-z']+`)
	vowels       = regexp.MustCompile(`[aeiouy]+`)
)

// grade is that of Flesch and Kincaid (1975): 0.39 words per sentence, 11.8 syllables per word.
func grade(text string) float64 {
	for _, drug := range drugs.All() {
		text = regexp.MustCompile(`(?i)\b`+regexp.QuoteMeta(drug.Name)+`\b`).ReplaceAllString(text, "drug")
	}
	all := letters.FindAllString(text, -1)
	syllables := 0
	for _, w := range all {
		syllables += syllablesOf(strings.ToLower(w))
	}
	sentences := max(len(sentenceEnds.FindAllString(text, -1)), 1)
	return 0.39*float64(len(all))/float64(sentences) + 11.8*float64(syllables)/float64(max(len(all), 1)) - 15.59
}

// syllablesOf counts groups of vowels except a silent final e.
func syllablesOf(word string) int {
	n := len(vowels.FindAllString(word, -1))
	for _, silent := range []string{"e", "es", "ed"} {
		stem, ok := strings.CutSuffix(word, silent)
		if ok && stem != "" && !strings.HasSuffix(stem, "l") && !strings.ContainsAny(stem[len(stem)-1:], "aeiouytd") &&
			n > 1 {
			n--
			break
		}
	}
	return max(n, 1)
}

// Slow breathing needs help at once, and nobody should carry on with what has just made them
// restless.
func TestLeafletsOfDanger(t *testing.T) {
	text := func(order ...string) string {
		s := parseScenarios(t, "# x\nrls confirmed\nlab ferritin 152 ng/mL 2026-10-24\nlab tsat 31 % "+
			"2026-10-24\nrequest active \""+strings.Join(order, "\" 2026-01-14\nrequest active \"")+"\" 2026-01-14")[0]
		set := DefaultSettings()
		set.Audience = ForPatients
		all := ""
		for _, f := range Evaluate(&s.st, set, s.AsOf) {
			all += f.Summary + " " + f.Action + "\n"
		}
		return all
	}
	for _, c := range []struct {
		text        string
		has, hasNot []string
	}{
		{text("gabapentin 300 mg capsule", "oxycodone 5 mg tablet"), []string{"Gabapentin and oxycodone together",
			"naloxone", "ambulance at once", "alcohol", "keep taking both"}, []string{"another of your medicines"}},
		{text("pregabalin 75 mg capsule", "lorazepam 1 mg tablet"), []string{"Pregabalin and lorazepam"},
			[]string{"naloxone"}},
		{text("metoclopramide 10 mg tablet"), []string{"before the next dose", "nausea"}, []string{"keep taking"}},
		{text("prochlorperazine 10 mg tablet"), []string{"before the next dose", "nausea"}, []string{"keep taking"}},
		{text("haloperidol 1 mg tablet"), []string{"keep taking"}, []string{"nausea"}},
		{text("meclizine 25 mg tablet"), []string{"can make restless legs worse"}, []string{"hay fever", "allergy"}},
		{text("cyproheptadine 4 mg tablet"), []string{"hay fever"}, []string{"colds or sleep"}},
		{text("diphenhydramine 25 mg tablet"), []string{"colds or sleep", "If you bought it yourself"}, nil},
		{text("aripiprazole 5 mg tablet"), []string{"helps restless legs in some people and makes them worse in " +
			"others"}, nil},
		{text("ropinirole 1 mg tablet", "haloperidol 1 mg tablet", "metoclopramide 10 mg tablet"),
			[]string{"Ropinirole, haloperidol and metoclopramide work against", "stiff after metoclopramide?",
				"keep taking haloperidol, too"}, nil},
		{text("ropinirole 1 mg tablet", "metoclopramide 10 mg tablet"),
			[]string{"Ropinirole and metoclopramide work against each other", "keep taking ropinirole",
				"after metoclopramide"}, []string{"keep taking metoclopramide"}},
	} {
		for _, w := range c.has {
			if !strings.Contains(c.text, w) {
				t.Errorf("%q is not in %s", w, c.text)
			}
		}
		for _, w := range c.hasNot {
			if strings.Contains(c.text, w) {
				t.Errorf("%q is in %s", w, c.text)
			}
		}
	}
}

// Iron stores are called low only if ferritin is low.
func TestLeafletOfLowSaturation(t *testing.T) {
	s := parseScenarios(t, "# x\nrls confirmed\nlab ferritin 152 ng/mL 2026-10-24\nlab tsat 12 % 2026-10-24")[0]
	set := DefaultSettings()
	set.Audience = ForPatients
	if f := Evaluate(&s.st, set, s.AsOf)[0]; strings.Contains(f.Summary, "stores are low") ||
		!strings.Contains(f.Summary, "too little iron to use") {
		t.Error(f.Summary)
	}
}
