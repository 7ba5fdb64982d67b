package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/ordercheck"
)

// flagLine is a flag as a line of JSON; keys and their order are promised to others.
type flagLine struct {
	ordercheck.Line
	transitionLine
}

// transitionLine is what a transition adds to its flag.
type transitionLine struct {
	Change  checks.Change `json:"change,omitempty"`
	Number  uint64        `json:"number,omitempty"`
	Reason  checks.Reason `json:"reason,omitempty"`
	Ruleset string        `json:"ruleset,omitempty"`
}

// flagJSON writes f as one line of JSON without its newline; as a transition with what changed, too. Absent values are left out. Characters
// that a terminal would act on, or that turn the reading direction, are escaped.
func flagJSON(f checks.Flag, transition bool) ([]byte, error) {
	line := flagLine{Line: ordercheck.LineOf(&f)}
	if transition {
		line.transitionLine = transitionLine{f.Change, f.Number, f.Reason, f.Ruleset}
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(line); err != nil {
		return nil, fmt.Errorf("flag as JSON: %w", err)
	}
	return escapeInvisible(bytes.TrimSuffix(out.Bytes(), []byte("\n"))), nil
}

// escapeInvisible writes what is not shown as itself as \uXXXX. Outside of strings JSON has only ASCII, so all of a line may be treated alike.
func escapeInvisible(line []byte) []byte {
	if !slices.ContainsFunc(line, func(c byte) bool { return c < ' ' || c > '~' }) || bytes.IndexFunc(line, invisible) < 0 {
		return line
	}
	out := make([]byte, 0, len(line)+32)
	for len(line) > 0 {
		r, n := utf8.DecodeRune(line)
		switch {
		case !invisible(r):
			out = append(out, line[:n]...)
		case r > 0xFFFF:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		line = line[n:]
	}
	return out
}

// invisible characters are controls, formats such as bidirectional overrides, and line separators.
func invisible(r rune) bool { return !unicode.IsGraphic(r) }
