package settings

import (
	"reflect"
	"slices"
	"strings"
)

// suggestion is the path of the key that somebody may have meant by one that does not exist, found
// under a path of keys; "" when none is near.
func suggestion(under, key string) string {
	best, least := "", []int{max(1, len(key)/4), 2}
	for _, path := range keyPaths(reflect.TypeFor[Config](), "") {
		parent, last := "", path
		if i := strings.LastIndexByte(path, '.'); i >= 0 {
			parent, last = path[:i], path[i+1:]
		}
		// of words that are as near, the one beside it, then the one that lies least deep
		far := []int{distance(strings.ToLower(key), last), 1, strings.Count(path, ".")}
		if parent == under {
			far[1] = 0
		}
		if slices.Compare(far, least) < 0 {
			best, least = path, far
		}
	}
	return best
}

// keyPaths are the paths of all keys that a configuration may have.
func keyPaths(t reflect.Type, under string) (paths []string) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		return keyPaths(t.Elem(), under)
	case reflect.Struct:
	default:
		return nil
	}
	for f := range t.Fields() {
		key, inline, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case key == "" && inline == "inline":
			paths = append(paths, keyPaths(f.Type, under)...)
		case key != "" && key != "-":
			path := strings.TrimPrefix(under+"."+key, ".")
			paths = append(append(paths, path), keyPaths(f.Type, path)...)
		}
	}
	return paths
}

// distance is the number of letters that are to be changed, added or taken away to make one word of
// another (Levenshtein 1966).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			before, row[j+1] = row[j+1], slices.Min([]int{row[j+1] + 1, row[j] + 1, before + cost})
		}
	}
	return row[len(b)]
}
