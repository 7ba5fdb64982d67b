package cdshooks

import (
	"maps"
	"slices"
	"strings"
)

// missing is what a prefetch did not bring, by key.
type missing struct {
	lacking []string            // nothing came
	partial []string            // some of it came
	faults  map[string][]string // of those that failed, and were not just left out: why
}

// missingOf judges what came. A client that uses our keys is judged by them: that one result came says nothing about the others. What came under
// other keys is judged by its type.
func missingOf(came map[string]*brought) missing {
	m := missing{faults: map[string][]string{}}
	elsewhere := map[string]bool{} // types that came under other keys
	for key, b := range came {
		for _, t := range b.types {
			if prefetch[key] == "" {
				elsewhere[t] = true
			}
		}
	}
	knowsNewer := slices.ContainsFunc(newerKeys, func(key string) bool { return came[key] != nil })
	for _, key := range prefetchKeys {
		b := came[key]
		switch {
		case b != nil:
			m.judge(key, b)
		case !elsewhere[typeOf(key)] && (knowsNewer || !slices.Contains(newerKeys, key)):
			m.lacking = append(m.lacking, key)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(came)) {
		if prefetch[key] == "" {
			m.judge(key, came[key])
		}
	}
	return m
}

// judge says what is missing under a key that was sent.
func (m *missing) judge(key string, b *brought) {
	faults := slices.Clone(b.faults)
	if want := typeOf(key); want != "" && b.single && !slices.Contains(b.types, want) {
		faults = append(faults, "not a "+want+" but another resource")
	}
	more := b.more && (asksFor[key] == 0 || b.matches < asksFor[key])
	if len(faults) > 0 {
		m.faults[key] = faults
	}
	switch some := len(b.types) > 0 && !b.single; {
	case len(faults) > 0 && !some:
		m.lacking = append(m.lacking, key)
	case len(faults) > 0 || more:
		m.partial = append(m.partial, key)
	}
}

// typeOf is the resource type that a prefetch template asks for; "" when the key is none of ours.
func typeOf(key string) string {
	typ, _, _ := strings.Cut(prefetch[key], "?")
	typ, _, _ = strings.Cut(typ, "/")
	return typ
}
