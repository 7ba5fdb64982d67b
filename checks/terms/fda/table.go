package fda

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxLine bounds a line. The longest in the directory, with all substances of an allergenic
// extract, have about ten thousand bytes.
const maxLine = 1 << 20

// readTable calls each for every row of a file, with a function that returns values by column name.
func readTable(r io.Reader, file string, need []string, each func(get func(column string) string)) error {
	in := bufio.NewScanner(r)
	in.Buffer(make([]byte, 1<<16), maxLine)
	var columns []string
	lines := 0
	for in.Scan() {
		lines++
		fields := strings.Split(text(bytes.TrimRight(in.Bytes(), "\r")), "\t")
		if lines == 1 {
			columns = fields
			for i := range columns {
				columns[i] = strings.ToUpper(strings.TrimSpace(strings.TrimPrefix(columns[i], "\ufeff")))
			}
			for _, column := range need {
				if !slices.Contains(columns, column) {
					return fmt.Errorf("%s has no column %s", file, column)
				}
			}
			continue
		}
		if len(fields) == 1 && fields[0] == "" {
			continue
		}
		if len(fields) != len(columns) {
			return fmt.Errorf("%s, line %d: %d fields, want %d: the line is damaged, or the file is cut",
				file, lines, len(fields), len(columns))
		}
		each(func(column string) string {
			if i := slices.Index(columns, column); i >= 0 {
				return strings.TrimSpace(fields[i])
			}
			return ""
		})
	}
	switch err := in.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return fmt.Errorf("%s, line %d: longer than %d bytes", file, lines+1, maxLine)
	case err != nil:
		return fmt.Errorf("%s, line %d: %w", file, lines+1, err)
	case lines < 2:
		return fmt.Errorf("%s holds no rows", file)
	}
	return nil
}

// text decodes a line: for years the directory was in Windows-1252, whose letters above ASCII are
// those of Latin-1.
func text(line []byte) string {
	if utf8.Valid(line) {
		return string(line)
	}
	runes := make([]rune, len(line))
	for i, b := range line {
		runes[i] = rune(b)
	}
	return string(runes)
}

var thousand = big.NewRat(1000, 1)

func decimal(s string) (*big.Rat, bool) {
	s = strings.TrimSpace(s)
	if s == "" || strings.Trim(s, "0123456789.") != "" || len(s) > 20 {
		return nil, false
	}
	if s[0] == '.' {
		s = "0" + s
	}
	return new(big.Rat).SetString(s)
}

// written is a number as a decimal with at most six places and no trailing zeros.
func written(v *big.Rat) string {
	return strings.TrimRight(strings.TrimRight(v.FloatString(6), "0"), ".")
}
