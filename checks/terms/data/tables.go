package data

import (
	_ "embed"
	"iter"
	"strings"
)

// Tables are searched within the embedded text, by binary search or after one pass over a small
// one: parsing them all at the start would cost every short run several milliseconds.
var (
	//go:embed ingredients.tsv
	Ingredients string
	//go:embed atc.tsv
	ATC string
	//go:embed products.tsv
	Products string
	//go:embed names.tsv
	Names string
	//go:embed brands.tsv
	Brands string
	//go:embed lookalikes.tsv
	Lookalikes string
	//go:embed labs.tsv
	Labs string
	//go:embed rls_conditions.tsv
	Conditions string
	//go:embed routes.tsv
	Routes string
	//go:embed forms.tsv
	Forms string
	//go:embed placeholders.tsv
	Placeholders string
)

// Rows yields the lines of a table below its header, if any.
func Rows(table string) iter.Seq[string] {
	return func(yield func(string) bool) {
		_, rest, _ := strings.Cut(table, "\n")
		for rest != "" {
			var line string
			line, rest, _ = strings.Cut(rest, "\n")
			if line != "" && !yield(line) {
				return
			}
		}
	}
}

// Field returns the n-th tab-separated field of a line, from 0; "" if the line is shorter.
func Field(line string, n int) string {
	for ; n > 0; n-- {
		i := strings.IndexByte(line, '\t')
		if i < 0 {
			return ""
		}
		line = line[i+1:]
	}
	if i := strings.IndexByte(line, '\t'); i >= 0 {
		return line[:i]
	}
	return line
}

// Values yields the values of a field that has several.
func Values(field string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for field != "" {
			var v string
			v, field, _ = strings.Cut(field, "|")
			if v != "" && !yield(v) {
				return
			}
		}
	}
}

// Search returns the offset of the first line of a sorted table whose key (the first field) is not
// below the wanted one; compare compares a key with that.
func Search(table string, compare func(key string) int) int {
	low := strings.IndexByte(table, '\n') + 1
	high := len(table)
	for low < high {
		mid := low + (high-low)/2
		start := low + strings.LastIndexByte(table[low:mid], '\n') + 1
		end := len(table)
		if i := strings.IndexByte(table[mid:], '\n'); i >= 0 {
			end = mid + i + 1
		}
		if compare(Field(table[start:end], 0)) < 0 {
			low = end
		} else {
			high = start
		}
	}
	return low
}

// LineAt is the line at an offset, without its end.
func LineAt(table string, offset int) string {
	line, _, _ := strings.Cut(table[offset:], "\n")
	return line
}

// RxNorm holds the codes whose names are unknown here: dose forms and groups, precise ingredients,
// brands.
//
//go:embed rxnorm.tsv
var RxNorm string

//go:embed indications.tsv
var Indications string
