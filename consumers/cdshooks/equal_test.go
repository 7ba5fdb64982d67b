package cdshooks

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/cdshooks/hook"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/ordercheck"
)

// Every order of the scenarios is a draft once, with the rest of its Bundle as prefetch: the cards
// show the flags of a replay of all, and those of rls.check.
func TestSameFlagsAsReplay(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", "cmd", "rlsguard", "testdata", "scenarios", "*", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	tried, shown := 0, 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var b struct {
			ResourceType string
			Entry        []struct{ Resource json.RawMessage }
		}
		if json.Unmarshal(data, &b) != nil || b.ResourceType != "Bundle" || strings.Contains(string(data), "urn:uuid") {
			continue // references into the Bundle would be torn
		}
		for i := range b.Entry {
			var o struct {
				ResourceType, Status, AuthoredOn string
				Subject                          struct{ Reference string }
			}
			if json.Unmarshal(b.Entry[i].Resource, &o) != nil || o.ResourceType != "MedicationRequest" ||
				o.Status == "" ||
				o.Status == "unknown" ||
				o.AuthoredOn > "2026-11-23" {
				continue
			}
			var others []string
			for j := range b.Entry {
				if j != i {
					others = append(others, string(b.Entry[j].Resource))
				}
			}
			tried++
			shown += sameFlags(
				t,
				filepath.Base(filepath.Dir(file)),
				string(b.Entry[i].Resource),
				others,
				o.Subject.Reference,
			)
		}
	}
	if tried < 20 || shown < 20 {
		t.Errorf("only %d orders with %d flags were tried", tried, shown)
	}
}

func sameFlags(t *testing.T, name, draft string, others []string, patient string) int {
	t.Helper()
	e := engine()
	r := fold.NewReplay(e)
	for i, d := range append(slices.Clone(others), draft) {
		r.Fold(fold.Input{Arrival: facts.Arrival{Sequence: uint64(i)}, Resources: read(t, d)})
	}
	want := map[string]ordercheck.Line{}
	if st := r.Finish(asOf).State(facts.Ref(patient)); st != nil {
		open := checks.OpenFlags(st, e.Settings, e.Key, e.Ruleset, asOf)
		checks.AddClears(st, e.Settings, asOf, open)
		for _, f := range open {
			want[f.ID] = ordercheck.LineOf(&f)
		}
	}
	prefetch, err := json.Marshal(map[string]json.RawMessage{"all": json.RawMessage(bundle(others...))})
	if err != nil {
		t.Fatal(err)
	}
	body := strings.Replace(
		hookCall(hook.OrderSign, bundle(draft), string(prefetch)),
		`"patientId":"1"`,
		fmt.Sprintf(`"patientId":%q`, patient),
		1,
	)
	got := map[string]ordercheck.Line{}
	for _, c := range newDoor(t, stored(t), nil).cards(hook.OrderSign, body) {
		if flagOf(c) == nil {
			continue
		}
		raw, err := json.Marshal(c.Extension[extensionFlag])
		if err != nil {
			t.Fatal(err)
		}
		var f flagExtension
		if err := json.Unmarshal(raw, &f); err != nil {
			t.Fatal(err)
		}
		got[f.ID] = f.Line
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: flags of the replay (-) and of the cards (+)\n%s\n%s", name, diff, body)
	}
	return len(want)
}

// FuzzRequest: whatever comes, the answer is a valid one, or says that it is no request.
func FuzzRequest(f *testing.F) {
	f.Add(
		hookCall(
			hook.OrderSign,
			bundle(order("d1", "draft", "mirtazapine")),
			fullPrefetch(map[string]string{hook.KeyConditions: bundle(rlsCondition)}),
		),
	)
	f.Add(
		hookCall(
			hook.OrderSelect,
			`{"resourceType":"Bundle","entry":[`+order("d1", "draft", "x")+`]}`,
			`{"x":{"response":{},"resource":{"resourceType":"Bundle"}}}`,
		),
	)
	f.Add(`{"hook":1,"context":{"patientId":"1","draftOrders":[],"selections":{}},"prefetch":[]}`)
	f.Add(
		`{"context":{"patientId":"1","draftOrders":{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"ServiceRequest","code":7}},null,7]}}}`,
	)
	h := &handler{
		Config: Config{
			Checker: &ordercheck.Checker{Engine: engine(), Stored: stored(f, rlsCondition)},
			Reasons: ordercheck.DefaultReasons,
		},
		shown: newShownCards(),
		now:   func() time.Time { return asOf },
	}
	f.Fuzz(func(t *testing.T, body string) {
		a := h.answer(t.Context(), []byte(body))
		if a.err != nil {
			return
		}
		data, err := json.Marshal(Response{Cards: a.cards})
		if err != nil {
			t.Fatal(err)
		}
		validResponse(t, data)
		for _, c := range a.cards {
			if strings.Contains(c.Summary, "internal fault") {
				t.Error("a panic")
			}
		}
	})
}
