package terms

import (
	"slices"
	"strings"
	"sync"
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

// ConditionRow is what rls_conditions.tsv says of a code. Group is rls, rls_pregnancy, lookalike, lookalike_signal, other, or a context
// (context_esrd, context_dialysis, context_esrd_check, context_pregnancy, context_iron_caution, context_respiratory, context_dopaminergic,
// context_prolactin, context_postherpetic).
type ConditionRow struct {
	Counts Counts
	Group  string
}

// conditionTable holds codes, and categories that stand for all codes below them: rows whose code ends in "-". Rows with the status
// unverified_off were not found in public material and are not loaded.
type conditionTable struct {
	codes      map[codeKey]ConditionRow
	categories []conditionCategory // longest first
}

type conditionCategory struct {
	codeKey
	row ConditionRow
}

const unverifiedOff = "unverified_off"

var conditions = sync.OnceValue(func() conditionTable {
	table := conditionTable{codes: make(map[codeKey]ConditionRow, 256)}
	for line := range rows(conditionsTSV) {
		if field(line, 5) == unverifiedOff {
			continue
		}
		row := ConditionRow{Group: field(line, 4)}
		switch field(line, 3) {
		case "yes":
			row.Counts = CountsYes
		case "possible":
			row.Counts = CountsPossible
		}
		system := CanonicalSystem(field(line, 0))
		key := codeKey{system: system, code: conditionCode(system, strings.TrimSuffix(field(line, 1), "-"))}
		if strings.HasSuffix(field(line, 1), "-") {
			table.categories = append(table.categories, conditionCategory{key, row})
			continue
		}
		if _, twice := table.codes[key]; !twice {
			table.codes[key] = row
		}
	}
	slices.SortStableFunc(table.categories, func(a, b conditionCategory) int { return len(b.code) - len(a.code) })
	return table
})

// Condition is what the table says of a diagnosis code. ICD codes are known with and without their dot; an edition of ICD-10 without a
// row of its own uses those of ICD-10, then of ICD-10-CM. A coding without a system is never guessed.
func (t *Terms) Condition(c Coding) (ConditionRow, bool) {
	_, row, ok := condition(c)
	return row, ok
}

// condition is the row that speaks for a coding, and its key.
func condition(c Coding) (codeKey, ConditionRow, bool) {
	system := CanonicalSystem(c.System)
	if system == "" || c.Code == "" {
		return codeKey{}, ConditionRow{}, false
	}
	code := conditionCode(system, c.Code)
	editions := [...]string{system, ICD10, ICD10CM}
	known := editions[:1]
	if isICD10(system) {
		known = editions[:]
	}
	for _, edition := range known {
		key := codeKey{edition, code}
		if row, ok := conditions().codes[key]; ok {
			return key, row, true
		}
	}
	for _, category := range conditions().categories {
		if strings.HasPrefix(code, category.code) && slices.Contains(known, category.system) && len(code) <= 8 {
			return category.codeKey, category.row, true
		}
	}
	return codeKey{}, ConditionRow{}, false
}

// conditionCode gives a code in the form in which the table's codes are compared.
func conditionCode(system, code string) string {
	code = strings.TrimSpace(code)
	switch {
	case isICD10(system):
		// The German edition marks codes with a sign of certainty or of the dagger and asterisk system behind them.
		code = strings.TrimRight(strings.ToUpper(code), "+*!†- ")
		return strings.ReplaceAll(code, ".", "")
	case system == ICD9CM:
		return strings.ReplaceAll(code, ".", "")
	case system == ICD11:
		code = code[strings.LastIndexByte(code, '/')+1:]
		code, _, _ = strings.Cut(code, "&") // extension codes of a cluster
		return strings.ToUpper(code)
	case system == ReadV2 && len(code) == 7:
		return code[:5] // with its term code
	case system == ICPC2:
		return strings.ToUpper(code)
	}
	return code
}
