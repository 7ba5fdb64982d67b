package conditions

import (
	"slices"
	"strings"
	"sync"

	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/checks/terms/data"
)

// Counts says whether a code counts as restless legs syndrome.
type Counts uint8

// Values of the column counts_as_rls.
const (
	CountsNo Counts = iota
	CountsPossible
	CountsYes
)

func (c Counts) String() string { return [...]string{"no", "possible", "yes"}[c] }

// Row is the row of a code in rls_conditions.tsv. Group is rls, rls_pregnancy, lookalike,
// lookalike_signal, other, or a context (context_esrd, context_dialysis, context_esrd_check,
// context_pregnancy, context_iron_caution, context_respiratory, context_dopaminergic,
// context_prolactin, context_postherpetic); Name is the table's name for it.
type Row struct {
	Counts Counts
	Group  string
	Name   string
}

// conditionTable holds codes, and categories (codes ending in "-") that stand for all codes below
// them. Rows with status unverified_off were not found in public material and are not loaded.
type conditionTable struct {
	codes      map[codes.Key]Row
	categories []conditionCategory // longest first
}

type conditionCategory struct {
	codes.Key
	row Row
}

const unverifiedOff = "unverified_off"

var conditions = sync.OnceValue(func() conditionTable {
	table := conditionTable{codes: make(map[codes.Key]Row, 256)}
	for line := range data.Rows(data.Conditions) {
		if data.Field(line, 5) == unverifiedOff {
			continue
		}
		row := Row{Group: data.Field(line, 4), Name: data.Field(line, 2)}
		switch data.Field(line, 3) {
		case "yes":
			row.Counts = CountsYes
		case "possible":
			row.Counts = CountsPossible
		}
		system := codes.Canonical(data.Field(line, 0))
		key := codes.Key{System: system, Code: codes.Diagnosis(system, strings.TrimSuffix(data.Field(line, 1), "-"))}
		if strings.HasSuffix(data.Field(line, 1), "-") {
			table.categories = append(table.categories, conditionCategory{key, row})
			continue
		}
		if _, twice := table.codes[key]; !twice {
			table.codes[key] = row
		}
	}
	slices.SortStableFunc(table.categories, func(a, b conditionCategory) int { return len(b.Code) - len(a.Code) })
	return table
})

// Find returns the table's row for a diagnosis code. ICD codes match with and without their dot; an
// edition of ICD-10 without its own row uses those of ICD-10, then of ICD-10-CM. A missing system
// is never guessed.
func Find(c codes.Coding) (Row, bool) {
	_, row, ok := condition(c)
	return row, ok
}

// condition is the row for a coding, and its key.
func condition(c codes.Coding) (codes.Key, Row, bool) {
	system := codes.Canonical(c.System)
	if system == "" || c.Code == "" {
		return codes.Key{}, Row{}, false
	}
	code := codes.Diagnosis(system, c.Code)
	editions := [...]string{system, codes.ICD10, codes.ICD10CM}
	known := editions[:1]
	if codes.IsICD10(system) {
		known = editions[:]
	}
	for _, edition := range known {
		key := codes.Key{System: edition, Code: code}
		if row, ok := conditions().codes[key]; ok {
			return key, row, true
		}
	}
	for _, category := range conditions().categories {
		if strings.HasPrefix(code, category.Code) && slices.Contains(known, category.System) && len(code) <= 8 {
			return category.Key, category.row, true
		}
	}
	return codes.Key{}, Row{}, false
}
