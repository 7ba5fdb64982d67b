package site

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/rlsguard/rlsguard/checks/terms/data"
)

// sealMark begins the first line of a table written here. The seal after it is a hash of the rest
// of the file and of the ingredients its rows were checked against. With a good seal, rows are not
// checked one by one; a table edited, or written for other ingredients, is read like any other.
const sealMark = "# rlsguard site table, seal "

// Write writes rows as a sealed site table, in the order in which it is searched.
func Write(w io.Writer, rows []Row) error {
	rows = slices.SortedFunc(slices.Values(rows), func(a, b Row) int {
		if c := strings.Compare(a.System+"\t"+a.Code+"\t", b.System+"\t"+b.Code+"\t"); c != 0 {
			return c
		}
		return strings.Compare(a.Ingredient, b.Ingredient)
	})
	var body bytes.Buffer
	fmt.Fprintf(&body, "# %s\n", strings.Join(Columns[:], "\t"))
	for i, row := range rows {
		if err := row.check(); err != nil {
			return fmt.Errorf("site row %d (code %s): %w", i+1, row.Code, err)
		}
		body.WriteString(row.String() + "\n")
	}
	mark := sealMark
	if t, err := newSiteTable("", body.Bytes()); err != nil || !t.sorted {
		mark = "# rlsguard site table, without seal " // codes are not in the form used for comparison
	}
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "%s%s\n", mark, seal(sha256.Sum256(body.Bytes())))
	out.Write(body.Bytes())
	return out.Flush()
}

func seal(sum [sha256.Size]byte) string {
	h := sha256.New()
	io.WriteString(h, data.Ingredients)
	h.Write(sum[:])
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// openSealed reads a table with a good seal; nil if it has none.
func openSealed(name string, data []byte) *Table {
	first := lineOf(data)
	found, ok := bytes.CutPrefix(first, []byte(sealMark))
	if !ok || len(first) == len(data) {
		return nil
	}
	sum := sha256.Sum256(data[len(first)+1:])
	if string(found) != seal(sum) {
		return nil
	}
	t := &Table{Name: name, data: data, Sum: sum, rows: -1, sorted: true}
	for t.body < len(data) && data[t.body] == '#' {
		t.body += len(lineOf(data[t.body:])) + 1
	}
	return t
}
