package rrf

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"
)

// maxLine bounds a line. The longest in real releases are texts of about ten thousand bytes.
const maxLine = 1 << 20

// row is one line of a file, split at its bars. The fields are valid until the next line is read.
type row struct {
	fields [][]byte
	err    error
}

// id reads a concept id; 0 if the field is empty. An invalid id is kept as the error of the line.
func (r *row) id(n int) uint32 {
	text := r.fields[n]
	if len(text) == 0 {
		return 0
	}
	value, err := strconv.ParseUint(string(text), 10, 32)
	if (err != nil || value == 0 || value > 999_999_999 || text[0] == '0') && r.err == nil {
		r.err = fmt.Errorf("field %d is not a concept id", n+1)
	}
	return uint32(value)
}

func (r *row) is(n int, text string) bool { return string(r.fields[n]) == text }

// readLines passes each line of a file to a function. A line has as many bars as the file has
// columns, the last one at its end. Errors name the file and the line, and never quote it.
func readLines(r io.Reader, file string, columns int, each func(*row)) (lines int, err error) {
	in := bufio.NewScanner(r)
	in.Buffer(make([]byte, 1<<16), maxLine)
	one := row{fields: make([][]byte, columns)}
	for in.Scan() {
		lines++
		line := in.Bytes()
		if lines == 1 {
			line = bytes.TrimPrefix(line, []byte("\ufeff"))
		}
		if err := one.cut(line); err != nil {
			return lines, fmt.Errorf("%s, line %d: %w", file, lines, err)
		}
		if each(&one); one.err != nil {
			return lines, fmt.Errorf("%s, line %d: %w", file, lines, one.err)
		}
	}
	err = in.Err()
	switch {
	case errors.Is(err, bufio.ErrTooLong):
		return lines, fmt.Errorf("%s, line %d: longer than %d bytes", file, lines+1, maxLine)
	case err != nil:
		return lines, fmt.Errorf("%s, line %d: %w", file, lines+1, err)
	case lines == 0:
		return 0, fmt.Errorf("%s is empty", file)
	}
	return lines, nil
}

func (r *row) cut(line []byte) error {
	if !utf8.Valid(line) {
		return errors.New("not UTF-8")
	}
	n := 0
	for rest := line; ; n++ {
		i := bytes.IndexByte(rest, '|')
		if i < 0 {
			if n != len(r.fields) || len(rest) > 0 {
				return fmt.Errorf(
					"%d fields ended by |, want %d: the line is damaged, or the file is cut",
					n,
					len(r.fields),
				)
			}
			return nil
		}
		if n < len(r.fields) {
			r.fields[n] = rest[:i]
		}
		rest = rest[i+1:]
	}
}
