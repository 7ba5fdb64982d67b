package cdshooks

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/cdshooks/hook"
	"github.com/rlsguard/rlsguard/consumers/ordercheck"
)

func TestDiscovery(t *testing.T) {
	d := newDoor(t, stored(t), nil)
	status, header, data := d.send(http.MethodGet, "/cds-services", "")
	if status != http.StatusOK || header.Get("Content-Type") != "application/json" {
		t.Errorf("status %d, %s", status, header.Get("Content-Type"))
	}
	var v map[string]any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	if fault := of(discoveryRules)(v); fault != "" {
		t.Error(fault)
	}
	var found struct{ Services []hook.Service }
	if err := json.Unmarshal(data, &found); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range found.Services {
		got = append(got, s.Hook)
		for _, key := range hook.PrefetchKeys {
			if !strings.Contains(s.Prefetch[key], "{{context.patientId}}") {
				t.Errorf("%s: prefetch %s is %q", s.Hook, key, s.Prefetch[key])
			}
		}
		if !strings.Contains(s.UsageRequirements, "OPEN DEVELOPMENT MODE") {
			t.Errorf("an open door says %q", s.UsageRequirements)
		}
	}
	if diff := cmp.Diff([]string{"order-select", "order-sign", "patient-view"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestPregabalinCards(t *testing.T) {
	tsat := lab("t1", "2502-3", "30", "%")
	draft := bundle(order("d1", "draft", "pregabalin 75 mg"))
	for name, test := range map[string]struct{ ferritin, flags, creates string }{
		"no ferritin":  {"", "iron-labs-missing", "2276-4 2498-4 2500-7"},
		"ferritin 75":  {lab("f1", "2276-4", "75", "ng/mL"), "iron-low", ""},
		"ferritin 200": {lab("f1", "2276-4", "200", "ng/mL"), "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			known := []string{adult, rlsCondition, tsat}
			given := map[string]string{
				hook.KeyPatient:    adult,
				hook.KeyConditions: bundle(rlsCondition),
				hook.KeyTSAT:       bundle(tsat),
			}
			if test.ferritin != "" {
				known = append(known, test.ferritin)
				given[hook.KeyFerritin] = bundle(test.ferritin)
			}
			for from, cards := range map[string][]Card{
				"stored": newDoor(t, stored(t, bundle(known...)), nil).cards(hook.OrderSign,
					hookCall(hook.OrderSign, draft, "{}")),
				"prefetched": newDoor(t, stored(t), nil).cards(hook.OrderSelect, hookCall(hook.OrderSelect, draft,
					fullPrefetch(given))),
			} {
				if got := flagged(cards); got != test.flags {
					t.Errorf("%s: flags %q, want %q", from, got, test.flags)
				}
				if notes := notesOf(cards); notes != nil {
					t.Errorf("%s: notes %q", from, notes)
				}
				if got := creates(cards); got != test.creates {
					t.Errorf("%s: to order %q, want %q", from, got, test.creates)
				}
			}
		})
	}
}

// creates are the codes of the tests that cards suggest to order.
func creates(cards []Card) string {
	var codes []string
	for _, c := range cards {
		for _, s := range c.Suggestions {
			for _, a := range s.Actions {
				if a.Type == "create" {
					code := a.Resource["code"].(map[string]any)["coding"].([]any)[0].(map[string]any)
					codes = append(codes, code["code"].(string))
				}
			}
		}
	}
	return strings.Join(codes, " ")
}

func TestCards(t *testing.T) {
	iron := []string{lab("t1", "2502-3", "30", "%"), lab("f1", "2276-4", "200", "ng/mL")}
	d := newDoor(
		t,
		stored(
			t,
			bundle(
				append(
					[]string{
						adult,
						rlsCondition,
						order("o1", "active", "oxycodone"),
						order("o2", "active", "loratadine"),
					},
					iron...)...),
		),
		nil,
	)
	cards := d.cards(
		hook.OrderSign,
		hookCall(hook.OrderSign, bundle(order("d1", "draft", "sertraline"), order("d2", "draft", "gabapentin")), "{}"),
	)
	// What the drafts bring comes first, the most severe first.
	if got := flagged(cards); got != "gabapentinoid-respiratory-depression gabapentin, rls-ssri sertraline, "+
		"rls-antihistamine loratadine" {
		t.Fatalf("flags %q", got)
	}
	pair, ssri, old := cards[0], cards[1], cards[2]
	for card, want := range map[*Card]string{&pair: critical, &ssri: warning, &old: info} {
		if card.Indicator != want {
			t.Errorf("%s: indicator %s, want %s", card.Summary, card.Indicator, want)
		}
	}
	if got := removes(ssri); got != "MedicationRequest/d1" {
		t.Errorf("sertraline: removes %q", got)
	}
	if got := removes(pair); got != "MedicationRequest/d2" {
		t.Errorf("pair: removes %q", got)
	}
	if len(old.Suggestions) > 0 {
		t.Errorf("suggestions for what is not being ordered: %v", old.Suggestions)
	}
	for _, want := range []string{"**What to do.**", "**Alternatives**", "MedicationRequest/d1 (draft)", "Condition/c1",
		"https://doi.org/10.5664/jcsm.11390", "review pending"} {
		if !strings.Contains(ssri.Detail, want) {
			t.Errorf("the detail lacks %q:\n%s", want, ssri.Detail)
		}
	}
	if !strings.Contains(old.Detail, "flagged before") || strings.Contains(ssri.Detail, "flagged before") {
		t.Error("new and old flags are not told apart")
	}
	if len(ssri.OverrideReasons) != len(ordercheck.DefaultReasons) || len(ssri.Links) == 0 || ssri.Source.URL == "" ||
		ssri.Source.Topic.Code != "rls-ssri" {
		t.Errorf("card %+v", ssri)
	}
	again := d.cards(hook.PatientView, hookCall(hook.PatientView, "null", "{}"))
	if got := flagged(again); got != "rls-antihistamine loratadine" {
		t.Errorf("patient-view: %q", got)
	}
	if again[0].UUID != old.UUID {
		t.Error("the same flag has two cards")
	}
}

func removes(c Card) string {
	var ids []string
	for _, s := range c.Suggestions {
		for _, a := range s.Actions {
			if a.Type == "delete" {
				ids = append(ids, a.ResourceID)
			}
		}
	}
	return strings.Join(ids, " ")
}

func TestWhatClientsLeaveOut(t *testing.T) {
	noSubject := strings.Replace(order("d1", "draft", "mirtazapine"), `"subject":{"reference":"Patient/1"},`, "", 1)
	noID := strings.Replace(order("d1", "draft", "mirtazapine"), `"id":"d1",`, "", 1)
	for name, drafts := range map[string]string{
		"subject of a draft": bundle(noSubject),
		"type of a Bundle": `{"resourceType":"Bundle","entry":[{"resource":` + order("d1", "draft", "mirtazapine") +
			`}]}`,
		"entry": `{"resourceType":"Bundle","entry":[` + order("d1", "draft", "mirtazapine") + `]}`,
		"entry, typed": `{"resourceType":"Bundle","type":"collection","entry":[` + order("d1", "draft", "mirtazapine") +
			`]}`,
		"Bundle":  `[` + order("d1", "draft", "mirtazapine") + `]`,
		"wrapped": `{"response":{"status":"200 OK"},"resource":` + bundle(order("d1", "draft", "mirtazapine")) + `}`,
		"id":      bundle(noID),
		"status":  bundle(strings.Replace(order("d1", "draft", "mirtazapine"), `"status":"draft",`, "", 1)),
	} {
		t.Run(name, func(t *testing.T) {
			cards := newDoor(
				t,
				stored(t, rlsCondition),
				nil,
			).cards(
				hook.OrderSign,
				hookCall(hook.OrderSign, drafts, "{}"),
			)
			if got := flagged(cards); !strings.HasPrefix(got, "rls-tetracyclic mirtazapine") || notesOf(cards) != nil {
				t.Errorf("flags %q, notes %q", got, notesOf(cards))
			}
			if want := "MedicationRequest/d1"; name != "id" && removes(cards[0]) != want ||
				name == "id" && removes(cards[0]) != "" {
				t.Errorf("removes %q", removes(cards[0]))
			}
		})
	}
}

// A client may call its drafts by their old name, or write the patient's id as a number.
func TestOlderClients(t *testing.T) {
	d := newDoor(t, stored(t, rlsCondition), nil)
	for _, name := range []string{"medications", "orders"} {
		body := `{"hook":"order-sign","patient":"1","context":{"` + name + `":` + bundle(
			order("d1", "draft", "mirtazapine"),
		) + `}}`
		if got := flagged(d.cards(hook.OrderSign, body)); !strings.HasPrefix(got, "rls-tetracyclic mirtazapine") {
			t.Errorf("%s: flags %q", name, got)
		}
	}
	body := strings.Replace(
		hookCall(hook.OrderSign, bundle(order("d1", "draft", "mirtazapine")), "{}"),
		`"patientId":"1"`,
		`"patientId":1`,
		1,
	)
	if got := flagged(d.cards(hook.OrderSign, body)); !strings.HasPrefix(got, "rls-tetracyclic mirtazapine") {
		t.Errorf("a number: flags %q", got)
	}
}

func TestSelections(t *testing.T) {
	d := newDoor(
		t,
		stored(t, bundle(adult, rlsCondition, lab("t1", "2502-3", "30", "%"), lab("f1", "2276-4", "200", "ng/mL"))),
		nil,
	)
	drafts := bundle(order("d1", "draft", "sertraline"), order("d2", "draft", "mirtazapine"))
	for selections, want := range map[string]string{
		`["MedicationRequest/d2"]`: "rls-tetracyclic mirtazapine",
		`["d2"]`:                   "rls-tetracyclic mirtazapine",
		`["NutritionOrder/x"]`:     "rls-ssri sertraline, rls-tetracyclic mirtazapine",
		`null`:                     "rls-ssri sertraline, rls-tetracyclic mirtazapine",
	} {
		body := strings.Replace(
			hookCall(hook.OrderSelect, drafts, "{}"),
			`"patientId"`,
			`"selections":`+selections+`,"patientId"`,
			1,
		)
		var because []string
		for _, c := range d.cards(hook.OrderSelect, body) {
			if f := flagOf(c); f["because"] == true {
				because = append(because, f["check"].(string)+" "+f["ingredient"].(string))
			}
		}
		if got := strings.Join(because, ", "); got != want {
			t.Errorf("selections %s: because of the drafts %q, want %q", selections, got, want)
		}
	}
}

// Tests that are being ordered already are not suggested again.
func TestTestsAmongTheDrafts(t *testing.T) {
	ferritin := `{"resourceType":"ServiceRequest","id":"s1","status":"draft","intent":"order",` +
		`"subject":{"reference":"Patient/1"},"code":{"coding":[{"system":"http://loinc.org","code":"2276-4"}]}}`
	d := newDoor(t, stored(t, rlsCondition), nil)
	if got := creates(d.cards(hook.OrderSign, hookCall(hook.OrderSign, bundle(order("d1", "draft", "gabapentin"),
		ferritin), "{}"))); got != "2498-4 2500-7" {
		t.Errorf("to order %q", got)
	}
}

func TestNotes(t *testing.T) {
	draft := bundle(order("d1", "draft", "bupropion 150 mg"))
	for name, test := range map[string]struct {
		body string
		says []string
	}{
		"nothing but the draft": {hookCall(hook.OrderSign, draft, "{}"),
			[]string{"brought no birth date (patient), diagnoses, active orders, ferritin"}},
		"no results": {hookCall(hook.OrderSign, draft, `{"patient":`+adult+`,"conditions":`+bundle(rlsCondition)+
			`,"medications":null}`), []string{"brought no ferritin, transferrin saturation, iron"}},
		"no RLS": {hookCall(hook.OrderSign, bundle(order("d1", "draft", "unheard-of 10 mg")),
			`{"conditions":`+bundle()+`,"medications":null}`), nil},
		"orders unknown": {hookCall(hook.OrderSign, draft, `{"conditions":`+bundle()+`}`),
			[]string{"brought no active orders"}},
		"other keys": {hookCall(hook.OrderSign, draft, `{"item1":`+adult+`,"item2":`+bundle(rlsCondition,
			order("o1", "active", "ibuprofen"), lab("f1", "2276-4", "200", "ng/mL"))+`}`), nil},
		"failed": {hookCall(hook.OrderSign, draft, strings.Replace(fullPrefetch(nil), `"conditions":null`,
			`"conditions":{"resourceType":"OperationOutcome","issue":[]}`, 1)), []string{"brought no diagnoses"}},
		"first page": {hookCall(hook.OrderSign, draft, strings.Replace(fullPrefetch(nil), `"conditions":null`,
			`"conditions":{"resourceType":"Bundle","type":"searchset","link":[{"relation":"next","url":"http://x"}]}`,
			1)), []string{"brought only a part of diagnoses"}},
		"STU3 diagnosis": {hookCall(hook.OrderSign, draft,
			fullPrefetch(map[string]string{hook.KeyConditions: bundle(`{"resourceType":"Condition","id":"x",` +
				`"clinicalStatus":"active","subject":{"reference":"Patient/1"}}`)})),
			[]string{"1 resource of the request could not be read"}},
		"R5 draft": {hookCall(hook.OrderSign, bundle(`{"resourceType":"MedicationRequest","id":"x","status":"draft",`+
			`"intent":"order","subject":{"reference":"Patient/1"},"medication":{"concept":{"text":"x"}}}`),
			fullPrefetch(nil)),
			[]string{"1 order could NOT be checked"}},
		"draft of another patient": {hookCall(hook.OrderSign, bundle(strings.Replace(order("d1", "draft", "sertraline"),
			"Patient/1", "Patient/2", 1)), fullPrefetch(nil)), []string{"1 order could NOT be checked"}},
		"unknown drug": {hookCall(hook.OrderSign, bundle(order("d1", "draft", "unheard-of 10 mg")),
			fullPrefetch(map[string]string{hook.KeyConditions: bundle(rlsCondition)})),
			[]string{"the drug of 1 draft is not recognised"}},
		"other hook": {hookCall("medication-prescribe", draft, fullPrefetch(nil)),
			[]string{"this hook is not one of"}},
		"no context": {`{"hook":"order-sign"}`, []string{"could not check: the request has no context"}},
		"no patient": {`{"hook":"order-sign","context":{"userId":"x"}}`,
			[]string{"could not check: the request names no patient"}},
		"bad patient": {`{"hook":"order-sign","context":{"patientId":"a b"}}`,
			[]string{"could not check: the request names no patient"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := notesOf(newDoor(t, stored(t), nil).cards(hook.OrderSign, test.body))
			if len(got) != len(test.says) {
				t.Fatalf("notes %q", got)
			}
			for i, want := range test.says {
				if !strings.Contains(got[i], want) {
					t.Errorf("note %q, want %q", got[i], want)
				}
			}
		})
	}
	// Either alone is enough: what is stored makes up for what did not come.
	if notes := notesOf(newDoor(t, stored(t, rlsCondition), nil).cards(hook.OrderSign, hookCall(hook.OrderSign, draft,
		"{}"))); notes != nil {
		t.Errorf("notes %q", notes)
	}
}

// What could not be read of a draft or a fact is told with its place, beside the cards of what
// could.
func TestCardOfWhatWasReadInPart(t *testing.T) {
	const secret = "Zebrowski"
	draft := strings.Replace(order("d1", "draft", "sertraline"), `"intent":"order"`, `"intent":"`+secret+`"`, 1)
	result := strings.Replace(lab("f1", "2276-4", "200", "ng/mL"), `"value":200`, `"value":"`+secret+`"`, 1)
	cards := newDoor(t, stored(t), nil).cards(hook.OrderSign, hookCall(hook.OrderSign, bundle(draft),
		fullPrefetch(map[string]string{hook.KeyConditions: bundle(rlsCondition), hook.KeyFerritin: bundle(result)})))
	notes := notesOf(cards)
	if len(notes) != 1 ||
		!strings.Contains(notes[0], "2 parts of the request could not be read, the rest was checked") {
		t.Fatalf("notes %q", notes)
	}
	said, flags := "", 0
	for _, c := range cards {
		said += c.Summary + c.Detail
		if flagOf(c)["check"] == "rls-ssri" {
			flags++
		}
	}
	for _, want := range []string{"`/context/draftOrders/entry/0/resource/intent`",
		"`/prefetch/ferritin/entry/0/resource/valueQuantity/value`"} {
		if !strings.Contains(said, want) {
			t.Errorf("no card names %s: %s", want, said)
		}
	}
	if flags != 1 || strings.Contains(said, secret) {
		t.Errorf("%d flags of the draft, in %s", flags, said)
	}
}

// A card tells what was left out of the stored record.
func TestNoteOfACut(t *testing.T) {
	var many []string
	for i := range checks.DefaultSettings().Facts.Results + 1 {
		many = append(many, lab(fmt.Sprint("w", i), "29463-7", "70", "kg"))
	}
	notes := notesOf(
		newDoor(
			t,
			stored(t, bundle(append(many, rlsCondition)...)),
			nil,
		).cards(
			hook.OrderSign,
			hookCall(hook.OrderSign, bundle(order("d1", "draft", "bupropion 150 mg")), "{}"),
		),
	)
	if len(notes) != 1 || !strings.Contains(notes[0], "older facts of the patient were left out") {
		t.Errorf("notes %q", notes)
	}
}

// Every public request gets a valid answer. None of them is about one of our drugs in a patient
// with RLS.
func TestSamples(t *testing.T) {
	root := os.Getenv("RLSGUARD_CORPUS")
	if root == "" {
		t.Skip("RLSGUARD_CORPUS is not set")
	}
	files, err := filepath.Glob(filepath.Join(root, "cds-hooks", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatal("no samples", err)
	}
	d := newDoor(t, stored(t), nil)
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range hooks() {
			cards := d.cards(name, string(data))
			if got := flagged(cards); got != "" {
				t.Errorf("%s: flags %q", filepath.Base(file), got)
			}
			if name == hook.OrderSign {
				t.Logf("%s: %q", filepath.Base(file), notesOf(cards))
			}
		}
	}
}
