package fhir

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// corpus returns the documents of a samples folder by name, unpacked; without RLSGUARD_CORPUS those
// of testdata.
func corpus(tb testing.TB, folder string) map[string][]byte {
	tb.Helper()
	pattern := "testdata/*.json"
	if dir := os.Getenv("RLSGUARD_CORPUS"); dir != "" {
		pattern = filepath.Join(dir, folder, "*.*json*")
	}
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		tb.Fatalf("no samples at %s: %v", pattern, err)
	}
	docs := make(map[string][]byte)
	for _, p := range paths {
		docs[filepath.Base(p)] = corpusFile(tb, p)
	}
	return docs
}

func corpusFile(tb testing.TB, path string) []byte {
	tb.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	if !strings.HasSuffix(path, ".gz") {
		return b
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		tb.Fatal(err)
	}
	if b, err = io.ReadAll(z); err != nil {
		tb.Fatal(err)
	}
	return b
}

// events are the resources of the Synthea Bundles, each as one compact message.
func events(tb testing.TB) (all [][]byte) {
	for _, doc := range corpus(tb, "synthea-r4-2019") {
		var b struct {
			Entry []struct{ Resource json.RawMessage }
		}
		if json.Unmarshal(bytes.TrimPrefix(doc, []byte(utf8BOM)), &b) != nil {
			continue
		}
		for _, e := range b.Entry {
			var compact bytes.Buffer
			if json.Compact(&compact, e.Resource) == nil {
				all = append(all, compact.Bytes())
			}
		}
	}
	return all
}

// BenchmarkRead reads whole Bundles and single events, with json.Valid over the same bytes beside
// each: the measure of this package's speed is the ratio of the two, in one run.
func BenchmarkRead(b *testing.B) {
	var bundles [][]byte
	for _, doc := range corpus(b, "synthea-r4-2019") {
		bundles = append(bundles, doc)
	}
	for _, in := range []struct {
		name string
		docs [][]byte
	}{{"bundles", bundles}, {"events", events(b)}} {
		size := 0
		for _, d := range in.docs {
			size += len(d)
		}
		b.Run(in.name+"/read", func(b *testing.B) {
			r := NewReader(DefaultOptions())
			b.SetBytes(int64(size))
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				n = 0
				for _, d := range in.docs {
					r.Document(d, func(Resource) bool { n++; return true })
				}
			}
			b.ReportMetric(float64(n), "events/op")
		})
		b.Run(in.name+"/json.Valid", func(b *testing.B) {
			b.SetBytes(int64(size))
			for b.Loop() {
				for _, d := range in.docs {
					json.Valid(d)
				}
			}
		})
	}
}
