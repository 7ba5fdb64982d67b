package chart

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/timeline"
)

// told is the invented patient of package timeline.
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

func TestGoldens(t *testing.T) {
	p := told(t)
	link := func(r facts.Ref) string { return "https://ehr.example.org/" + string(r) }
	tables, err := Tables(p, Options{Link: link})
	if err != nil {
		t.Fatal(err)
	}
	for path, got := range map[string][]byte{
		"testdata/wide.svg":    SVG(p, Options{ID: "wide"}),
		"testdata/narrow.svg":  SVG(p, Options{ID: "narrow", Width: Narrow}),
		"testdata/tables.html": tables,
	} {
		if os.Getenv("RLSGUARD_UPDATE") != "" {
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(want) != string(got) {
			t.Errorf("%s changed: RLSGUARD_UPDATE=1 writes it anew; look at it before", path)
		}
	}
}
