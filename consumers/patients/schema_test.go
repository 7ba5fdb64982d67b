package patients

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// conforms tells where a document has a field that the schema does not foresee, lacks one that it
// requires, or has another type.
func conforms(schema map[string]any, value any, at string) (faults []string) {
	switch v := value.(type) {
	case map[string]any:
		properties, _ := schema["properties"].(map[string]any)
		for name, sub := range v {
			s, ok := properties[name].(map[string]any)
			if !ok {
				faults = append(faults, at+"/"+name+" is not foreseen")
				continue
			}
			faults = append(faults, conforms(s, sub, at+"/"+name)...)
		}
		required, _ := schema["required"].([]any)
		for _, name := range required {
			if v[name.(string)] == nil {
				faults = append(faults, fmt.Sprintf("%s/%s is missing", at, name))
			}
		}
	case []any:
		items, _ := schema["items"].(map[string]any)
		for i, item := range v {
			faults = append(faults, conforms(items, item, fmt.Sprintf("%s/%d", at, i))...)
		}
	}
	want := map[string]string{
		"map[string]interface {}": "object", "[]interface {}": "array", "string": "string", "bool": "boolean",
		"float64": "integer",
	}[fmt.Sprintf("%T", value)]
	if schema["type"] != want {
		faults = append(faults, fmt.Sprintf("%s: %s instead of %v", at, want, schema["type"]))
	}
	return faults
}

var updateSchema = flag.Bool("update-schema", false, "write schema/reply.json anew")

// schema/reply.json is what the metadata of the endpoint say, for readers without a server.
func TestTheSchemaOfTheReplyIsAFileToo(t *testing.T) {
	var tree any
	if err := json.Unmarshal([]byte(replySchema()), &tree); err != nil {
		t.Fatal(err)
	}
	want, err := json.MarshalIndent(tree, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	if *updateSchema {
		if err := os.WriteFile("schema/reply.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("schema/reply.json")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("schema/reply.json (-want +got):\n%s", diff)
	}
}

func TestATimelineConformsToTheSchema(t *testing.T) {
	data, err := os.ReadFile("../timeline/testdata/patient.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema map[string]any
	var reply any
	if err := json.Unmarshal([]byte(replySchema()), &schema); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &reply); err != nil {
		t.Fatal(err)
	}
	for _, fault := range conforms(schema, reply, "") {
		t.Error(fault)
	}
	delete(schema["properties"].(map[string]any), "flags")
	if conforms(schema, reply, "") == nil {
		t.Error("a field that is not foreseen passes")
	}
}
