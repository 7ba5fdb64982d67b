package terms

import (
	_ "embed" // the tables
	"iter"
	"strings"
)

// The tables are looked up inside the embedded text, by binary search or after one pass over a
// small one: parsing all of them at start would cost every short run several milliseconds.
var (
	//go:embed data/ingredients.tsv
	ingredientsTSV string
	//go:embed data/atc.tsv
	atcTSV string
	//go:embed data/products.tsv
	productsTSV string
	//go:embed data/names.tsv
	namesTSV string
	//go:embed data/brands.tsv
	brandsTSV string
	//go:embed data/lookalikes.tsv
	lookalikesTSV string
	//go:embed data/labs.tsv
	labsTSV string
	//go:embed data/rls_conditions.tsv
	conditionsTSV string
	//go:embed data/routes.tsv
	routesTSV string
	//go:embed data/forms.tsv
	formsTSV string
	//go:embed data/placeholders.tsv
	placeholdersTSV string
)

// rows yields the lines of a table below its header; an empty table has none.
func rows(table string) iter.Seq[string] {
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

// field cuts the n-th tab-separated field (from 0) out of a line; "" when the line is shorter.
func field(line string, n int) string {
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

// values yields the values of a field that holds several.
func values(field string) iter.Seq[string] {
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

// search gives the offset of the first line of a sorted table whose key is not below the wanted
// one; compare says how a key (the first field) relates to the wanted one.
func search(table string, compare func(key string) int) int {
	low := strings.IndexByte(table, '\n') + 1
	high := len(table)
	for low < high {
		mid := low + (high-low)/2
		start := low + strings.LastIndexByte(table[low:mid], '\n') + 1
		end := len(table)
		if i := strings.IndexByte(table[mid:], '\n'); i >= 0 {
			end = mid + i + 1
		}
		if compare(field(table[start:end], 0)) < 0 {
			low = end
		} else {
			high = start
		}
	}
	return low
}

// lineAt is the line that starts at an offset, without its end.
func lineAt(table string, offset int) string {
	line, _, _ := strings.Cut(table[offset:], "\n")
	return line
}
