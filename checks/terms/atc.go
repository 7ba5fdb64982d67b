package terms

import "sync"

// atcEntry is what one ATC code means.
type atcEntry struct {
	drugs []*Ingredient
	local bool // a code of products for skin, eye, nose or mouth
}

var atcCodes = sync.OnceValue(func() map[string]*atcEntry { return loadATC(atcTSV) })

// loadATC reads the ATC table. Rows of one class that share a code are one drug, named after the first; rows of different
// classes that share one are a combination, and each counts.
func loadATC(table string) map[string]*atcEntry {
	codes := make(map[string]*atcEntry, 512)
	add := func(code string, drug *Ingredient, local bool) {
		entry := codes[code]
		if entry == nil {
			entry = &atcEntry{local: local}
			codes[code] = entry
		}
		for _, known := range entry.drugs {
			if known.Class == drug.Class {
				return
			}
		}
		entry.drugs = append(entry.drugs, drug)
	}
	for line := range rows(table) {
		drug, ok := ingredients().byName[field(line, 0)]
		if !ok {
			continue
		}
		for code := range values(field(line, 1)) {
			add(code, drug, false)
		}
		for code := range values(field(line, 2)) {
			add(code, drug, true)
		}
	}
	return codes
}

// systemic tells where products with the code act. Doxepin cream is absorbed enough to sedate on large areas.
func (e *atcEntry) systemic() Systemic {
	switch {
	case !e.local:
		return SystemicYes
	case e.drugs[0].Class == Tricyclic:
		return SystemicLowAbsorbed
	}
	return SystemicNo
}

// wellFormedATC tells whether a code has the shape of an ATC code of any of the five levels.
func wellFormedATC(code string) bool {
	const shape = "A00AA00"
	switch len(code) {
	case 1, 3, 4, 5, 7:
	default:
		return false
	}
	for i := range len(code) {
		letter, digit := code[i] >= 'A' && code[i] <= 'Z', code[i] >= '0' && code[i] <= '9'
		if shape[i] == 'A' && !letter || shape[i] == '0' && !digit {
			return false
		}
	}
	return true
}
