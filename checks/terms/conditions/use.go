package conditions

import (
	_ "embed"
	"slices"
	"strings"
	"sync"

	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/checks/terms/data"
	"github.com/rlsguard/rlsguard/checks/terms/phrase"
)

// Use is what a drug is given for, as far as it decides which alternatives fit.
type Use string

// Uses of indications.tsv.
const (
	UseDepression Use = "depression"
	UseAnxiety    Use = "anxiety"
	UsePsychosis  Use = "psychosis"
	UseBipolar    Use = "bipolar"
	UseInsomnia   Use = "insomnia"
	UsePain       Use = "pain"
	UseMigraine   Use = "migraine"
	UseNausea     Use = "nausea"
	UseVertigo    Use = "vertigo"
	UseItch       Use = "itch"
	UseAllergy    Use = "allergy"
	UseChorea     Use = "chorea"
)

// indications are the rows of indications.tsv: code prefixes of a use, and words that name it.
type indications struct {
	codes []useCode // longest first
	words []useWord
}

type (
	useCode struct {
		key codes.Key
		use Use
	}
	useWord struct {
		word string
		use  Use
	}
)

var useTable = sync.OnceValue(func() indications {
	var t indications
	for line := range data.Rows(data.Indications) {
		use := Use(data.Field(line, 0))
		if system := data.Field(line, 1); system != "text" {
			system = codes.Canonical(system)
			t.codes = append(
				t.codes,
				useCode{codes.Key{System: system, Code: codes.Diagnosis(system, data.Field(line, 2))}, use},
			)
			continue
		}
		t.words = append(t.words, useWord{phrase.Key(data.Field(line, 2)), use})
	}
	slices.SortStableFunc(t.codes, func(a, b useCode) int { return len(b.key.Code) - len(a.key.Code) })
	return t
})

// Uses says what a reason means: by its codes (an ICD code includes all below it), else by its
// words. None if the table knows neither.
func Uses(codings []codes.Coding, texts []string) []Use {
	var uses []Use
	add := func(u Use) {
		if !slices.Contains(uses, u) {
			uses = append(uses, u)
		}
	}
	for _, c := range codings {
		if u, ok := useOfCode(c); ok {
			add(u)
		}
	}
	if len(uses) > 0 {
		return uses
	}
	for _, c := range codings {
		texts = append(slices.Clip(texts), c.Display)
	}
	for _, text := range texts {
		key := " " + phrase.Key(text) + " "
		for _, w := range useTable().words {
			if strings.Contains(key, " "+w.word) {
				add(w.use)
			}
		}
	}
	return uses
}

func useOfCode(c codes.Coding) (Use, bool) {
	system := codes.Canonical(c.System)
	if system == "" || c.Code == "" {
		return "", false
	}
	code := codes.Diagnosis(system, c.Code)
	for _, row := range useTable().codes {
		below := codes.IsICD10(system) && codes.IsICD10(row.key.System) && strings.HasPrefix(code, row.key.Code)
		if below || row.key == (codes.Key{System: system, Code: code}) {
			return row.use, true
		}
	}
	return "", false
}
