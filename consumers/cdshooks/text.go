package cdshooks

import (
	"strings"
	"unicode"
)

// marks have a meaning in GitHub Flavored Markdown, or begin HTML.
const marks = "\\`*_{}[]<>#|~!&"

// escape writes text so that Markdown shows it as it is: references and names of senders must not
// become links, images or HTML. What is not shown as itself, such as a change of the reading
// direction, is left out.
func escape(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case unicode.IsSpace(r):
			b.WriteByte(' ')
		case !unicode.IsGraphic(r):
		case strings.ContainsRune(marks, r):
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func escapeAll(texts []string) []string {
	out := make([]string, len(texts))
	for i, t := range texts {
		out[i] = escape(t)
	}
	return out
}
