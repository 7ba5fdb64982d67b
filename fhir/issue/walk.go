package issue

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/rlsguard/rlsguard/fhir/scan"
)

// issueReader reads a sound document. Its first error stays; it names an element and contains no
// text of the document.
type issueReader struct {
	b   []byte
	pos int // offset after the last value read
	err error
}

// object calls do with each property of the object at v that is not null.
func (r *issueReader) object(v int, what string, do func(name []byte, v int)) {
	if r.b[v] != '{' {
		r.wrong(what)
		return
	}
	i := r.next(v + 1)
	for r.b[i] != '}' && r.err == nil {
		end := scan.PastString(r.b, i)
		value := scan.PastBlanks(r.b, scan.PastBlanks(r.b, end)+1)
		if r.pos = value; r.b[value] != 'n' {
			do(r.b[i+1:end-1], value)
		}
		i = r.after(value)
	}
	r.pos = i + 1
}

// items calls do with each element of the array at v that is not null.
func (r *issueReader) items(v int, what string, do func(v int)) {
	if r.b[v] != '[' {
		r.wrong(what)
		return
	}
	i := r.next(v + 1)
	for r.b[i] != ']' && r.err == nil {
		if r.pos = i; r.b[i] != 'n' {
			do(i)
		}
		i = r.after(i)
	}
	r.pos = i + 1
}

// after is the offset after the value at v, which may have been read or not.
func (r *issueReader) after(v int) int {
	if r.pos <= v {
		r.pos = scan.Past(r.b, v)
	}
	return r.next(r.pos)
}

// next is the offset of the next property or element, or of the end of their container.
func (r *issueReader) next(i int) int {
	if i = scan.PastBlanks(r.b, i); r.b[i] == ',' {
		i = scan.PastBlanks(r.b, i+1)
	}
	return i
}

func (r *issueReader) text(v int, what string) string {
	if r.b[v] != '"' {
		r.wrong(what)
		return ""
	}
	r.pos = scan.PastString(r.b, v)
	text := r.b[v+1 : r.pos-1]
	if known, ok := issueWords()[string(text)]; ok {
		return known
	}
	if bytes.IndexByte(text, '\\') >= 0 {
		text = scan.Unescape(nil, text)
	}
	if !utf8.Valid(text) {
		return strings.ToValidUTF8(string(text), "\ufffd")
	}
	return string(text)
}

func (r *issueReader) wrong(what string) {
	if r.err == nil {
		r.err = errors.New(what + " is of the wrong JSON type")
	}
}

// issueWords are texts most flags share, so that they need not be copied from each.
var issueWords = sync.OnceValue(func() map[string]string {
	words := map[string]string{}
	for _, w := range []string{FlagIDSystem, CheckSystem, AcknowledgementSystem, ExtBasis, extState, extChange,
		extNumber, extReason, extRLS, ExtIngredient, extAction,
		extAlternative, extCitation, extOrder, extCounsel, extNext, extClears, extAudience, extRuleset, "change",
		"target", "text", "drug", "at", "to", "ref", "product", "dose", "since", ExtFlagID, ExtOverride, ExtComment,
		ExtDate, ExtUntil, "DetectedIssue", "source", "doi", "strength", "review", "low", "moderate",
		"high", "confirmed", "final"} {
		words[w] = w
	}
	for _, s := range flagStates {
		words[string(s)] = string(s)
	}
	for _, c := range flagChanges {
		words[string(c)] = string(c)
	}
	return words
})
