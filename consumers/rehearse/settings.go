package rehearse

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/decimal"
	"github.com/rlsguard/rlsguard/checks/terms"
)

// Setting is one that differs, by its key in the configuration file; "" is none.
type Setting struct {
	Key    string `json:"key"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// Settings lists the differences between two settings, and whether their tables differ.
func Settings(before, after *checks.Settings) []Setting {
	a, b := flat(before), flat(after)
	keys := maps.Clone(a)
	maps.Copy(keys, b)
	out := []Setting{}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if a[key] != b[key] {
			out = append(out, Setting{key, a[key], b[key]})
		}
	}
	if x, y := tables(before), tables(after); x != y {
		out = append(out, Setting{"tables of drugs and codes", x, y})
	}
	if x, y := zone(before), zone(after); x != y {
		out = append(out, Setting{"zone", x, y})
	}
	return out
}

// tables names the tables by the beginning of their hash.
func tables(s *checks.Settings) string {
	t := s.Terms
	if t == nil {
		t = terms.Embedded()
	}
	f := t.Fingerprint()
	return f[:min(len(f), 12)]
}

func zone(s *checks.Settings) string {
	if s.Zone == nil {
		return "UTC"
	}
	return s.Zone.String()
}

func flat(s *checks.Settings) map[string]string {
	out := map[string]string{}
	flatten(reflect.ValueOf(*s), "", out)
	return out
}

func flatten(v reflect.Value, path string, out map[string]string) {
	if d, ok := v.Interface().(decimal.Decimal); ok {
		out[path] = d.String()
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			flatten(v.Elem(), path, out)
		}
	case reflect.Slice:
		for i := range v.Len() {
			flatten(v.Index(i), fmt.Sprintf("%s[%d]", path, i), out)
		}
	case reflect.Map:
		for key, value := range v.Seq2() {
			flatten(value, path+"."+key.String(), out)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
			if name != "" && name != "-" {
				flatten(v.Field(i), strings.TrimPrefix(path+"."+name, "."), out)
			}
		}
	default:
		if text := fmt.Sprint(v.Interface()); text != "" {
			out[path] = text
		}
	}
}
