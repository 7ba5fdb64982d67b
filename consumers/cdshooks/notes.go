package cdshooks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/ordercheck"
)

// keyWords say what a prefetch key stands for.
var keyWords = map[string]string{
	keyPatient: "birth date (patient)", keyConditions: "diagnoses", keyMedications: "active orders", keyFerritin: "ferritin",
	keyTSAT: "transferrin saturation", keyIron: "iron", keyTIBC: "iron binding capacity", keyCreatinine: "creatinine",
}

func note(indicator, summary, detail string) Card {
	return Card{Summary: shorten(summary, summaryLimit), Detail: detail, Indicator: indicator, Source: Source{Label: "rlsguard"}}
}

// notDone says that nothing was checked, and why.
func notDone(why string) Card {
	return note(warning, "RLS check: could not check: "+why, "Medicines and iron results were **not** checked for restless legs syndrome: "+escape(why)+
		". The absence of other cards says nothing.")
}

// storeState says how what is stored could be read.
type storeState uint8

const (
	storeRead storeState = iota
	storeBehind
	storeFailed
)

// notes say what stood in the way of a full check.
func (m *cardMaker) notes(store storeState) (cards []Card) {
	partly := func(u ordercheck.Unread) bool { return u.Partly }
	whole := func(u ordercheck.Unread) bool { return !u.Partly }
	if left := slices.DeleteFunc(slices.Clone(m.advice.Unread), partly); len(left) > 0 {
		cards = append(cards, unread(left))
	}
	if parts := slices.DeleteFunc(slices.Clone(m.advice.Unread), whole); len(parts) > 0 {
		cards = append(cards, partlyRead(parts))
	}
	if n := len(m.advice.Unrecognised); n > 0 && !m.withoutRLS() {
		cards = append(cards, note(info, fmt.Sprintf("RLS check: the drug of %s is not recognised, nothing was checked for it", count(n, "draft", "drafts")),
			fmt.Sprintf("No table knows the drug of %s: neither by a code of RxNorm or ATC nor by a name. That says nothing about its safety.",
				strings.Join(refWords(m.advice.Unrecognised, nil), ", "))))
	}
	if m.advice.LeftOut != "" {
		cards = append(cards, note(info, "RLS check: older facts of the patient were left out", m.advice.LeftOut+" What they say was **not** looked at."))
	}
	switch store {
	case storeBehind:
		cards = append(cards, note(info, "RLS check: the stored record may be out of date, since events are not coming in at the moment",
			"The connection to the events of this site is disturbed. What came since is **not** looked at, unless it came with the request."))
	case storeFailed:
		cards = append(cards, note(warning, "RLS check: the stored record could not be looked at, only what came with the request was checked",
			"What is stored of the patient is not available at the moment. Diagnoses, orders and results that did not come with the request were **not** looked at."))
	}
	if lacking := m.lacking(); len(lacking) > 0 {
		cards = append(cards, note(info, "RLS check: incomplete, the request brought no "+strings.Join(lacking, ", "),
			"Not in the request, and nothing is stored of this patient: "+strings.Join(lacking, ", ")+". What they say was **not** looked at; the absence of other cards does not tell that all is well."))
	}
	if known := hooks(); !slices.Contains(known, m.request.hook) {
		cards = append(cards, note(info, "RLS check: this hook is not one of "+strings.Join(known, ", ")+"; it was checked as far as it could be read",
			"The request was read like one of "+strings.Join(known, ", ")+". Orders that it holds elsewhere were not looked at."))
	}
	return cards
}

func hooks() []string { return []string{OrderSelect, OrderSign, PatientView} }

// withoutRLS tells that the diagnoses are known and RLS is not among them: then no drug and no result would be flagged.
func (m *cardMaker) withoutRLS() bool {
	return m.advice.RLS == checks.RLSNone && !m.everyone && (m.advice.Stored || !slices.Contains(m.request.lacking, keyConditions))
}

// lacking are the data that are known from nowhere. Without RLS only what could bring it on record matters.
func (m *cardMaker) lacking() []string {
	if m.advice.Stored {
		return nil
	}
	var words []string
	for _, key := range m.request.lacking {
		if !m.withoutRLS() || key == keyMedications {
			words = append(words, keyWords[key])
		}
	}
	for _, key := range m.request.partial {
		words = append(words, "further pages of "+escape(key))
	}
	return words
}

// unread tells what of the request was left out.
func unread(left []ordercheck.Unread) Card {
	drafts := 0
	for _, u := range left {
		if u.Draft {
			drafts++
		}
	}
	summary := fmt.Sprintf("RLS check: %s of the request could not be read", count(len(left), "resource", "resources"))
	if drafts > 0 {
		summary = fmt.Sprintf("RLS check: %s could NOT be checked: unreadable, or about another patient", count(drafts, "order", "orders"))
	}
	return note(warning, summary, "Left out, and so **not** checked (FHIR R4 is read):\n\n"+unreadLines(left))
}

// partlyRead tells what of the request was there and could not be read, beside what was checked.
func partlyRead(parts []ordercheck.Unread) Card {
	return note(info, fmt.Sprintf("RLS check: %s of the request could not be read, the rest was checked", count(len(parts), "part", "parts")),
		"What cannot be read counts as unknown and clears nothing:\n\n"+unreadLines(parts))
}

// unreadLines are a list of what could not be read.
func unreadLines(all []ordercheck.Unread) string {
	var lines []string
	for _, u := range all[:min(len(all), maxLines)] {
		what := u.Type
		if what == "" {
			what = "A part"
		}
		line := fmt.Sprintf("- %s at `%s`: %s", escape(what), codeSpan(u.Pointer), u.Reason)
		if u.Detail != "" {
			line += ", " + escape(u.Detail)
		}
		lines = append(lines, line)
	}
	if rest := len(all) - len(lines); rest > 0 {
		lines = append(lines, fmt.Sprintf("- and %d more", rest))
	}
	return strings.Join(lines, "\n")
}

// maxLines of a list in a card.
const maxLines = 20

// codeSpan takes out what would end a code span, or run on.
func codeSpan(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '`' || r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s)
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
