package terms

import (
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

// ConditionRow is what rls_conditions.tsv says of a code. Group is rls, rls_pregnancy, lookalike, lookalike_signal, or a context
// (context_esrd, context_esrd_check, context_pregnancy, context_iron_caution, context_respiratory, context_dopaminergic).
type ConditionRow struct {
	Counts Counts
	Group  string
}

var conditions = sync.OnceValue(func() map[codeKey]ConditionRow {
	table := make(map[codeKey]ConditionRow, 64)
	for line := range rows(conditionsTSV) {
		row := ConditionRow{Group: field(line, 4)}
		switch field(line, 3) {
		case "yes":
			row.Counts = CountsYes
		case "possible":
			row.Counts = CountsPossible
		}
		system := CanonicalSystem(field(line, 0))
		key := codeKey{system, conditionCode(system, field(line, 1))}
		if _, twice := table[key]; !twice {
			table[key] = row
		}
	}
	return table
})

// headers are categories of ICD-10 that count with all their subcategories, as the notes of rls_conditions.tsv say, and the row
// that speaks for them.
var headers = []struct{ prefix, row string }{
	{"J44", "J449"},
	{"E8311", "E83110"},
	{"G20", "G20"},
}

// Condition is what the table says of a diagnosis code. ICD codes are known with and without their dot; an edition of ICD-10 without a
// row of its own uses those of ICD-10-CM, then of ICD-10. A coding without a system is never guessed.
func (t *Terms) Condition(c Coding) (ConditionRow, bool) {
	key, ok := conditionKey(c)
	return conditions()[key], ok
}

// conditionKey is the row that speaks for a coding.
func conditionKey(c Coding) (codeKey, bool) {
	system := CanonicalSystem(c.System)
	if system == "" || c.Code == "" {
		return codeKey{}, false
	}
	code := conditionCode(system, c.Code)
	if key := (codeKey{system, code}); inConditions(key) {
		return key, true
	}
	if !isICD10(system) {
		return codeKey{}, false
	}
	for _, edition := range [...]string{ICD10CM, ICD10} {
		if key := (codeKey{edition, code}); inConditions(key) {
			return key, true
		}
	}
	for _, h := range headers {
		if strings.HasPrefix(code, h.prefix) && len(code) <= 7 {
			return codeKey{ICD10CM, h.row}, true
		}
	}
	return codeKey{}, false
}

func inConditions(key codeKey) bool {
	_, ok := conditions()[key]
	return ok
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
