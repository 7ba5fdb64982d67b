package ordercheck

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// conforms holds a document against a JSON Schema, as far as the schemas here go: type, enum,
// required, properties, additionalProperties, items, $ref into $defs. Any other keyword but
// annotations is an error, so that none is passed over.
func conforms(t testing.TB, schema string, document []byte) {
	t.Helper()
	var root map[string]any
	var value any
	if err := json.Unmarshal([]byte(schema), &root); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(document, &value); err != nil {
		t.Fatal(err)
	}
	for _, fault := range validate(root, root, value, "") {
		t.Error(fault)
	}
}

func validate(root, schema map[string]any, value any, at string) (faults []string) {
	fail := func(format string, args ...any) { faults = append(faults, at+": "+fmt.Sprintf(format, args...)) }
	for keyword, rule := range schema {
		switch keyword {
		case "$schema", "$defs", "title", "description", "format":
		case "$ref":
			name := strings.TrimPrefix(rule.(string), "#/$defs/")
			faults = append(faults, validate(root, root["$defs"].(map[string]any)[name].(map[string]any), value, at)...)
		case "type":
			if got := typeName(value); got != rule {
				fail("%s instead of %s", got, rule)
			}
		case "enum":
			if !slices.Contains(rule.([]any), value) {
				fail("%v is not in the list", value)
			}
		case "required":
			for _, name := range rule.([]any) {
				if object, ok := value.(map[string]any); ok && object[name.(string)] == nil {
					fail("%s is missing", name)
				}
			}
		case "properties":
			for name, sub := range rule.(map[string]any) {
				if object, ok := value.(map[string]any); ok && object[name] != nil {
					faults = append(faults, validate(root, sub.(map[string]any), object[name], at+"/"+name)...)
				}
			}
		case "additionalProperties":
			known, _ := schema["properties"].(map[string]any)
			for name, v := range asObject(value) {
				if _, ok := known[name]; ok {
					continue
				}
				if sub, ok := rule.(map[string]any); ok {
					faults = append(faults, validate(root, sub, v, at+"/"+name)...)
				} else {
					fail("%s is not foreseen", name)
				}
			}
		case "items":
			list, _ := value.([]any)
			for i, item := range list {
				faults = append(faults, validate(root, rule.(map[string]any), item, fmt.Sprintf("%s/%d", at, i))...)
			}
		default:
			fail("keyword %s is not held", keyword)
		}
	}
	return faults
}

func asObject(v any) map[string]any { o, _ := v.(map[string]any); return o }

func typeName(v any) string {
	switch v.(type) {
	case map[string]any:
		return "object"
	case []any:
		return "array"
	case string:
		return "string"
	case bool:
		return "boolean"
	case nil:
		return "null"
	}
	return "number"
}
