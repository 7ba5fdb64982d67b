package patients

import (
	_ "embed"
	"encoding"
	"encoding/json"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/rlsguard/rlsguard/consumers/timeline"
)

// requestSchema is a JSON Schema (2020-12) of what the service takes, shown in its metadata.
//
//go:embed schema/request.json
var requestSchema string

// replySchema is that of the reply. It follows from the types, which say what each field means.
var replySchema = sync.OnceValue(func() string {
	s := schemaOf(reflect.TypeFor[timeline.Patient]())
	s["$schema"], s["title"] = "https://json-schema.org/draft/2020-12/schema", "rls.patient reply"
	s["description"] = "One patient over time. Absent values are left out; fields may be added."
	data, err := json.Marshal(s)
	if err != nil {
		return "{}"
	}
	return string(data)
})

// schemaOf is the JSON Schema of a type, as far as its tags tell.
func schemaOf(t reflect.Type) map[string]any {
	text := reflect.TypeFor[encoding.TextMarshaler]()
	switch {
	case t == reflect.TypeFor[time.Time]():
		return map[string]any{"type": "string", "format": "date-time"}
	case t.Implements(text):
		return map[string]any{"type": "string"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return schemaOf(t.Elem())
	case reflect.Slice:
		return map[string]any{"type": "array", "items": schemaOf(t.Elem())}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int, reflect.Uint64:
		return map[string]any{"type": "integer"}
	case reflect.Struct:
		properties, required := map[string]any{}, []any{}
		addFields(t, properties, &required)
		s := map[string]any{"type": "object", "properties": properties}
		if len(required) > 0 {
			s["required"] = required
		}
		return s
	}
	return map[string]any{"type": "string"}
}

func addFields(t reflect.Type, properties map[string]any, required *[]any) {
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" {
			addFields(f.Type, properties, required)
			continue
		}
		properties[name] = schemaOf(f.Type)
		if options == "" {
			*required = append(*required, name)
		}
	}
}
