package terminal

import (
	"bytes"
	"strings"
	"testing"
)

func TestBar(t *testing.T) {
	for _, c := range []struct {
		done, total int64
		want        string
	}{
		{0, 200, "reading [..............................]   0 %  0 B of 200 B"},
		{50, 200, "reading [#######.......................]  25 %  50 B of 200 B"},
		{200, 200, "reading [##############################] 100 %  200 B of 200 B"},
		{300, 200, "reading [##############################] 100 %  200 B of 200 B"}, // a file that grew meanwhile
		{70, 0, "reading 70 B"}, // standard input
	} {
		unit := func(n int64) string { return Plural(int(n), "B", "B") }
		if got := bar("reading", c.done, c.total, unit); got != c.want {
			t.Errorf("bar(%d, %d) = %q, want %q", c.done, c.total, got, c.want)
		}
	}
}

// TestNoProgressIntoAPipe: what is no terminal gets no bar, and counting costs nothing.
func TestNoProgressIntoAPipe(t *testing.T) {
	var stderr bytes.Buffer
	p := StartProgress(&stderr, "reading", 100, Megabytes)
	in := strings.NewReader("x")
	if p.Reader(in) != in {
		t.Error("a reader is wrapped for nobody")
	}
	p.Add(1)
	p.End()
	if stderr.Len() > 0 {
		t.Errorf("written into a pipe: %q", &stderr)
	}
}
