package files

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rlsguard/rlsguard/fhir"
)

// TestSourcesAreReadInOrder: whatever sizes sources have and however slow they are, their resources
// come in the order of sources and of lines, each once.
func TestSourcesAreReadInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sizes := rapid.SliceOfN(rapid.IntRange(0, 3*batchSize), 1, 12).Draw(t, "sizes")
		slow := rapid.IntRange(0, len(sizes)-1).Draw(t, "slow")
		var sources []Source
		var want []string
		for i, n := range sizes {
			var b bytes.Buffer
			for j := range n {
				fmt.Fprintf(&b, `{"resourceType":"Patient","id":"%d-%d","active":true}`+"\n", i, j)
				want = append(want, fmt.Sprintf("%d:%d Patient/%d-%d", i, j+1, i, j))
			}
			sources = append(sources, Source{Name: fmt.Sprintf("%d.ndjson", i), Open: func() (io.ReadCloser, error) {
				if i == slow {
					time.Sleep(time.Millisecond)
				}
				return io.NopCloser(&b), nil
			}})
		}
		var got []string
		readSources(sources, fhir.DefaultOptions(), nil, func(n int, b batch) bool {
			for i, r := range b.resources {
				got = append(got, fmt.Sprintf("%d:%d %s", n, b.lines[i], r.Patient))
			}
			return true
		})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-want +got)\n%s", diff)
		}
	})
}

// TestUnreadableSource: a failure names its source, and the others are read.
func TestUnreadableSource(t *testing.T) {
	patient := func(id string) io.Reader {
		return strings.NewReader(`{"resourceType":"Patient","id":"` + id + `","active":true}` + "\n")
	}
	sources := []Source{
		{
			Name: "a.ndjson",
			Open: func() (io.ReadCloser, error) {
				return io.NopCloser(iotest.ErrReader(errors.New("disk is gone"))),
					nil
			},
		},
		{Name: "b.ndjson", Open: func() (io.ReadCloser, error) { return nil, errors.New("b.ndjson: not for you") }},
		{Name: "c.ndjson", Open: func() (io.ReadCloser, error) { return io.NopCloser(patient("c")), nil }},
	}
	var got []string
	readSources(sources, fhir.DefaultOptions(), nil, func(n int, b batch) bool {
		for _, r := range b.resources {
			got = append(got, string(r.Patient))
		}
		if b.err != nil {
			got = append(got, b.err.Error())
		}
		return true
	})
	want := []string{"a.ndjson: reading FHIR: disk is gone", "b.ndjson: not for you", "Patient/c"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
