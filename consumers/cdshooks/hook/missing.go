package hook

import (
	"maps"
	"slices"
	"strings"
)

// missing is what a prefetch did not bring, by key.
type missing struct {
	Lacking []string            // nothing came
	Partial []string            // some of it came
	Faults  map[string][]string // of those that failed, and were not just left out: why
}

// missingOf judges what came. A client that uses our keys is judged by them: that one result came
// says nothing about the others. What came under other keys is judged by its type.
func missingOf(came map[string]*brought) missing {
	m := missing{Faults: map[string][]string{}}
	elsewhere := map[string]bool{} // types that came under other keys
	for key, b := range came {
		for _, t := range b.types {
			if Prefetch[key] == "" {
				elsewhere[t] = true
			}
		}
	}
	knowsNewer := slices.ContainsFunc(newerKeys, func(key string) bool { return came[key] != nil })
	for _, key := range PrefetchKeys {
		b := came[key]
		switch {
		case b != nil:
			m.judge(key, b)
		case !elsewhere[typeOf(key)] && (knowsNewer || !slices.Contains(newerKeys, key)):
			m.Lacking = append(m.Lacking, key)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(came)) {
		if Prefetch[key] == "" {
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
		m.Faults[key] = faults
	}
	switch some := len(b.types) > 0 && !b.single; {
	case len(faults) > 0 && !some:
		m.Lacking = append(m.Lacking, key)
	case len(faults) > 0 || more:
		m.Partial = append(m.Partial, key)
	}
}

// typeOf is the resource type that a prefetch template asks for; "" when the key is none of ours.
func typeOf(key string) string {
	typ, _, _ := strings.Cut(Prefetch[key], "?")
	typ, _, _ = strings.Cut(typ, "/")
	return typ
}
