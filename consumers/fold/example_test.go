package fold_test

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/fhir"
)

// Files are folded in any order; the flags are those of all of them together.
func ExampleReplay() {
	engine := &fold.Engine{
		Settings: checks.DefaultSettings(),
		Key:      []byte("a secret of the site, or any text in tests"),
		Ruleset:  "r1",
	}
	replay, reader := fold.NewReplay(engine), fhir.NewReader(fhir.DefaultOptions())
	paths, err := filepath.Glob("../../cmd/rlsguard/demo/1-*.json")
	if err != nil {
		panic(err)
	}
	for i, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			panic(err)
		}
		in := fold.Input{Arrival: facts.Arrival{Sequence: uint64(i) + 1}, Source: path, AllowAck: true}
		reader.Document(data, func(r fhir.Resource) bool {
			in.Resources = append(in.Resources, r)
			return true
		})
		for _, result := range replay.Fold(in) {
			if result.Outcome == fold.Rejected {
				fmt.Println("rejected:", result.Detail)
			}
		}
	}
	asOf := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	known := replay.Finish(asOf)
	for _, patient := range known.Patients() {
		for _, f := range checks.OpenFlags(known.State(patient), engine.Settings, engine.Key, engine.Ruleset, asOf) {
			fmt.Println(f.Patient, f.Severity, f.Check, f.Ingredient)
		}
	}
	// Output:
	// Patient/anna moderate rls-ssri sertraline
}
