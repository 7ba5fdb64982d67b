package fhir

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

func hugeBundle(n int) []byte {
	entries := make([]string, n)
	for i := range entries {
		entries[i] = fmt.Sprintf(
			`{"fullUrl":"urn:uuid:%d","resource":{"resourceType":"Condition","code":{"text":"\u0041"},"subject":{"reference":"urn:uuid:%d"}}}`,
			i,
			i,
		)
	}
	return []byte(bundle("batch", entries...))
}

func live() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestOneHugeBundleIsNotPaidForEver(t *testing.T) {
	doc, r, small := hugeBundle(50_000), NewReader(DefaultOptions()), []byte(order)
	ignore := func(Resource) bool { return true }
	before := live()
	r.Document(doc, ignore)
	if grown := live() - before; grown < 8<<20 {
		t.Fatalf("a huge Bundle takes %d bytes: too few to see their release", grown)
	}
	for range 2 * usageDocuments {
		r.Document(small, ignore)
	}
	if grown := live() - before; grown > 2<<20 {
		t.Errorf("%d bytes are kept", grown)
	}
	runtime.KeepAlive(doc)
	runtime.KeepAlive(r)
}

// TestHugeBundlesNowAndThenKeepTheirBuffers holds that buffers needed repeatedly are not
// reallocated each time.
func TestHugeBundlesNowAndThenKeepTheirBuffers(t *testing.T) {
	doc, r := []byte(
		bundle("batch", strings.Repeat(entryOf(visit)+",", 6000)+entryOf(visit)),
	), NewReader(
		DefaultOptions(),
	)
	round := func() {
		for range usageDocuments / 4 {
			r.Document([]byte(visit), func(Resource) bool { return true })
		}
		r.Document(doc, func(Resource) bool { return true })
	}
	round()
	const rounds = 20
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range rounds {
		round()
	}
	runtime.ReadMemStats(&after)
	if cap(r.index.nodes) <= keptNodes {
		t.Fatal("too few entries to see anything")
	}
	if each := (after.TotalAlloc - before.TotalAlloc) / rounds; each > 500<<10 {
		t.Errorf("%d bytes allocated for each Bundle", each)
	}
}
