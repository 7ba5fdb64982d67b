package terms

import (
	"sync"

	"github.com/rlsguard/rlsguard/checks/terms/data"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
)

type atcEntry struct {
	drugs []*drugs.Ingredient
	local bool // for products for skin, eye, nose or mouth
}

// atcGroup is the length of a chemical subgroup code, the level above the substance.
const atcGroup = 5

// atcTable holds the codes of our drugs, and the groups of any level that contain one.
type atcTable struct {
	byCode map[string]*atcEntry
	groups map[string]bool
}

var atcCodes = sync.OnceValue(func() *atcTable { return loadATC(data.ATC) })

// loadATC reads the ATC table. Rows of one class with the same code are one drug, named after the
// first; rows of different classes with the same code are a combination, and each counts.
func loadATC(table string) *atcTable {
	t := &atcTable{byCode: make(map[string]*atcEntry, 1024), groups: make(map[string]bool, 512)}
	add := func(code string, drug *drugs.Ingredient, local bool) {
		entry := t.byCode[code]
		if entry == nil {
			entry = &atcEntry{local: local}
			t.byCode[code] = entry
			for _, n := range [...]int{1, 3, 4, atcGroup} {
				t.groups[code[:min(n, len(code))]] = true
			}
		}
		for _, known := range entry.drugs {
			if known.Class == drug.Class {
				return
			}
		}
		entry.drugs = append(entry.drugs, drug)
	}
	for line := range data.Rows(table) {
		drug := drugs.Named(data.Field(line, 0))
		if drug == nil {
			continue
		}
		for code := range data.Values(data.Field(line, 1)) {
			add(code, drug, false)
		}
		for code := range data.Values(data.Field(line, 2)) {
			add(code, drug, true)
		}
	}
	return t
}

// systemic reports where products with the code act. Doxepin cream is absorbed enough to sedate on
// large areas.
func (e *atcEntry) systemic() drugs.Systemic {
	switch {
	case !e.local:
		return drugs.SystemicYes
	case e.drugs[0].Class == drugs.Tricyclic:
		return drugs.SystemicLowAbsorbed
	}
	return drugs.SystemicNo
}

// wellFormedATC reports whether a code has the shape of an ATC code of any of the five levels.
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
