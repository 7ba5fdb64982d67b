package main

import (
	"strings"
	"testing"
)

// TestRename: the first copy is as it was; another has other ids, the same one for the same id, and
// nothing else differs.
func TestRename(t *testing.T) {
	const id, other = "0f0e0d0c-0000-4000-8000-000000000001", "ffffffff-0000-4000-8000-000000000001"
	doc := `{"id":"` + id + `","subject":{"reference":"urn:uuid:` + id + `"},"x":"` + other + `"}`
	if got := string(rename([]byte(doc), 0)); got != doc {
		t.Errorf("copy 0 differs: %s", got)
	}
	seen := map[string]bool{}
	for n := range uint32(100) {
		got := string(rename([]byte(doc), n))
		now := got[7 : 7+len(id)]
		seen[now] = true
		back := strings.ReplaceAll(got, now, id)
		if now2 := back[strings.Index(back, `"x":"`)+5:][:len(id)]; strings.ReplaceAll(back, now2, other) != doc {
			t.Errorf("copy %d: %s", n, got)
		}
	}
	if len(seen) != 100 {
		t.Errorf("100 copies have %d ids", len(seen))
	}
}
