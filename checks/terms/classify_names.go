package terms

import (
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/checks/terms/data"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
	"github.com/rlsguard/rlsguard/checks/terms/forms"
	"github.com/rlsguard/rlsguard/checks/terms/names"
	"github.com/rlsguard/rlsguard/checks/terms/phrase"
	"github.com/rlsguard/rlsguard/checks/terms/strength"
)

// classifyNames identifies drugs from the names of a medication: its text and the displays of its
// codings.
func (t *Terms) classifyNames(m *Match, codings []codes.Coding, names []string) {
	seen := make([]string, 0, len(names)+len(codings))
	absent := absentDisplays(codings)
	add := func(name string) {
		if name == "" || slices.Contains(seen, name) || slices.Contains(absent, name) {
			return
		}
		seen = append(seen, name)
		t.classifyName(m, name)
	}
	for _, name := range names {
		add(name)
	}
	for _, c := range codings {
		add(c.Display)
	}
	settleDoubts(m)
	settleIron(m)
}

// absentDisplays are displays that only say that there is no code.
func absentDisplays(codings []codes.Coding) []string {
	var displays []string
	for _, c := range codings {
		if codes.IsAbsence(codes.Canonical(c.System)) && c.Display != "" {
			displays = append(displays, c.Display)
		}
	}
	return displays
}

func (t *Terms) classifyName(m *Match, name string) {
	p := phrase.Of(name)
	found := mentions(p)
	if len(found) == 0 && !isName(p) {
		return
	}
	m.Identified = true
	if len(found) == 0 || homeopathic(p, found) {
		return
	}
	if m.By == MatchedNone {
		m.By, m.Table, m.Matched = matchedName, found[0].entry.Table, found[0].entry.Key
	}
	if m.Systemic == drugs.SystemicUnknown {
		form := forms.Of(p)
		m.Systemic, m.RouteGroup = t.nameSystemic(form, found), form.Route
		if m.Systemic == drugs.SystemicNo && !form.Strong && strength.TellsDose(p) {
			m.Systemic, m.RouteGroup = t.nameSystemic(forms.Word{}, found), ""
		}
	}
	for i := range found {
		t.addMention(m, p, found, i)
	}
}

// addMention adds the drugs of one mention. A doubtful name gives way to a certain one.
func (t *Terms) addMention(m *Match, p *phrase.Phrase, all []mention, i int) {
	entry := all[i].entry
	doubt, unsure := entry.Doubts(t.region, p)
	if doubt != "" && explains(p, all[i]) {
		return
	}
	named := entry.Drugs()
	milligrams, perML, released, hours := "", false, "", ""
	if len(named) == 1 {
		milligrams, perML = strengthOf(p, all, i)
		if milligrams == "" && len(all) == 1 {
			released, hours = strength.PatchRelease(p)
		}
	}
	for _, drug := range named {
		at := slices.IndexFunc(m.Found, func(f Found) bool { return f.Ingredient == drug })
		if at < 0 {
			m.Found = append(
				m.Found,
				Found{
					Ingredient: drug,
					Doubt:      doubt,
					Unsure:     unsure,
					Strength:   milligrams,
					PerML:      perML,
					Released:   released,
					Hours:      hours,
				},
			)
			continue
		}
		f := &m.Found[at]
		if doubt == "" {
			f.Doubt = ""
		}
		if doubt == "" && unsure == "" {
			f.Unsure = ""
		}
		if f.Strength == "" {
			f.Strength, f.PerML, f.Released, f.Hours = milligrams, perML, released, hours
		}
	}
}

// settleDoubts drops the drugs of a doubtful brand if the medication also names a drug for certain
// ("Sominex (diphenhydramine)"); an unsure one gives way only to a drug of its class.
func settleDoubts(m *Match) {
	if slices.ContainsFunc(m.Found, func(f Found) bool { return f.Doubt == "" }) {
		m.Found = slices.DeleteFunc(m.Found, func(f Found) bool { return f.Doubt != "" })
	}
	certain := slices.Clone(m.Found)
	certain = slices.DeleteFunc(certain, func(f Found) bool { return f.Unsure != "" })
	m.Found = slices.DeleteFunc(m.Found, func(f Found) bool {
		return f.Unsure != "" && slices.ContainsFunc(certain, func(c Found) bool { return c.Class == f.Class })
	})
}

// settleIron drops the element if its salt is named too: "ferrous sulfate 325 mg (65 mg iron)" is
// one drug.
func settleIron(m *Match) {
	isIron := func(f Found) bool { return f.Class == drugs.IronOral || f.Class == drugs.IronIV }
	element := func(f Found) bool { return f.Name == "iron" }
	if slices.ContainsFunc(m.Found, func(f Found) bool { return isIron(f) && !element(f) }) {
		m.Found = slices.DeleteFunc(m.Found, element)
	}
}

// nameSystemic reports where the drug acts by the words of its form. In the nose, the class
// decides.
func (t *Terms) nameSystemic(form forms.Word, found []mention) drugs.Systemic {
	if len(found) == 1 && form.Systemic == drugs.SystemicUnknown {
		return found[0].entry.Acts()
	}
	switch form.Systemic {
	case drugs.SystemicDepends:
		return nasalOf(found)
	case drugs.SystemicNo:
		if named := found[0].entry.Drugs(); len(named) == 1 && named[0].Name == names.Doxepin &&
			form.Route == "topical" {
			return drugs.SystemicLowAbsorbed
		}
	}
	return form.Systemic
}

func nasalOf(found []mention) drugs.Systemic {
	answer := drugs.SystemicUnknown
	for i := range found {
		for _, drug := range found[i].entry.Drugs() {
			switch nasal := drug.Nasal(); {
			case answer == drugs.SystemicUnknown:
				answer = nasal
			case answer != nasal:
				return drugs.SystemicDepends
			}
		}
	}
	return answer
}

var placeholders = sync.OnceValue(func() map[string]bool {
	set := make(map[string]bool, 512)
	for line := range data.Rows(data.Placeholders) {
		set[phrase.Key(line)] = true
	}
	return set
})

// fillers are words that name no drug, alone or together: those of the placeholders, names of code
// systems, and words written around them ("Medication not listed", "NDC 00049-4900-66", "see
// pharmacy note").
var fillers = sync.OnceValue(func() map[string]bool {
	set := phrase.Words(
		`ndc rxnorm rxcui cui pzn atc snomed sct sctid loinc icd gtin ean upc dmd amp vmp ampp vmpp din cip ucd hcpcs cpt gpi
		gsn id ids identifier number numbers nr num no nos sku barcode listed list available unavailable provided given entered recorded
		found note notes comment comments instruction instructions see refer pharmacy pharmacist prescriber provider doctor physician chart
		record records external outside imported import historical legacy converted migrated transferred generic brand known redacted
		removed deleted hidden specified pending the an is was of by for from in on at and or to with per as above below attached
		attachment document documents discharge admission any current active new old manual manually dispensed supply items line type
		class category route form strength dose dosage daily local internal system value term description label entry`,
	)
	for key := range placeholders() {
		for word := range strings.FieldsSeq(key) {
			set[word] = true
		}
	}
	return set
})

// isName reports whether a text names anything: not a placeholder ("see comments"), not just a
// code, and more than numbers, units, dose forms and fillers, in a script in which the tables have
// names.
func isName(p *phrase.Phrase) bool {
	if placeholders()[p.Key] || isCode(p) {
		return false
	}
	kana := hasKana(p.Raw)
	for i := 0; i < len(p.Tokens); {
		if _, n := forms.At(p, i); n > 0 {
			i += n
			continue
		}
		if word := p.Word(i); len(word) > 1 && !phrase.IsDigit(word[0]) && !measures[word] && !fillers()[word] &&
			hasNames(word, kana) {
			return true
		}
		i++
	}
	return false
}

// isCode reports whether a text is one code: an ATC code, or letters and at least four digits
// without a blank ("RX312941").
func isCode(p *phrase.Phrase) bool {
	raw := strings.TrimSpace(p.Raw)
	if raw == "" || strings.ContainsFunc(raw, unicode.IsSpace) {
		return false
	}
	digits := 0
	for i := range len(raw) {
		if raw[i] >= 0x80 {
			return false
		}
		if phrase.IsDigit(raw[i]) {
			digits++
		}
	}
	return digits >= 4 || len(raw) == 7 && wellFormedATC(codes.Upper(raw))
}

// hasKana reports whether a text is Japanese; drug names in Chinese characters alone may be another
// country's.
func hasKana(text string) bool {
	return strings.ContainsFunc(
		text,
		func(r rune) bool { return r >= 0x3041 && r <= 0x30FE || r >= 0xFF66 && r <= 0xFF9F },
	)
}

// hasNames reports whether the tables have names in the script of a word: Latin, and Japanese.
func hasNames(word string, kana bool) bool {
	r, _ := utf8.DecodeRuneInString(word)
	switch {
	case r < utf8.RuneSelf || unicode.Is(unicode.Latin, r):
		return true
	case phrase.ScriptOf(r) == phrase.ScriptKana || phrase.ScriptOf(r) == phrase.ScriptHan:
		return kana
	}
	return false
}

// measures are words for amounts, which name nothing.
var measures = phrase.Words(
	"mg mcg ug g kg ml l dl mmol mol meq iu ie ui units unit unt st stk stuck pcs pc x of per daily times day qd bid " +
		"tid qid",
)
