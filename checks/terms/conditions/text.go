package conditions

import (
	"strings"

	"github.com/rlsguard/rlsguard/checks/terms/phrase"
)

// rlsPhrases name restless legs in a text, as folded phrases. "RLS" alone is excluded: it also
// abbreviates right lower segment and right-to-left shunt. Ekbom alone may also mean delusional
// parasitosis.
var rlsPhrases = []string{
	"restless leg", "restless legs", "restlessleg", "restlesslegs", "willis ekbom", "ekbom s restless",
	"unruhigen beine", "unruhige beine", "unruhigen beinen", "ruhelosen beine", "ruhelose beine",
	"jambes sans repos", "impatiences des membres inferieurs",
	"piernas inquietas", "pernas inquietas", "pernas irrequietas", "gambe senza riposo",
	"rusteloze benen", "rastlosa ben", "rastlose ben", "rastlose bein", "myrbena", "levottomat jalat",
	"levottomien jalkojen",
	"zespol niespokojnych nog", "syndrom neklidnych nohou", "レストレスレッグス",
}

// rlsDenials before the name, in the same phrase, say that it is not this patient's diagnosis.
var rlsDenials = []string{
	"no", "not", "non", "without", "denies", "denied", "deny", "denying", "negative for", "negative", "rule out",
	"ruled out", "r o", "exclude", "excluded",
	"family history", "family hx", "fh", "fhx", "fam hx", "mother", "father", "sister", "brother", "free of", "never",
	"absence of", "unlikely",
	"kein", "keine", "keinen", "ohne", "nicht", "ausschluss", "ausgeschlossen", "verneint", "familienanamnese",
	"pas", "sans", "aucun", "absence", "exclu", "exclure", "antecedents familiaux", "nie",
	"sin", "niega", "descartar", "descartado", "antecedentes familiares", "sem", "nega", "excluir", "historia familiar",
	"senza", "esclude", "escludere", "escluso", "familiarita per", "anamnesi familiare",
	"geen", "zonder", "ingen", "inga", "inte", "ikke", "uden", "uten", "utan", "ei", "bez",
}

// rlsDenialsAfter follow the name in the same phrase and deny it.
var rlsDenialsAfter = []string{
	"ruled out", "excluded", "denied", "negative", "unlikely", "ausgeschlossen", "verneint", "exclu", "descartado",
	"escluso", "in mother", "in father",
	"in family", "not present", "absent",
}

// Japanese has no spaces: the name and its denials are searched for within the text.
var (
	rlsJapanese        = []string{"むずむず脚", "下肢静止不能"}
	rlsJapaneseDenials = []string{"なし", "無し", "否定", "除外", "家族歴", "ではない"}
)

// NamesRLS reports whether a text names restless legs as something the patient has; not if the same
// phrase denies it, asks about it, or is about the family.
func NamesRLS(s string) bool {
	p := phrase.Of(s)
	if containsAny(p.Key, rlsJapanese) {
		return !containsAny(p.Key, rlsJapaneseDenials)
	}
	for i := range p.Tokens {
		n := rlsAt(p, i)
		if n > 0 && !rlsDenied(p, i, i+n) {
			return true
		}
	}
	return false
}

// rlsAt is the number of tokens of the name of restless legs at token i; 0 if it is not there.
func rlsAt(p *phrase.Phrase, i int) int {
	rest := p.Key[p.Tokens[i].Start:]
	longest := 0
	for _, name := range rlsPhrases {
		if phrase.StartsWith(rest, name) {
			longest = max(longest, 1+strings.Count(name, " "))
		}
	}
	if longest == 0 && p.Word(i) == "ekbom" {
		longest = ekbomOfLegs(p, i)
	}
	return longest
}

// ekbomOfLegs takes Ekbom's syndrome or disease for restless legs only if the text says legs.
func ekbomOfLegs(p *phrase.Phrase, i int) int {
	for j := i + 1; j < len(p.Tokens) && j < i+8; j++ {
		switch p.Word(j) {
		case "leg", "legs", "beine", "jambes", "piernas", "gambe", "pernas", "benen":
			return j - i + 1
		}
	}
	return 0
}

func rlsDenied(p *phrase.Phrase, first, end int) bool {
	start := first
	for start > 0 && (p.Tokens[start].Gap < phrase.Break || phrase.Heads(p, start)) {
		start--
	}
	stop := end
	for stop < len(p.Tokens) && (p.Tokens[stop].Gap < phrase.Break || stop == end && remarks(p, stop)) {
		stop++
	}
	if end < stop && p.Tokens[end].Gap == phrase.Break && rlsAnswers[p.Word(end)] {
		return true
	}
	for i := start; i < first; i++ {
		if startsWithAny(p.Key[p.Tokens[i].Start:p.Tokens[first].Start], rlsDenials) {
			return true
		}
	}
	for i := end; i < stop; i++ {
		if startsWithAny(p.Key[p.Tokens[i].Start:], rlsDenialsAfter) {
			return true
		}
	}
	return asked(p, start, stop)
}

// rlsAnswers right after the name and a colon or dash answer the question of a form ("Restless
// legs: no").
var rlsAnswers = phrase.Words("no none never nein keine non nee nej nei ei")

// remarks reports whether token i begins a remark on what precedes it: in brackets, or after a
// colon or a dash.
func remarks(p *phrase.Phrase, i int) bool {
	return strings.ContainsAny(p.Raw[p.Tokens[i-1].RawEnd:p.Tokens[i].Raw], "(:-–—")
}

// asked reports whether a question mark stands right before or after a phrase.
func asked(p *phrase.Phrase, start, stop int) bool {
	from := 0
	if start > 0 {
		from = p.Tokens[start-1].RawEnd
	}
	to := len(p.Raw)
	if stop < len(p.Tokens) {
		to = p.Tokens[stop].Raw
	}
	return strings.ContainsAny(p.Raw[from:to], "?？")
}

func startsWithAny(s string, list []string) bool {
	for _, words := range list {
		if phrase.StartsWith(s, words) {
			return true
		}
	}
	return false
}

func containsAny(s string, list []string) bool {
	for _, part := range list {
		if strings.Contains(s, part) {
			return true
		}
	}
	return false
}
