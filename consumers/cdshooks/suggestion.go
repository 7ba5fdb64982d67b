package cdshooks

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/clears"
	"github.com/rlsguard/rlsguard/consumers/ordercheck"
)

// suggestions are what a user may take over: to order the tests that a flag is open for want of, or
// to remove the drafts behind it. To remove a draft is no end of a treatment, which is never
// suggested. What else would clear the flag is no action that a system could apply, or none that it
// should: the detail of the card tells it.
func (m *cardMaker) suggestions(f *checks.Flag, card string) []Suggestion {
	if f.State != checks.Open {
		return nil
	}
	if f.Check == m.advice.Iron.Check {
		return m.orderTests(card)
	}
	all := m.orderKidneyTest(f, card)
	for _, draft := range m.advice.Drafts {
		// A draft that came without an id cannot be named.
		id := strings.TrimPrefix(string(draft), "MedicationRequest/")
		if !slices.Contains(f.Implicated, draft) || !m.request.Ids[id] {
			continue
		}
		all = append(all, Suggestion{
			Label: "Remove the draft" + ofDrug(f.Ingredient), UUID: newID(m.key, card+"|remove|"+string(draft)),
			Actions: []Action{
				{
					Type:        "delete",
					Description: "Remove the order that is being written" + ofDrug(f.Ingredient),
					ResourceID:  string(draft),
				},
			},
		})
	}
	return all
}

func ofDrug(ingredient string) string {
	if ingredient == "" {
		return ""
	}
	return " (" + ingredient + ")"
}

// orderTests suggests the tests that are not ordered already.
func (m *cardMaker) orderTests(card string) []Suggestion {
	var actions []Action
	var names []string
	for _, test := range ordercheck.IronOrders(m.advice.Iron) {
		if slices.Contains(m.request.Ordered, test.Code) {
			continue
		}
		name, _, _ := strings.Cut(test.Display, " [")
		names = append(names, strings.ToLower(name))
		actions = append(actions, Action{
			Type: "create", Description: fmt.Sprintf("Order %s (LOINC %s). %s", strings.ToLower(name), test.Code,
				checks.IronSampling()),
			Resource: ordercheck.IronRequest(m.advice.Patient, m.request.Encounter, test, m.advice.AsOf),
		})
	}
	if actions == nil {
		return nil
	}
	return []Suggestion{
		{
			Label:         "Order " + strings.Join(names, ", "),
			UUID:          newID(m.key, card+"|order"),
			IsRecommended: true,
			Actions:       actions,
		},
	}
}

// orderKidneyTest suggests an eGFR where a flag is open since the newest kidney value cannot be
// evaluated. On dialysis none would tell anything.
func (m *cardMaker) orderKidneyTest(f *checks.Flag, card string) []Suggestion {
	for i := range f.Clears {
		c := &f.Clears[i]
		if c.Kind != clears.Lab || !c.Wanted || c.Results[0].Analyte != "eGFR" ||
			slices.Contains(m.request.Ordered, ordercheck.KidneyTest.Code) {
			continue
		}
		test := ordercheck.KidneyTest
		return []Suggestion{{
			Label: "Order eGFR with creatinine", UUID: newID(m.key, card+"|kidneys"), IsRecommended: true,
			Actions: []Action{{
				Type:        "create",
				Description: fmt.Sprintf("Order eGFR with creatinine (LOINC %s).", test.Code),
				Resource: ordercheck.KidneyRequest(
					m.advice.Patient, m.request.Encounter, f.Ingredient, m.advice.AsOf,
				),
			}},
		}}
	}
	return nil
}

var titles = sync.OnceValue(func() map[string]string {
	all := map[string]string{}
	for _, c := range checks.Catalogue() {
		all[c.ID] = c.Title
	}
	return all
})
