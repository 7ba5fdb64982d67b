package terminal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// EscapeInvisible writes what is not shown as itself as \uXXXX. Outside of strings JSON has only
// ASCII, so all of a line may be treated alike.
func EscapeInvisible(line []byte) []byte {
	if !slices.ContainsFunc(line, func(c byte) bool { return c < ' ' || c > '~' }) ||
		bytes.IndexFunc(line, Invisible) < 0 {
		return line
	}
	out := make([]byte, 0, len(line)+32)
	for len(line) > 0 {
		r, n := utf8.DecodeRune(line)
		switch {
		case !Invisible(r):
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

// Invisible characters are controls, formats such as bidirectional overrides, and line separators.
func Invisible(r rune) bool { return !unicode.IsGraphic(r) }

// JSONLine is a value as one line of JSON, with what a terminal would act on escaped.
func JSONLine(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return EscapeInvisible(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), nil
}

func WriteLine(w io.Writer, line []byte) error {
	if len(line) == 0 || line[len(line)-1] != '\n' {
		line = append(line, '\n')
	}
	_, err := w.Write(line)
	return err
}
