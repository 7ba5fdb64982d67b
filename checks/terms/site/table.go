package site

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"sync"

	"github.com/rlsguard/rlsguard/checks/terms/codes"
)

// Table is a site's own table. It keeps the bytes of its file, checked once and searched on demand:
// a table of RxNorm and its package codes has some hundred thousand rows, few of which are ever
// needed. It is safe for concurrent use.
type Table struct {
	Name   string
	data   []byte
	Sum    [sha256.Size]byte          // of the bytes
	rows   int                        // number, if checked; -1 for a sealed table: not counted
	body   int                        // offset of the first row
	sorted bool                       // rows are in order with nothing between them: binary search works
	index  func() map[codes.Key][]int // offsets of the rows of a code, for an unsorted table
}

const maxSiteTable = 1 << 30

// Read reads a site table: one row per line, tab-separated, in the order of Columns; those after
// the third are optional. Empty lines, lines starting with # and a header are skipped. Errors name
// the line. Match.SiteTable shows the name.
func Read(name string, r io.Reader) (*Table, error) {
	var data bytes.Buffer
	data.Grow(sizeOf(r) + bytes.MinRead) // so that nothing is copied while it grows
	if _, err := data.ReadFrom(io.LimitReader(r, maxSiteTable+1)); err != nil {
		return nil, fmt.Errorf("site table: %w", err)
	}
	if data.Len() > maxSiteTable {
		return nil, fmt.Errorf("site table: more than %d MiB", maxSiteTable>>20)
	}
	content := bytes.TrimPrefix(data.Bytes(), []byte("\ufeff"))
	if t := openSealed(name, content); t != nil {
		return t, nil
	}
	return newSiteTable(name, content)
}

// sizeOf is the size of a file or a text, if it can be known.
func sizeOf(r io.Reader) int {
	switch r := r.(type) {
	case interface{ Len() int }:
		return min(r.Len(), maxSiteTable)
	case fs.File:
		if info, err := r.Stat(); err == nil {
			return int(min(info.Size(), maxSiteTable))
		}
	}
	return 0
}

func newSiteTable(name string, data []byte) (*Table, error) {
	t := &Table{Name: name, data: data, Sum: sha256.Sum256(data), sorted: true}
	var c checker
	for start, line := 0, 1; start < len(data); line++ {
		text := lineOf(data[start:])
		if skipped(text, line) {
			t.sorted = t.sorted && t.rows == 0
		} else {
			ascending, err := c.check(text)
			if err != nil {
				return nil, fmt.Errorf("site table, line %d: %w", line, err)
			}
			if t.rows++; t.rows == 1 {
				t.body = start
			}
			t.sorted = t.sorted && ascending
		}
		start += len(text) + 1
	}
	t.index = sync.OnceValue(t.buildIndex)
	return t, nil
}

// lineOf is the line at the start of the data, without its end.
func lineOf(data []byte) []byte {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return data[:i]
	}
	return data
}

func skipped(line []byte, n int) bool {
	if len(line) > 0 && line[0] > ' ' && line[0] != '#' {
		return n == 1 && bytes.HasPrefix(line, []byte(Columns[0]+"\t"+Columns[1]+"\t"+Columns[2]))
	}
	return len(line) > 0 && line[0] == '#' || len(bytes.TrimSpace(line)) == 0
}

func (t *Table) buildIndex() map[codes.Key][]int {
	index := make(map[codes.Key][]int, t.rows)
	for start, line := 0, 1; start < len(t.data); line++ {
		text := lineOf(t.data[start:])
		if !skipped(text, line) {
			key := keyOf(text)
			index[key] = append(index[key], start)
		}
		start += len(text) + 1
	}
	return index
}

// keyOf is the key of a row in the form used for comparison.
func keyOf(line []byte) codes.Key {
	rawSystem, rest, _ := bytes.Cut(line, tab)
	rawCode, _, _ := bytes.Cut(rest, tab)
	system := codes.Canonical(string(bytes.TrimSpace(rawSystem)))
	return codes.Key{System: system, Code: comparableCode(system, string(bytes.TrimSpace(rawCode)))}
}

var tab = []byte("\t")

// exact returns the rows of a code of a canonical system, in file order.
func (t *Table) exact(system, code string) []Row {
	key := codes.Key{System: system, Code: comparableCode(system, code)}
	var found []Row
	add := func(start int) {
		// The row was checked when the table was read.
		if row, err := parseRow(string(lineOf(t.data[start:]))); err == nil {
			found = append(found, row)
		}
	}
	if !t.sorted {
		for _, start := range t.index()[key] {
			add(start)
		}
		return found
	}
	prefix := []byte(key.System + "\t" + key.Code + "\t")
	for at := t.search(prefix); at < len(t.data) && bytes.HasPrefix(t.data[at:],
		prefix); at += len(lineOf(t.data[at:])) + 1 {
		add(at)
	}
	return found
}

// search is the offset of the first row of a sorted table not below the wanted system and code.
func (t *Table) search(prefix []byte) int {
	low, high := t.body, len(t.data)
	for low < high {
		mid := low + (high-low)/2
		start := low + bytes.LastIndexByte(t.data[low:mid], '\n') + 1
		line := lineOf(t.data[start:])
		if bytes.Compare(prefixOf(line), prefix) < 0 {
			low = min(start+len(line)+1, high)
		} else {
			high = start
		}
	}
	return low
}

// prefixOf is the system and the code of a row, with the tab after each.
func prefixOf(line []byte) []byte {
	n := bytes.IndexByte(line, '\t') + 1
	return line[:n+bytes.IndexByte(line[n:], '\t')+1]
}

// Len is the number of rows.
func (t *Table) Len() int {
	if t.rows < 0 {
		return bytes.Count(t.data[t.body:], []byte("\n")) // sealed: every row has its line end
	}
	return t.rows
}

// Rows yields the rows in file order.
func (t *Table) Rows() iter.Seq[Row] {
	return func(yield func(Row) bool) {
		for start, line := 0, 1; start < len(t.data); line++ {
			text := lineOf(t.data[start:])
			start += len(text) + 1
			if skipped(text, line) {
				continue
			}
			// The row was checked when the table was read.
			if row, err := parseRow(string(text)); err == nil && !yield(row) {
				return
			}
		}
	}
}
