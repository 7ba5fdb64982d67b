package terminal

import (
	"fmt"
	"io"
	"strings"
	"unicode"
)

// Harmless makes a text safe to print on a terminal, as one line: white space of any kind becomes a
// space, and what is not shown as itself (escapes, bidirectional overrides, bytes that are not
// UTF-8) becomes U+FFFD.
func Harmless(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case Invisible(r):
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// Wrap cuts text, made harmless, into lines of at most width columns at its spaces; lines after the
// first leave room for hang columns. A longer word has a line of its own.
func Wrap(text string, width, hang int) []string {
	var lines []string
	var line strings.Builder
	used := 0
	for _, word := range strings.Fields(Harmless(text)) {
		n := Columns(word)
		if line.Len() > 0 && used+1+n > width {
			lines = append(lines, line.String())
			line.Reset()
			used = 0
			if len(lines) == 1 {
				width -= hang
			}
		}
		if line.Len() > 0 {
			line.WriteByte(' ')
			used++
		}
		line.WriteString(word)
		used += n
	}
	if line.Len() > 0 {
		lines = append(lines, line.String())
	}
	return lines
}

// Tell writes a message on stderr: wrapped on a terminal, one line each for anything else, so that
// a log can be searched.
func Tell(stderr io.Writer, format string, args ...any) {
	TellLines(stderr, ScreenOf(stderr).Width, "rlsguard: "+fmt.Sprintf(format, args...))
}

func TellLines(w io.Writer, width int, text string) {
	for line := range strings.SplitSeq(text, "\n") {
		if width == 0 {
			fmt.Fprintln(w, Harmless(line))
			continue
		}
		for i, part := range Wrap(line, max(width, LeastText), LabelIndent) {
			fmt.Fprintf(w, "%*s%s\n", LabelIndent*min(i, 1), "", part)
		}
	}
}

// Columns that s takes on a terminal: East Asian characters and emoji take two, combining marks
// none.
func Columns(s string) (n int) {
	for _, r := range s {
		switch {
		case unicode.In(r, unicode.Mn, unicode.Me):
		case unicode.In(r, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana),
			r >= 0xFF01 && r <= 0xFF60,
			r >= 0x1F300 && r <= 0x1FAFF:
			n += 2
		default:
			n++
		}
	}
	return n
}

const UsualWidth = 80

const LabelIndent = 2

const LeastText = 24 // columns that a text has even on a narrow terminal

func Plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
