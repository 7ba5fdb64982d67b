package deploy

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/fhir"
)

var updateAsyncAPI = flag.Bool("update-asyncapi", false, "write the generated schemas of asyncapi.yaml anew")

// asyncapiSchemas are the JSON Schemas that asyncapi.yaml repeats, so that it is one file.
var asyncapiSchemas = map[string]string{
	"resource": "schema/resource.json", "acknowledgement": "schema/acknowledgement.json",
	"detectedissue": "schema/detectedissue.json", "feedback": "schema/feedback.json",
	"check-request": "../consumers/ordercheck/schema/request.json",
	"check-reply":   "../consumers/ordercheck/schema/reply.json",

	"patient-request": "../consumers/patients/schema/request.json",
	"patient-reply":   "../consumers/patients/schema/reply.json",
}

// The schemas of asyncapi.yaml are those of the files.
func TestAsyncAPISchemas(t *testing.T) {
	text := read(t, "asyncapi.yaml")
	const last = "-update-asyncapi writes them anew.\n"
	end := strings.Index(text, last)
	if end < 0 {
		t.Fatal("the line before the generated schemas is missing")
	}
	own := text[:end+len(last)]
	want := own + flatSchemas(t)
	if *updateAsyncAPI {
		if err := os.WriteFile("asyncapi.yaml", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, text); diff != "" {
		t.Errorf("run it with -update-asyncapi (-want +got):\n%s", diff)
	}
}

// flatSchemas are the schemas as YAML, their $defs beside them.
func flatSchemas(t *testing.T) string {
	t.Helper()
	all := map[string]any{}
	for name, file := range asyncapiSchemas {
		data, err := os.ReadFile(filepath.FromSlash(file))
		if err != nil {
			t.Fatal(err)
		}
		var schema map[string]any
		if err := json.Unmarshal(data, &schema); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		defs, _ := schema["$defs"].(map[string]any)
		maps.DeleteFunc(schema, func(key string, _ any) bool { return strings.HasPrefix(key, "$") && key != "$ref" })
		all[name] = componentRefs(schema, name)
		for def, sub := range defs {
			all[name+"."+def] = componentRefs(sub, name)
		}
	}
	var out bytes.Buffer
	e := yaml.NewEncoder(&out)
	e.SetIndent(2)
	if err := e.Encode(all); err != nil {
		t.Fatal(err)
	}
	var indented strings.Builder
	for line := range strings.Lines(out.String()) {
		indented.WriteString("    " + line)
	}
	return indented.String()
}

// componentRefs makes references into $defs those into the components.
func componentRefs(v any, name string) any {
	switch v := v.(type) {
	case map[string]any:
		for key, sub := range v {
			if ref, ok := sub.(string); ok && key == "$ref" {
				v[key] = "#/components/schemas/" + name + "." + strings.TrimPrefix(ref, "#/$defs/")
				continue
			}
			v[key] = componentRefs(sub, name)
		}
	case []any:
		for i := range v {
			v[i] = componentRefs(v[i], name)
		}
	case float64:
		if v == float64(int(v)) {
			return int(v)
		}
	}
	return v
}

// No key of asyncapi.yaml is without a value: in a flow map a plain comma makes half a sentence a
// key. Only the address of a reply is null, as the specification has it.
func TestAsyncAPIHasNoKeyWithoutAValue(t *testing.T) {
	doc := documents(t, "asyncapi.yaml")[0]
	var walk func(v any, at string)
	walk = func(v any, at string) {
		switch v := v.(type) {
		case nil:
			if !slices.Contains([]string{"/channels/checkReply/address", "/channels/patientReply/address"}, at) {
				t.Errorf("%s is null", at)
			}
		case map[string]any:
			for key, sub := range v {
				walk(sub, at+"/"+key)
			}
		case []any:
			for _, sub := range v {
				walk(sub, at)
			}
		}
	}
	walk(doc, "")
}

// The lists of asyncapi.yaml are those of the program.
func TestAsyncAPINamesEveryReason(t *testing.T) {
	doc := documents(t, "asyncapi.yaml")[0]
	rejected := []string{}
	for _, r := range fhir.Reasons {
		rejected = append(rejected, string(r))
	}
	var resolved []string
	for _, r := range checks.Reasons() {
		resolved = append(resolved, string(r))
	}
	for _, c := range []struct {
		want []string
		path []string
	}{
		{rejected, []string{"channels", "rejections", "parameters", "reason", "enum"}},
		{
			append(slices.Clone(rejected), string(layout.PartlyRead)),
			[]string{"channels", "deadLetters", "parameters", "reason", "enum"},
		},
		{resolved, []string{"components", "schemas", "flagHeaders", "properties", "Rls-Reason", "enum"}},
	} {
		var got []string
		list, _ := at(doc, c.path...).([]any)
		for _, r := range list {
			got = append(got, r.(string))
		}
		slices.Sort(got)
		slices.Sort(c.want)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%v (-want +got):\n%s", c.path, diff)
		}
	}
}
