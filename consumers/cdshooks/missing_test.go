package cdshooks

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/rlsguard/rlsguard/consumers/cdshooks/hook"
)

// allCame is a prefetch of a patient with RLS in which everything came; a value given for a key
// replaces it, "-" leaves it out.
func allCame(changed map[string]string) string {
	given := map[string]string{
		hook.KeyPatient:     adult,
		hook.KeyConditions:  bundle(rlsCondition),
		hook.KeyMedications: bundle(),
		hook.KeyFerritin:    bundle(lab("f1", "2276-4", "200", "ng/mL")),
		hook.KeyTSAT:        bundle(lab("t1", "2502-3", "30", "%")),
	}
	var parts []string
	for key, value := range changed {
		given[key] = value
	}
	for _, key := range hook.PrefetchKeys {
		if given[key] == "" {
			given[key] = "null"
		}
	}
	for key, value := range given {
		if value != "-" {
			parts = append(parts, fmt.Sprintf("%q:%s", key, value))
		}
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func outcome(severity string) string {
	return `{"resourceType":"OperationOutcome","issue":[{"severity":"` + severity + `","code":"processing"}]}`
}

// searchset is a Bundle with further members.
func searchset(members string, resources ...string) string {
	return strings.Replace(bundle(resources...), `"type":"searchset"`, `"type":"searchset",`+members, 1)
}

// A fetch that failed in any way did not come, and a card says which and why.
func TestFailedPrefetch(t *testing.T) {
	draft := bundle(order("d1", "draft", "sertraline 50 mg tablet"))
	for name, c := range map[string]struct{ value, why string }{
		"an error page":          {`"<html>Error</html>"`, "a text"},
		"a number":               {`404`, "a number"},
		"a truth value":          {`false`, "a truth value"},
		"an object":              {`{}`, "without resourceType"},
		"an error page, wrapped": {`{"resource":"<html>Error</html>"}`, "a text"},
		"null, wrapped":          {`{"resource":null}`, "without a resource"},
		"a list, wrapped":        {`{"resource":[]}`, "a list"},
		"a number, wrapped":      {`{"resource":7}`, "a number"},
		"no resource":            {`{"response":{"status":"200 OK"}}`, "without a resource"},
		"404":                    {`{"response":{"status":"404 Not Found"},"resource":null}`, "status 404"},
		"500 beside an empty Bundle": {`{"response":{"status":"HTTP/1.1 500 Oops"},"resource":` + bundle() + `}`,
			"status 500"},
		"a status as number":        {`{"response":{"status":403},"resource":` + bundle() + `}`, "status 403"},
		"an outcome":                {outcome("error"), "OperationOutcome"},
		"an outcome of information": {outcome("information"), "OperationOutcome"},
		"an outcome, wrapped": {`{"response":{"status":"200"},"resource":` + outcome("error") + `}`,
			"OperationOutcome"},
		"an outcome alone in a Bundle": {bundle(outcome("fatal")), "with an error"},
		"one without a severity":       {bundle(`{"resourceType":"OperationOutcome","issue":[]}`), "with an error"},
		"another resource":             {adult, "not a Condition"},
		"a list of error pages":        {`["<html>"]`, "a text"},
	} {
		t.Run(name, func(t *testing.T) {
			cards := newDoor(
				t,
				stored(t),
				nil,
			).cards(
				hook.OrderSign,
				hookCall(hook.OrderSign, draft, allCame(map[string]string{hook.KeyConditions: c.value})),
			)
			notes := notesOf(cards)
			if len(notes) != 1 || notes[0] != "RLS check: incomplete, the request brought no diagnoses" {
				t.Fatalf("notes %q", notes)
			}
			if detail := cards[len(cards)-1].Detail; !strings.Contains(detail, "diagnoses: ") ||
				!strings.Contains(detail, c.why) {
				t.Errorf("detail %q", detail)
			}
		})
	}
}

// What came in part is told, and counts; what came is not doubted for a warning beside it.
func TestPartOfAPrefetch(t *testing.T) {
	draft := bundle(order("d1", "draft", "sertraline 50 mg tablet"))
	next := `"link":[{"relation":"next","url":"https://x"}]`
	five := []string{}
	for i := range hook.NewestResults {
		five = append(five, lab(fmt.Sprint("f", i), "2276-4", "200", "ng/mL"))
	}
	for name, c := range map[string]struct{ key, value, note string }{
		"a total and nothing": {hook.KeyConditions, searchset(`"total":7`), "only a part of diagnoses"},
		"a total above": {hook.KeyConditions, searchset(`"total":7`, rlsCondition),
			"only a part of diagnoses"},
		"a total as text": {hook.KeyConditions, searchset(`"total":"7"`, rlsCondition),
			"only a part of diagnoses"},
		"a next page": {hook.KeyMedications, searchset(next), "only a part of active orders"},
		"an error beside": {hook.KeyConditions, bundle(rlsCondition, outcome("error")),
			"only a part of diagnoses"},
		"a failed entry": {hook.KeyConditions,
			`{"resourceType":"Bundle","type":"batch-response","entry":[{"response":{"status":"500"}},{"resource":` +
				rlsCondition + `}]}`, "only a part of diagnoses"},
		"wrapped": {hook.KeyConditions, `{"resource":` + searchset(`"total":7`, rlsCondition) + `}`,
			"only a part of diagnoses"},
		"results with more":       {hook.KeyFerritin, searchset(next, five[0]), "only a part of ferritin"},
		"as many as are asked":    {hook.KeyFerritin, searchset(next+`,"total":30`, five...), ""},
		"a total that fits":       {hook.KeyConditions, searchset(`"total":1`, rlsCondition), ""},
		"nothing at all":          {hook.KeyMedications, searchset(`"total":0`), ""},
		"null":                    {hook.KeyMedications, "null", ""},
		"a warning":               {hook.KeyConditions, bundle(rlsCondition, outcome("warning")), ""},
		"information and nothing": {hook.KeyMedications, bundle(outcome("information")), ""},
		"one resource":            {hook.KeyConditions, rlsCondition, ""},
		"a list of them":          {hook.KeyConditions, "[" + rlsCondition + "]", ""},
		"a status that is good": {hook.KeyConditions, `{"response":{"status":"200 OK"},"resource":` +
			bundle(rlsCondition) + `}`, ""},
		"what is included beside": {hook.KeyMedications,
			`{"resourceType":"Bundle","type":"searchset","total":1,"entry":[{"search":{"mode":"match"},"resource":` +
				order("o1", "active", "ibuprofen") +
				`},{"search":{"mode":"include"},"resource":{"resourceType":"Medication","id":"m"}}]}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			cards := newDoor(
				t,
				stored(t),
				nil,
			).cards(
				hook.OrderSign,
				hookCall(hook.OrderSign, draft, allCame(map[string]string{c.key: c.value})),
			)
			notes := strings.Join(notesOf(cards), "|")
			if c.note == "" && notes != "" || !strings.HasSuffix(notes, c.note) {
				t.Errorf("notes %q", notes)
			}
			if strings.Contains(c.value, "32914008") && flagged(cards) != "rls-ssri sertraline" {
				t.Errorf("flags %q", flagged(cards))
			}
		})
	}
}

// A client that uses our keys is judged by them.
func TestPrefetchIsJudgedByKey(t *testing.T) {
	draft := bundle(order("d1", "draft", "bupropion 150 mg"))
	creatinine := bundle(lab("k1", "2160-0", "0.9", "mg/dL"))
	four := map[string]string{
		hook.KeyFerritin:   "-",
		hook.KeyTSAT:       "-",
		hook.KeyIron:       "-",
		hook.KeyTIBC:       "-",
		hook.KeyCreatinine: creatinine,
		hook.KeyWeight:     "-",
		hook.KeyStatements: "-",
	}
	for name, c := range map[string]struct{ prefetch, note string }{
		"one result of five": {allCame(four),
			"brought no ferritin, transferrin saturation, iron, iron binding capacity"},
		"the older templates": {allCame(map[string]string{hook.KeyWeight: "-", hook.KeyStatements: "-"}), ""},
		"one of the newer": {allCame(map[string]string{hook.KeyStatements: "-"}),
			"brought no medicines without an order"},
		"the other": {allCame(map[string]string{hook.KeyWeight: "-"}), "brought no body weight"},
		"keys of the client": {`{"item1":` + adult + `,"item2":` + bundle(rlsCondition,
			order("o1", "active", "ibuprofen"), lab("f1", "2276-4", "200", "ng/mL")) + `}`, ""},
		"one of those fails": {strings.Replace(allCame(nil), "{", `{"item <1>":"<html>",`, 1),
			`brought no item \<1\>`},
		"our results elsewhere": {strings.Replace(allCame(four), "{",
			`{"labs":`+bundle(lab("f1", "2276-4", "200", "ng/mL"))+`,`, 1), ""},
	} {
		t.Run(name, func(t *testing.T) {
			notes := strings.Join(
				notesOf(newDoor(t, stored(t), nil).cards(hook.OrderSign, hookCall(hook.OrderSign, draft, c.prefetch))),
				"|",
			)
			if c.note == "" && notes != "" || !strings.Contains(notes, c.note) {
				t.Errorf("notes %q", notes)
			}
		})
	}
}

// What is stored makes up for what was left out, not for a fetch that failed; and without RLS only
// what could bring it on record matters.
func TestWhatMattersOfAPrefetch(t *testing.T) {
	draft := bundle(order("d1", "draft", "bupropion 150 mg"))
	for name, c := range map[string]struct {
		known   []string
		changed map[string]string
		note    string
	}{
		"stored, left out": {[]string{rlsCondition}, map[string]string{hook.KeyMedications: "-"}, ""},
		"stored, a page": {[]string{rlsCondition},
			map[string]string{hook.KeyMedications: searchset(`"total":9`)}, ""},
		"stored, failed": {[]string{rlsCondition},
			map[string]string{hook.KeyMedications: `{"resource":null}`}, "brought no active orders"},
		"stored, diagnoses failed": {[]string{adult}, map[string]string{hook.KeyConditions: `{"resource":null}`},
			"brought no diagnoses"},
		"no RLS, results failed": {nil, map[string]string{hook.KeyConditions: bundle(),
			hook.KeyFerritin: `{"resource":null}`}, ""},
		"no RLS, orders failed": {nil, map[string]string{hook.KeyConditions: bundle(),
			hook.KeyMedications: `{"resource":null}`}, "brought no active orders"},
		"no RLS yet, results too": {nil, map[string]string{hook.KeyConditions: searchset(`"total":7`),
			hook.KeyFerritin: `{"resource":null}`}, "brought no ferritin and only a part of diagnoses"},
	} {
		t.Run(name, func(t *testing.T) {
			notes := strings.Join(
				notesOf(
					newDoor(
						t,
						stored(t, c.known...),
						nil,
					).cards(
						hook.OrderSign,
						hookCall(hook.OrderSign, draft, allCame(c.changed)),
					),
				),
				"|",
			)
			if c.note == "" && notes != "" || !strings.Contains(notes, c.note) {
				t.Errorf("notes %q", notes)
			}
		})
	}
}

// Drafts that did not come are told too: without them nothing is checked.
func TestFailedDrafts(t *testing.T) {
	for _, drafts := range []string{`{"resource":null}`, `"<html>"`, `{}`, `{"response":{"status":"500"},"resource":` +
		bundle() + `}`, bundle(outcome("error")), outcome("error")} {
		notes := notesOf(
			newDoor(t, stored(t), nil).cards(hook.OrderSign, hookCall(hook.OrderSign, drafts, allCame(nil))),
		)
		if len(notes) != 1 || !strings.Contains(notes[0], "1 order could NOT be checked") {
			t.Errorf("%s: notes %q", drafts, notes)
		}
	}
}

// The templates bring what an order is about when it only refers to it.
func TestOrderThatRefersToItsMedication(t *testing.T) {
	medication := `{"resourceType":"Medication","id":"m1","code":{"text":"sertraline 50 mg tablet"}}`
	refers := `{"resourceType":"MedicationRequest","id":"o1","status":"active","intent":"order",` +
		`"subject":{"reference":"Patient/1"},"medicationReference":{"reference":"Medication/m1"}}`
	cards := newDoor(
		t,
		stored(t),
		nil,
	).cards(
		hook.PatientView,
		hookCall(hook.PatientView, "null", allCame(map[string]string{hook.KeyMedications: bundle(refers, medication)})),
	)
	if flagged(cards) != "rls-ssri sertraline" || notesOf(cards) != nil {
		t.Errorf("flags %q, notes %q", flagged(cards), notesOf(cards))
	}
	for key, want := range map[string]string{hook.KeyMedications: "_include=MedicationRequest:medication",
		hook.KeyStatements: "_include=MedicationStatement:medication", hook.KeyWeight: "29463-7"} {
		if !strings.Contains(hook.Prefetch[key], want) {
			t.Errorf("%s asks for %s", key, hook.Prefetch[key])
		}
	}
}

// However much is missing, the summary is whole and short.
func TestIncompleteSummary(t *testing.T) {
	for n := range len(hook.PrefetchKeys) + 1 {
		for split := range n + 1 {
			var words []string
			for _, key := range hook.PrefetchKeys[:n] {
				words = append(words, wordOf(key))
			}
			if n == 0 {
				continue
			}
			text := incompleteWords(words[:split], words[split:])
			if len([]rune(text)) > summaryLimit || strings.Contains(text, "…") {
				t.Errorf("%d characters: %s", len([]rune(text)), text)
			}
		}
	}
	long := json.RawMessage(strings.Repeat("x", 500))
	if w := wordOf(string(long)); len([]rune(w)) > 41 {
		t.Error(w)
	}
}
