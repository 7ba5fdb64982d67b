package deploy

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func schemaFile(t *testing.T, path string) (schema map[string]any) {
	t.Helper()
	data, err := os.ReadFile(filepath.FromSlash(path))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &schema); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return schema
}

// A flag as a line of JSON is the same in answers of rls.check. A line also tells of a transition,
// and only lines tell of flags that are resolved.
func TestFlagHasOneSchema(t *testing.T) {
	lines, reply := schemaFile(t, "schema/flag.json"), schemaFile(t, "../consumers/ordercheck/schema/reply.json")
	of := func(schema map[string]any, name string) map[string]any {
		properties := maps.Clone(at(schema, "$defs", name, "properties").(map[string]any))
		for _, own := range []string{"change", "number", "reason", "ruleset", "state"} {
			if name == "flag" {
				delete(properties, own)
			}
		}
		return properties
	}
	for _, name := range []string{"flag", "change", "result", "limit"} {
		if diff := cmp.Diff(of(reply, name), of(lines, name)); diff != "" {
			t.Errorf("%s (-rls.check +line):\n%s", name, diff)
		}
	}
}

// A card of CDS Hooks says the same to programs, and whether it is because of a draft.
func TestCardHasTheSchemaOfAFlag(t *testing.T) {
	card, reply := schemaFile(t, "schema/card.json"), schemaFile(t, "../consumers/ordercheck/schema/reply.json")
	properties := maps.Clone(at(card, "properties").(map[string]any))
	delete(properties, "because")
	if diff := cmp.Diff(at(reply, "$defs", "flag", "properties"), any(properties)); diff != "" {
		t.Errorf("(-rls.check +card):\n%s", diff)
	}
}

// Schemas say which they are.
func TestSchemasHaveTheirNames(t *testing.T) {
	files, err := filepath.Glob("schema/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no schema: %v", err)
	}
	for _, file := range files {
		want := "https://rlsguard.github.io/schema/" + strings.TrimPrefix(filepath.ToSlash(file), "schema/")
		if got := schemaFile(t, file)["$id"]; got != want {
			t.Errorf("%s has the id %v", file, got)
		}
	}
}
