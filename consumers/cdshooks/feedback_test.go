package cdshooks

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/cdshooks/hook"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/ordercheck"
)

func post(card, outcome, more string) string {
	return fmt.Sprintf(
		`{"feedback":[{"card":%q,"outcome":%q,"outcomeTimestamp":"2026-11-22T10:00:00Z"%s}]}`,
		card,
		outcome,
		more,
	)
}

func TestFeedback(t *testing.T) {
	known := bundle(rlsCondition, order("o1", "active", "sertraline"))
	for name, test := range map[string]struct {
		outcome, more string
		state         checks.FlagState // of the flag, once the answer has come in
		reason        string
		want          Feedback
	}{
		"accepted": {accepted, `,"acceptedSuggestions":[{"id":"e56e1945-20b3-4393-8503-a1a20fd73152"}]`, checks.Open,
			"",
			Feedback{Outcome: accepted, Suggestions: []string{"e56e1945-20b3-4393-8503-a1a20fd73152"}}},
		"overridden": {overridden, `,"overrideReason":{"reason":{"code":"will-monitor","system":"urn:x"},` +
			`"userComment":"Zebrowski knows"}`, checks.Overridden, "will-monitor",
			Feedback{Outcome: overridden, Reason: &Coding{Code: "will-monitor", System: "urn:x"},
				Comment: "Zebrowski knows", Acknowledged: true}},
		"a site's own reason": {overridden, `,"overrideReason":{"reason":{"code":"d7ecf885",` +
			`"system":"https://example.com/reasons"}}`, checks.Overridden, "d7ecf885",
			Feedback{Outcome: overridden, Reason: &Coding{Code: "d7ecf885", System: "https://example.com/reasons"},
				Acknowledged: true}},
		"only a comment": {overridden, `,"overrideReason":{"userComment":"because"}`, checks.Overridden, "other",
			Feedback{Outcome: overridden, Comment: "because", Acknowledged: true}},
		"no reason": {overridden, "", checks.Acknowledged, "noted", Feedback{Outcome: overridden, Acknowledged: true}},
	} {
		t.Run(name, func(t *testing.T) {
			bus := &memoryBus{}
			d := newDoor(t, stored(t, known), func(c *Config) { c.Bus = bus })
			card := d.cards(hook.PatientView, hookCall(hook.PatientView, "null", "{}"))[0]
			status, _, data := d.send(
				http.MethodPost,
				"/cds-services/rlsguard-patient-view/feedback",
				post(card.UUID, test.outcome, test.more),
			)
			if status != http.StatusOK {
				t.Fatalf("status %d: %s", status, data)
			}
			f := flagOf(card)
			want := test.want
			want.Service, want.Card, want.At = "rlsguard-patient-view", card.UUID, "2026-11-22T10:00:00Z"
			want.Flag, want.Check, want.Severity = f["id"].(string), f["check"].(string), f["severity"].(string)
			if diff := cmp.Diff([]Feedback{want}, bus.feedback); diff != "" {
				t.Error(diff)
			}
			documents := []string{known}
			for _, issue := range bus.issues {
				documents = append(documents, string(issue))
			}
			got := openFlag(t, stored(t, documents...), f["id"].(string))
			if got.State != test.state {
				t.Fatalf("the flag is %s, want %s", got.State, test.state)
			}
			if got.Ack != nil &&
				(got.Ack.Author != "Practitioner/7" || got.Ack.Reason != test.reason ||
					got.Ack.Date.Date(asOf.Location()) != "2026-11-22") {
				t.Errorf("answer %+v", got.Ack)
			}
			if strings.Contains(d.log.String(), "Zebrowski") {
				t.Error("the log has a comment")
			}
			// It is shown with who, when and why.
			again := newDoor(
				t,
				stored(t, documents...),
				nil,
			).cards(
				hook.PatientView,
				hookCall(hook.PatientView, "null", "{}"),
			)
			for _, c := range again {
				if c.UUID == card.UUID && test.state == checks.Overridden &&
					(!strings.Contains(c.Detail, "Overridden by Practitioner/7 on 2026-11-22") || c.Indicator != info) {
					t.Errorf("indicator %s, detail %s", c.Indicator, c.Detail)
				}
			}
		})
	}
}

func openFlag(t *testing.T, known ordercheck.Files, id string) checks.Flag {
	t.Helper()
	var found checks.Flag
	err := known.Read(func(v fold.View) error {
		e := engine()
		for _, f := range checks.OpenFlags(v.State("Patient/1"), e.Settings, e.Key, e.Ruleset, asOf) {
			if f.ID == id {
				found = f
			}
		}
		return nil
	})
	if err != nil || found.ID == "" {
		t.Fatalf("the flag is not open, error %v", err)
	}
	return found
}

// A card that another instance has shown is found by the flag that is open. It is only the one with
// the same basis: nobody answers what was not shown.
func TestFeedbackOnACardOfAnotherInstance(t *testing.T) {
	known := stored(t, bundle(rlsCondition, order("o1", "active", "sertraline")))
	shown := newDoor(t, known, nil).cards(hook.PatientView, hookCall(hook.PatientView, "null", "{}"))
	id := flagOf(shown[0])["id"].(string)
	f := openFlag(t, known, id)
	for name, test := range map[string]struct {
		change       func(*checks.Flag)
		acknowledged bool
	}{
		"the same":      {func(*checks.Flag) {}, true},
		"another basis": {func(f *checks.Flag) { f.Basis = "another" }, false},
	} {
		flag := f
		test.change(&flag)
		bus := &memoryBus{open: []checks.Flag{flag}}
		d := newDoor(t, known, func(c *Config) { c.Bus = bus })
		d.send(
			http.MethodPost,
			"/cds-services/rlsguard-patient-view/feedback",
			post(shown[0].UUID, overridden, `,"overrideReason":{"userComment":"x"}`),
		)
		if len(bus.feedback) != 1 || bus.feedback[0].Acknowledged != test.acknowledged ||
			len(bus.issues) > 0 != test.acknowledged {
			t.Errorf("%s: %+v", name, bus.feedback)
		}
	}
}

func TestBadFeedback(t *testing.T) {
	const card = "4e0a3a1e-3283-4575-ab82-028d55fe2719"
	bus := &memoryBus{}
	d := newDoor(t, stored(t), func(c *Config) { c.Bus = bus })
	for name, body := range map[string]string{
		"no JSON":       "{",
		"nothing":       `{"feedback":[]}`,
		"no card":       post("", accepted, ""),
		"other outcome": post(card, "ignored", ""),
		"no time":       strings.Replace(post(card, accepted, ""), "2026-11-22T10:00:00Z", "yesterday", 1),
		"odd code":      post(card, overridden, `,"overrideReason":{"reason":{"code":"a b","system":"x"}}`),
		"suggestion":    post(card, accepted, `,"acceptedSuggestions":[{"id":"x"}]`),
		"too many":      `{"feedback":[` + strings.Repeat(`{},`, mostFeedback) + `{}]}`,
	} {
		if status, _, _ := d.send(http.MethodPost, "/cds-services/rlsguard-order-sign/feedback",
			body); status != http.StatusBadRequest {
			t.Errorf("%s: status %d", name, status)
		}
	}
	if bus.feedback != nil || bus.issues != nil {
		t.Error("bad feedback is taken")
	}
	bus.err = errors.New("the disk is full of Zebrowski")
	status, _, data := d.send(http.MethodPost, "/cds-services/rlsguard-order-sign/feedback", post(card, accepted, ""))
	if status != http.StatusServiceUnavailable || strings.Contains(string(data), "Zebrowski") {
		t.Errorf("status %d: %s", status, data)
	}
}

// A clock of the client that is ahead must not put the answer off.
func TestFeedbackDatedAhead(t *testing.T) {
	known := bundle(rlsCondition, order("o1", "active", "sertraline"))
	bus := &memoryBus{}
	d := newDoor(t, stored(t, known), func(c *Config) { c.Bus = bus })
	card := d.cards(hook.PatientView, hookCall(hook.PatientView, "null", "{}"))[0]
	body := strings.Replace(post(card.UUID, overridden, ""), "2026-11-22T10", "2027-11-22T10", 1)
	d.send(http.MethodPost, "/cds-services/rlsguard-patient-view/feedback", body)
	if len(bus.issues) != 1 {
		t.Fatal("no answer")
	}
	if got := openFlag(t, stored(t, known, string(bus.issues[0])),
		flagOf(card)["id"].(string)); got.State != checks.Acknowledged {
		t.Errorf("the flag is %s", got.State)
	}
	var issue struct{ Mitigation []struct{ Date string } }
	if err := json.Unmarshal(bus.issues[0], &issue); err != nil ||
		!strings.HasPrefix(issue.Mitigation[0].Date, "2026-11-23T08:00:00") {
		t.Errorf("%v: %s", err, bus.issues[0])
	}
}

func TestShownCardsAreForgotten(t *testing.T) {
	s := newShownCards()
	m := &cardMaker{key: []byte("k"), request: &hook.Request{}, advice: &ordercheck.Advice{}}
	id := func(n int) string {
		f := checks.Flag{ID: fmt.Sprint(n)}
		m.advice.Open = []checks.Flag{f}
		return cardID(m.key, &f)
	}
	first := id(0)
	s.add(m, asOf)
	id(1)
	s.add(m, asOf.Add(shownFor+1))
	if _, ok := s.find(first); !ok {
		t.Error("a card of the older half is forgotten")
	}
	for n := range shownMost + 1 {
		id(n + 2)
		s.add(m, asOf.Add(shownFor+1))
	}
	if _, ok := s.find(first); ok || len(s.young)+len(s.old) > 2*shownMost {
		t.Error("cards are never forgotten")
	}
}
