package chart

import (
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/rlsguard/rlsguard/consumers/timeline"
)

var update = flag.Bool("update", false, "write the golden files anew")

// told is the made-up patient of package timeline.
func told(t testing.TB) *timeline.Patient {
	t.Helper()
	data, err := os.ReadFile("../../timeline/testdata/patient.json")
	if err != nil {
		t.Fatal(err)
	}
	var p timeline.Patient
	if err := json.Unmarshal(data, &p); err != nil {
		t.Fatal(err)
	}
	return &p
}

func TestGoldenFigures(t *testing.T) {
	p := told(t)
	for name, w := range map[string]Width{"wide": Wide, "narrow": Narrow} {
		got := SVG(p, Options{ID: name, Width: w})
		path := "testdata/" + name + ".svg"
		if *update {
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(want) != string(got) {
			t.Errorf("%s changed: -update writes it anew; look at it before", path)
		}
	}
}
