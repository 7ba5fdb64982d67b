package terms

import (
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rlsguard/rlsguard/checks/terms/data"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
	"github.com/rlsguard/rlsguard/checks/terms/site"
)

//go:generate go test . -run TestPackedTablesFollowTheirSources -update

type entry struct{ code, value uint64 }

func pack(entries []entry) []byte {
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.code, b.code) })
	n := (len(entries) + data.PackedBlock - 1) / data.PackedBlock
	head := binary.BigEndian.AppendUint32(nil, uint32(n))
	var body []byte
	for block := range slices.Chunk(entries, data.PackedBlock) {
		head = binary.BigEndian.AppendUint64(head, block[0].code)
		head = binary.BigEndian.AppendUint32(head, uint32(data.PackedHead+n*data.PackedEntry+len(body)))
		body = binary.AppendUvarint(body, block[0].value)
		for i, e := range block[1:] {
			step := (e.code - block[i].code) << 1
			if e.value == block[i].value {
				body = binary.AppendUvarint(body, step)
				continue
			}
			body = binary.AppendUvarint(body, step|1)
			body = binary.AppendUvarint(body, e.value)
		}
	}
	rest := append(head, body...)
	sum := sha256.Sum256(rest)
	return append(sum[:data.PackedSum], rest...)
}

// readSource reads a readable table compressed by gzip.
func readSource(t testing.TB, name string) string {
	t.Helper()
	f, err := os.Open("data/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func number(t testing.TB, s string) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func ndcEntries(t testing.TB) (entries []entry) {
	for line := range data.Rows(readSource(t, "ndc.tsv.gz")) {
		rxcui := number(t, data.Field(line, 0))
		for code := range data.Values(data.Field(line, 1)) {
			entries = append(entries, entry{number(t, code), rxcui})
		}
	}
	return entries
}

func releaseEntries(t testing.TB) (entries []entry) {
	kinds := map[string]uint64{"listed": releaseListed, "other": releaseOther, "unknown": releaseUnsaid}
	for line := range data.Rows(readSource(t, "rxnorm_release.tsv.gz")) {
		kind, ok := kinds[data.Field(line, 1)]
		if !ok {
			t.Fatal(line)
		}
		entries = append(entries, entry{number(t, data.Field(line, 0)), kind})
	}
	return entries
}

// dmdEntries are the codes and their meanings, the most frequent first, since these have the
// shorter numbers.
func dmdEntries(t testing.TB) (entries []entry, meanings string) {
	count := map[string]int{}
	all := map[uint64]string{}
	for line := range data.Rows(readSource(t, "dmd.tsv.gz")) {
		meaning := meaningOf(t, data.Field(line, 1), data.Field(line, 2), data.Field(line, 3))
		all[number(t, data.Field(line, 0))] = meaning
		count[meaning]++
	}
	order := slices.SortedFunc(maps.Keys(count), func(a, b string) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b))
	})
	for code, meaning := range all {
		entries = append(entries, entry{code, uint64(slices.Index(order, meaning))})
	}
	return entries, "ingredients\tsystemic\troute\twith\n" + strings.Join(order, "\n") + "\n"
}

// meaningOf says what a product with that name means: strengths and route as in the name.
func meaningOf(t testing.TB, list, systemic, name string) string {
	m := Embedded().Classify(nil, []string{name})
	var parts []string
	for part := range data.Values(list) {
		drug := drugs.Named(part)
		if drug == nil {
			t.Fatalf("%s: no ingredient %q", name, part)
		}
		for _, f := range m.Found {
			if f.Ingredient == drug && f.Strength != "" {
				part += "=" + f.Strength
				if f.PerML {
					part += site.PerML
				}
			}
		}
		parts = append(parts, part)
	}
	return strings.Join([]string{strings.Join(parts, "|"), systemic, m.RouteGroup, strings.Join(m.With, "|")}, "\t")
}

func TestPackedTablesFollowTheirSources(t *testing.T) {
	dmd, meanings := dmdEntries(t)
	for name, want := range map[string][]byte{
		"ndc.bin": pack(ndcEntries(t)), "dmd.bin": pack(dmd), "dmd_meanings.tsv": []byte(meanings),
		"rxnorm_release.bin": pack(releaseEntries(t)),
	} {
		if *update {
			if err := os.WriteFile("data/"+name, want, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if got, err := os.ReadFile("data/" + name); err != nil || string(got) != string(want) {
			t.Errorf("%s does not follow its source: run go generate ./checks/terms (%v)", name, err)
		}
	}
}

// Every code is found with its value, and no code next to it.
func TestPackedFindsWhatWasPacked(t *testing.T) {
	dmd, _ := dmdEntries(t)
	for name, c := range map[string]struct {
		table   data.Packed
		entries []entry
	}{
		"ndc": {data.Packed(data.NDC), ndcEntries(t)}, "dmd": {data.Packed(data.DMD), dmd},
		"release": {data.Packed(data.RxNormRelease), releaseEntries(t)},
		"none":    {data.Packed(pack(nil)), nil}, "one": {data.Packed(pack([]entry{{7, 9}})), []entry{{7, 9}}},
	} {
		want := map[uint64]uint64{}
		for _, e := range c.entries {
			want[e.code] = e.value
		}
		if len(want) != len(c.entries) {
			t.Errorf("%s: %d codes in %d rows", name, len(want), len(c.entries))
		}
		n := 0
		c.table.Between(0, 1<<63, func(code, value uint64) {
			n++
			if v, ok := want[code]; !ok || v != value {
				t.Errorf("%s: %d has %d, want %d", name, code, value, v)
			}
		})
		if n != len(want) {
			t.Errorf("%s: %d codes, want %d", name, n, len(want))
		}
		for _, e := range c.entries {
			for _, code := range []uint64{e.code, e.code + 1, e.code - 1, rand.Uint64N(1 << 62)} {
				v, ok := c.table.Find(code)
				w, wanted := want[code]
				if ok != wanted || v != w {
					t.Fatalf("%s: %d gives %d %t, want %d %t", name, code, v, ok, w, wanted)
				}
			}
		}
	}
}
