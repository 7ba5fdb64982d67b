package phrase

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxText limits how much of a text is read for names, in bytes: medication names are never longer,
// narratives are.
const MaxText = 4096

// token is a run of letters of one script, or of digits.
type token struct {
	Start, End int // in Phrase.Key
	Raw        int // start in the text as sent
	RawEnd     int
	Gap        Gap // what precedes it
}

// Gap says how two tokens are separated.
type Gap uint8

const (
	Joint  Gap = iota // nothing, a hyphen, an apostrophe, a dot or comma inside a number
	Space             // white space
	List              // slash, plus, ampersand
	Break             // the end of a phrase: full stop, comma, semicolon, bracket, line end, dash between spaces
	Number            // a full stop right after a word, as in "No. 3"
)

// Phrase is a text in the form in which names are compared: lower case, no accents, tokens joined
// by one space. The keys of names.tsv have the same form.
type Phrase struct {
	Raw    string
	Key    string
	Tokens []token
}

func (p *Phrase) Word(i int) string { return p.Key[p.Tokens[i].Start:p.Tokens[i].End] }

// script classes are separate tokens, so that both "25mg" and "セルトラリン錠" are two.
type script uint8

const (
	scriptNone script = iota
	scriptDigit
	scriptLetter
	ScriptKana
	ScriptHan
)

func ScriptOf(r rune) script {
	switch {
	case r >= '0' && r <= '9':
		return scriptDigit
	case r < utf8.RuneSelf:
		if r >= 'a' && r <= 'z' {
			return scriptLetter
		}
		return scriptNone
	case r >= 0x30A1 && r <= 0x30FE && r != '・':
		return ScriptKana
	case unicode.Is(unicode.Han, r), r >= 0x3041 && r <= 0x309F:
		return ScriptHan
	case unicode.IsLetter(r):
		return scriptLetter
	case unicode.IsDigit(r):
		return scriptDigit
	}
	return scriptNone
}

// Of folds a text into a phrase.
func Of(text string) *Phrase {
	if len(text) > MaxText {
		text = text[:MaxText]
	}
	text = spaceJapanese(text)
	p := &Phrase{Raw: text, Tokens: make([]token, 0, 16)}
	key := make([]byte, 0, len(text)+16)
	between, last := Break, scriptNone
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRuneInString(text[at:])
		start := at
		at += size
		if isMark(r) {
			key = compose(key, r, last)
			continue
		}
		folded, extra := foldRune(r)
		class := ScriptOf(folded)
		if class == scriptNone {
			between = max(between, gapOf(text, start, at, r))
			last = scriptNone
			continue
		}
		if class != last {
			if len(p.Tokens) > 0 {
				key = append(key, ' ')
			}
			p.Tokens = append(p.Tokens, token{Start: len(key), Raw: start, Gap: between})
			between = Joint
		}
		key = utf8.AppendRune(key, folded)
		key = append(key, extra...)
		last = class
		t := &p.Tokens[len(p.Tokens)-1]
		t.End, t.RawEnd = len(key), at
	}
	p.Key = string(key)
	for i := range p.Tokens { // marks may have changed the length of the last rune
		if i+1 < len(p.Tokens) {
			p.Tokens[i].End = p.Tokens[i+1].Start - 1
		} else {
			p.Tokens[i].End = len(p.Key)
		}
	}
	return p
}

// japaneseForms are dose forms that Japanese names append without a space, in full and half width:
// a space before them makes them separate words.
var japaneseForms = func() *strings.Replacer {
	var pairs []string
	for _, form := range strings.Fields(`ドライシロップ シロップ カプセル パッチ テープ クリーム ゲル ローション ゼリー フィルム スプレー コーワ
		ﾄﾞﾗｲｼﾛｯﾌﾟ ｼﾛｯﾌﾟ ｶﾌﾟｾﾙ ﾊﾟｯﾁ ﾃｰﾌﾟ ｸﾘｰﾑ ﾛｰｼｮﾝ ｾﾞﾘｰ ﾌｨﾙﾑ 錠 散 細粒 顆粒 注 坐剤 坐薬 点眼 点鼻 軟膏 内用液 徐放 水和物 配合`) {
		pairs = append(pairs, form, " "+form+" ")
	}
	return strings.NewReplacer(pairs...)
}()

func spaceJapanese(text string) string {
	for i := range len(text) {
		if text[i] >= 0xE3 {
			return japaneseForms.Replace(text)
		}
	}
	return text
}

// Key is the key of a name.
func Key(name string) string {
	if isKey(name) {
		return name
	}
	return Of(name).Key
}

// isKey reports whether a name is its own key, words of plain lower-case letters, as in most table
// rows.
func isKey(name string) bool {
	last := byte(' ')
	for i := range len(name) {
		c := name[i]
		if (c < 'a' || c > 'z') && (c != ' ' || last == ' ') {
			return false
		}
		last = c
	}
	return last != ' '
}

// gapOf says what the rune text[start:end] separates.
func gapOf(text string, start, end int, r rune) Gap {
	digitBefore := start > 0 && IsDigit(text[start-1])
	digitAfter := end < len(text) && IsDigit(text[end])
	spaceAfter := end >= len(text) || text[end] == ' '
	switch r {
	case '-', '\'', '’', '®', '™', '·', '‐', '‑', '_':
		if start > 0 && text[start-1] == ' ' && spaceAfter && r != '\'' {
			return Break
		}
		return Joint
	case '.':
		switch {
		case digitBefore && digitAfter:
			return Joint
		case digitAfter || spaceAfter && !digitBefore:
			return Number
		}
		return Joint
	case ',':
		if digitBefore && digitAfter {
			return Joint
		}
		return Break
	case '/', '+', '&', '＋', '／':
		return List
	case ';', ':', '(', ')', '[', ']', '{', '}', '\n', '\r', '|', '–', '—', '、', '。', '（', '）', '「', '」', '!', '?':
		return Break
	case '%', '*', '#', '"', '<', '>', '=':
		return Joint
	}
	return Space
}

func IsDigit(b byte) bool { return b >= '0' && b <= '9' }

// isMark reports whether a rune modifies the letter before it.
func isMark(r rune) bool {
	return r >= 0x0300 && r <= 0x036F || r >= 0x3099 && r <= 0x309A || r == 'ﾞ' || r == 'ﾟ' || r == 0xAD
}

// compose puts a Japanese voicing mark onto the preceding sign; marks on other letters are dropped
// like all accents.
func compose(key []byte, mark rune, last script) []byte {
	if last != ScriptKana {
		return key
	}
	r, size := utf8.DecodeLastRune(key)
	voiced := r + 1
	if mark == 0x309A || mark == 'ﾟ' {
		voiced = r + 2
	} else if r == 'ウ' {
		voiced = 'ヴ'
	}
	return utf8.AppendRune(key[:len(key)-size], voiced)
}

// foldRune returns the lower-case base letter of a rune, and any second letter.
func foldRune(r rune) (rune, string) {
	if r < utf8.RuneSelf {
		if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r, ""
	}
	if r >= 0xFF01 && r <= 0xFF5E { // full-width ASCII
		return foldRune(r - 0xFF01 + '!')
	}
	if r >= 0xFF66 && r <= 0xFF9D {
		return halfKana[r-0xFF66], ""
	}
	r = unicode.ToLower(r)
	if r >= 0x3041 && r <= 0x30FE {
		return r, ""
	}
	switch r {
	case 'ß':
		return 's', "s"
	case 'æ':
		return 'a', "e"
	case 'œ':
		return 'o', "e"
	case 'þ':
		return 't', "h"
	case 'ﬀ': // typographic ligatures
		return 'f', "f"
	case 'ﬁ':
		return 'f', "i"
	case 'ﬂ':
		return 'f', "l"
	case 'ﬃ':
		return 'f', "fi"
	case 'ﬄ':
		return 'f', "fl"
	}
	if i := strings.IndexRune(accented, r); i >= 0 {
		return rune(unaccented[utf8.RuneCountInString(accented[:i])]), ""
	}
	return r, ""
}

const (
	accented   = "àáâãäåāăąçćĉċčďđèéêëēĕėęěĝğġģĥħìíîïĩīĭįıĵķĺļľŀłñńņňòóôõöøōŏőŕŗřśŝşšșţťŧțùúûüũūŭůűųŵýÿŷźżžð"
	unaccented = "aaaaaaaaacccccddeeeeeeeeegggghhiiiiiiiiijklllllnnnnooooooooorrrsssssttttuuuuuuuuuuwyyyzzzd"
)

// halfKana are the full-width forms of U+FF66 to U+FF9D, sent by older Japanese systems.
var halfKana = []rune("ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン")

// StartsWith reports whether s begins with the words of prefix.
func StartsWith(s, prefix string) bool {
	return strings.HasPrefix(s, prefix) && (len(s) == len(prefix) || s[len(prefix)] == ' ')
}

// Heads reports whether what precedes token i is a heading about it ("Family history: restless
// legs").
func Heads(p *Phrase, i int) bool {
	return strings.Contains(p.Raw[p.Tokens[i-1].RawEnd:p.Tokens[i].Raw], ":")
}

func Words(list string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(list) {
		set[w] = true
	}
	return set
}

func IsNumber(s string) bool {
	dots := 0
	for i := range len(s) {
		switch {
		case s[i] == '.':
			dots++
		case !IsDigit(s[i]):
			return false
		}
	}
	return s != "" && dots <= 1 && IsDigit(s[0]) && IsDigit(s[len(s)-1])
}
