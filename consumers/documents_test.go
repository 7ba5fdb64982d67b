package consumers

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func zipped(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(s))
	z.Close()
	return b.String()
}

func TestDocuments(t *testing.T) {
	tests := []struct {
		name, file, in string
		want           []string
		fails          bool
	}{
		{"one document", "a.json", "{\n \"a\": 1\n}\n", []string{"1 {\n \"a\": 1\n}\n"}, false},
		{"empty", "a.json", " \n", nil, false},
		{"NDJSON by name", "a.ndjson", "{\n\n{\"a\":1}", []string{"1 {", "3 {\"a\":1}"}, false},
		{"NDJSON by content", "-", "\n{\"a\":1}\n{\"b\":2}\n", []string{"2 {\"a\":1}", "3 {\"b\":2}"}, false},
		{"a document on one line", "-", "{\"a\":1}\n", []string{"1 {\"a\":1}\n"}, false},
		{"gzip", "a.ndjson.gz", zipped("{}\n[]\n"), []string{"1 {}", "2 []"}, false},
		{"damaged gzip goes as it is", "a.json.gz", zipped("{}")[:20], []string{"1 " + zipped("{}")[:20]}, false},
		{"a document that is too large", "a.json", strings.Repeat("x", 60), nil, true},
		{"a line that is too large", "a.ndjson", "{}\n" + strings.Repeat("x", 60) + "\n[]", []string{"1 {}", "3 []"}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			err := Documents(strings.NewReader(tt.in), tt.file, 50, func(line int, data []byte) error {
				got = append(got, fmt.Sprintf("%d %s", line, data))
				return nil
			})
			if (err != nil) != tt.fails {
				t.Errorf("error: %v", err)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}
