package cdshooks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/cdshooks/hook"
	"github.com/rlsguard/rlsguard/consumers/ordercheck"
)

// keyWords say what a prefetch key stands for.
var keyWords = map[string]string{
	hook.KeyPatient: "birth date (patient)", hook.KeyConditions: "diagnoses", hook.KeyMedications: "active orders",
	hook.KeyFerritin: "ferritin",
	hook.KeyTSAT:     "transferrin saturation", hook.KeyIron: "iron", hook.KeyTIBC: "iron binding capacity",
	hook.KeyCreatinine: "creatinine",
	hook.KeyWeight:     "body weight", hook.KeyStatements: "medicines without an order",
}

// wordOf says what a prefetch key stands for; one that is not ours is named as it is, so far as it
// is short.
func wordOf(key string) string {
	if w := keyWords[key]; w != "" {
		return w
	}
	if runes := []rune(key); len(runes) > 40 {
		key = string(runes[:40]) + "…"
	}
	return escape(key)
}

func note(indicator, summary, detail string) Card {
	return Card{Summary: short(summary), Detail: detail, Indicator: indicator, Source: Source{Label: "rlsguard"}}
}

// notDone says that nothing was checked, and why.
func notDone(why string) Card {
	return note(
		warning,
		"RLS check: could not check: "+why,
		"Medicines and iron results were **not** checked for restless legs syndrome: "+escape(why)+
			". The absence of other cards says nothing.",
	)
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
		cards = append(
			cards,
			note(
				info,
				fmt.Sprintf(
					"RLS check: the drug of %s is not recognised, nothing was checked for it",
					count(n, "draft", "drafts"),
				),
				fmt.Sprintf(
					"No table knows the drug of %s: neither by a code of RxNorm or ATC nor by a name. That says "+
						"nothing about its safety.",
					strings.Join(refWords(m.advice.Unrecognised, nil), ", "),
				),
			),
		)
	}
	if m.advice.LeftOut != "" {
		cards = append(
			cards,
			note(
				info,
				"RLS check: older facts of the patient were left out",
				m.advice.LeftOut+" What they say was **not** looked at.",
			),
		)
	}
	switch store {
	case storeBehind:
		cards = append(
			cards,
			note(
				info,
				"RLS check: the stored record may be out of date, since events are not coming in at the moment",
				"The connection to the events of this site is disturbed. What came since is **not** looked at, "+
					"unless it came with the request.",
			),
		)
	case storeFailed:
		cards = append(
			cards,
			note(
				warning,
				"RLS check: the stored record could not be looked at, only what came with the request was checked",
				"What is stored of the patient is not available at the moment. Diagnoses, orders and results that "+
					"did not come with the request were **not** looked at.",
			),
		)
	}
	if card, ok := m.incomplete(); ok {
		cards = append(cards, card)
	}
	if known := hooks(); !slices.Contains(known, m.request.Hook) {
		cards = append(
			cards,
			note(
				info,
				"RLS check: this hook is not one of "+strings.Join(
					known,
					", ",
				)+"; it was checked as far as it could be read",
				"The request was read like one of "+strings.Join(
					known,
					", ",
				)+". Orders that it holds elsewhere were not looked at.",
			),
		)
	}
	return cards
}

func hooks() []string { return []string{hook.OrderSelect, hook.OrderSign, hook.PatientView} }

// withoutRLS tells that the diagnoses are known and RLS is not among them: then no drug and no
// result would be flagged.
func (m *cardMaker) withoutRLS() bool {
	came := !slices.Contains(m.request.Lacking, hook.KeyConditions) &&
		!slices.Contains(m.request.Partial, hook.KeyConditions)
	return m.advice.RLS == checks.RLSNone && !m.everyone &&
		(came || m.advice.Stored && len(m.request.Faults[hook.KeyConditions]) == 0)
}

// matters tells whether what is missing under a key could change what is flagged. Without RLS only
// what could bring it on record does. What is stored of the patient makes up for what was left out,
// and for pages that were not fetched, but not in silence for a fetch that failed.
func (m *cardMaker) matters(key string) bool {
	if m.advice.Stored && len(m.request.Faults[key]) == 0 {
		return false
	}
	return !m.withoutRLS() || key == hook.KeyMedications || keyWords[key] == ""
}

// incomplete says what the prefetch did not bring, where that is known from nowhere else.
func (m *cardMaker) incomplete() (Card, bool) {
	var no, part, lines []string
	tell := func(key, why string, words *[]string) {
		if !m.matters(key) {
			return
		}
		*words = append(*words, wordOf(key))
		if faults := m.request.Faults[key]; len(faults) > 0 {
			why = strings.Join(faults, "; ")
		}
		if len(lines) < maxLines {
			lines = append(lines, fmt.Sprintf("- %s: %s", wordOf(key), why))
		}
	}
	for _, key := range m.request.Lacking {
		tell(key, "did not come", &no)
	}
	for _, key := range m.request.Partial {
		tell(key, "there is more than came", &part)
	}
	if len(lines) == 0 {
		return Card{}, false
	}
	known := "nothing is stored of this patient"
	if m.advice.Stored {
		known = "only what is stored of this patient was looked at instead"
	}
	return note(info, incompleteWords(no, part), "Not in the request, and "+known+":\n\n"+strings.Join(lines, "\n")+
		"\n\nWhat they say was **not** looked at; the absence of other cards does not tell that all is well."), true
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
		summary = fmt.Sprintf(
			"RLS check: %s could NOT be checked: unreadable, or about another patient",
			count(drafts, "order", "orders"),
		)
	}
	return note(warning, summary, "Left out, and so **not** checked (FHIR R4 is read):\n\n"+unreadLines(left))
}

// partlyRead tells what of the request was there and could not be read, beside what was checked.
func partlyRead(parts []ordercheck.Unread) Card {
	return note(
		info,
		fmt.Sprintf(
			"RLS check: %s of the request could not be read, the rest was checked",
			count(len(parts), "part", "parts"),
		),
		"What cannot be read counts as unknown and clears nothing:\n\n"+unreadLines(parts),
	)
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

// incompleteWords says what did not come, in fewer than 140 characters.
func incompleteWords(no, part []string) string {
	for n := max(len(no), len(part)); ; n-- {
		var words []string
		if len(no) > 0 {
			words = append(words, "no "+listed(no, n))
		}
		if len(part) > 0 {
			words = append(words, "only a part of "+listed(part, n))
		}
		text := "RLS check: incomplete, the request brought " + strings.Join(words, " and ")
		if n <= 1 || len([]rune(text)) <= summaryLimit {
			return text
		}
	}
}

// listed are the first n words, and how many more there are.
func listed(words []string, n int) string {
	if len(words) <= n {
		return strings.Join(words, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(words[:n], ", "), len(words)-n)
}
