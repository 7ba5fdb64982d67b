package cdshooks

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/cdshooks/hook"
	"github.com/rlsguard/rlsguard/consumers/cdshooks/token"
	"github.com/rlsguard/rlsguard/consumers/commit"
	"github.com/rlsguard/rlsguard/consumers/ordercheck"
)

// counted are the counters of metrics that are not 0, and the numbers of times taken, by name and
// the values of their labels.
func counted(t *testing.T, m *Metrics) map[string]int {
	t.Helper()
	r := prometheus.NewRegistry()
	r.MustRegister(m)
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]int{}
	for _, f := range families {
		for _, one := range f.GetMetric() {
			name := strings.TrimPrefix(f.GetName(), "rlsguard_cds_")
			for _, l := range one.GetLabel() {
				name += " " + l.GetValue()
			}
			if n := int(one.GetCounter().GetValue()) + int(one.GetHistogram().GetSampleCount()); n > 0 {
				all[name] = n
			}
		}
	}
	return all
}

// Every call, card and piece of feedback is counted under labels of closed lists.
func TestCallsAreCounted(t *testing.T) {
	m := NewMetrics()
	bus := &memoryBus{}
	with := func(known ordercheck.Stored, change func(*Config)) *door {
		return newDoor(t, known, func(c *Config) {
			c.Metrics, c.Bus = m, bus
			if change != nil {
				change(c)
			}
		})
	}
	sign := "/cds-services/rlsguard-order-sign"
	known := stored(t, bundle(rlsCondition, order("o1", "active", "sertraline")))
	body := hookCall(hook.OrderSign, bundle(order("d1", "draft", "mirtazapine")), "{}")
	expect := func(what string, want map[string]int) {
		t.Helper()
		got := counted(t, m)
		for name, n := range want {
			if got[name] != n {
				t.Errorf("%s: %s is %d, want %d: %v", what, name, got[name], n, got)
			}
		}
	}
	cards := with(known, nil).cards(hook.OrderSign, body)
	expect("answered", map[string]int{"calls_total answered order-sign": 1, "call_seconds order-sign": 1,
		"cards_total rls-tetracyclic moderate": 1, "cards_total rls-ssri moderate": 1})
	with(commit.NewKnown(), nil).cards(hook.OrderSign, body)
	expect("not ready", map[string]int{"calls_total without-record order-sign": 1})
	before := counted(t, m)["cards_total none none"]
	with(broken{}, nil).cards(hook.OrderSign, body)
	with(known, nil).cards(hook.OrderSign, `{"hook":"order-sign","context":{"patientId":"Zebrowski, Anna"}}`)
	wait := make(chan struct{})
	defer close(wait)
	with(slow{wait}, func(c *Config) { c.Timeout = time.Millisecond }).cards(hook.OrderSign, body)
	expect(
		"notes",
		map[string]int{
			"calls_total failed order-sign":      1,
			"calls_total not-checked order-sign": 1,
			"calls_total late order-sign":        1,
			"cards_total none none":              before + 3,
		},
	)
	small := with(known, func(c *Config) { c.MaxBytes = 10 })
	small.send(http.MethodPost, sign, body)
	with(known, nil).send(http.MethodPost, sign, "[]")
	with(known, nil).send(http.MethodPost, "/cds-services/rlsguard-zebrowski", body)
	expect("unreadable", map[string]int{"calls_total unreadable order-sign": 2})
	_, keys := signedWith(t, "")
	refusing := with(known, func(c *Config) {
		c.Verifier = token.NewVerifier(nil, map[string]*token.Keys{"https://ehr.example.org/": keys})
	})
	refusing.send(http.MethodPost, sign, body)
	refusing.send(http.MethodPost, sign+"/feedback", "{}")
	expect("refused", map[string]int{"calls_total refused order-sign": 1})

	d := with(known, nil)
	shown := d.cards(hook.PatientView, hookCall(hook.PatientView, "null", "{}"))
	if len(shown) == 0 || flagOf(shown[0]) == nil || len(cards) == 0 {
		t.Fatal("no card of a flag")
	}
	for _, card := range []string{shown[0].UUID, "e56e1945-20b3-4393-8503-a1a20fd73152"} {
		d.send(http.MethodPost, sign+"/feedback", post(card, overridden, ""))
	}
	bus.err = errors.New("away")
	d.send(http.MethodPost, sign+"/feedback", post(shown[0].UUID, overridden, ""))
	check := flagOf(shown[0])["check"].(string)
	expect(
		"feedback",
		map[string]int{"feedback_total " + check + " overridden": 1, "feedback_total none overridden": 1},
	)
	closedLabels(t, m)
}

// closedLabels: nothing that a client sent is a label.
func closedLabels(t *testing.T, m *Metrics) {
	t.Helper()
	allowed := slices.Concat(outcomes, hooks(), []string{accepted, overridden, noCheck, "low", "moderate", "high"})
	for _, c := range checks.Catalogue() {
		allowed = append(allowed, c.ID)
	}
	for name := range counted(t, m) {
		for _, label := range strings.Fields(name)[1:] {
			if !slices.Contains(allowed, label) {
				t.Errorf("%s: the label %s is of no closed list", name, label)
			}
		}
	}
}

// A flag that is read back from the bus may name a check that there is none of.
func TestForeignCheckIsNoLabel(t *testing.T) {
	m := NewMetrics()
	m.answered(&Feedback{Outcome: accepted, Check: "Zebrowski"})
	m.shown(
		[]Card{
			{
				Extension: map[string]any{
					extensionFlag: flagExtension{Line: ordercheck.Line{Check: "Zebrowski", Severity: "high"}},
				},
			},
		},
	)
	closedLabels(t, m)
}
