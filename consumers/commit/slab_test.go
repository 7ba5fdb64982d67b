package commit

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"github.com/rlsguard/rlsguard/consumers/layout"
)

// A table returns what was put in last, whatever moves in memory meanwhile, and returned slices do
// not change.
func TestTable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var tab table
		tab.at = map[layout.Token]uint32{}
		want := map[byte][]byte{}
		handed := map[*byte][]byte{}
		sizes := rapid.OneOf(rapid.IntRange(1, 600), rapid.IntRange(100_000, 2*chunkSize))
		for seq := uint64(1); seq <= 60; seq++ {
			name := rapid.ByteRange(0, 9).Draw(t, "patient")
			var data []byte
			if rapid.IntRange(0, 9).Draw(t, "taken away") > 0 {
				data = bytes.Repeat([]byte{byte(seq)}, sizes.Draw(t, "size"))
			}
			tab.put(layout.Token{name}, seq, data, layout.Sum{})
			want[name] = data
			live := 0
			for n, data := range want {
				got := tab.data(tab.find(layout.Token{n}))
				if !bytes.Equal(got, data) {
					t.Fatalf("patient %d: %d bytes, put in %d", n, len(got), len(data))
				}
				if len(got) > 0 {
					live += recordPrefix + len(got)
					handed[&got[0]] = data
				}
			}
			sum := 0
			for i := range tab.slab.chunks {
				sum += tab.slab.chunks[i].live
			}
			if sum != live {
				t.Fatalf("%d bytes count as live, %d are", sum, live)
			}
		}
		for first, data := range handed {
			if *first != data[0] {
				t.Fatal("what was handed out has changed")
			}
		}
	})
}

// Memory does not grow with the number of rewrites.
func TestTableRewritten(t *testing.T) {
	var tab table
	tab.at = map[layout.Token]uint32{}
	data := bytes.Repeat([]byte("x"), 400)
	for seq := uint64(1); seq <= 200_000; seq++ {
		tab.put(layout.Token{byte(seq % 50), byte(seq * 7 % 200)}, seq, data, layout.Sum{})
	}
	kept := 0
	for i := range tab.slab.chunks {
		kept += cap(tab.slab.chunks[i].bytes)
	}
	if most := 2*len(tab.rows)*(len(data)+recordPrefix) + 2*chunkSize; kept > most {
		t.Errorf("%d rows of %d bytes keep %d bytes, more than %d", len(tab.rows), len(data), kept, most)
	}
}
