package consumers

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/silence"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/health"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/fhir"
)

// labelValues are the closed lists that labels come from, by metric and label; "" is any metric.
func labelValues() map[string][]string {
	all := map[string][]string{"severity": {"low", "moderate", "high"}, "hash": {"r1"}, "kind": checks.CutKinds()}
	for _, c := range checks.Catalogue() {
		all["check"] = append(all["check"], c.ID)
	}
	for _, o := range fold.Outcomes {
		all["outcome"] = append(all["outcome"], string(o))
	}
	for _, r := range []fhir.Reason{fhir.InvalidJSON, fhir.NotFHIR, fhir.UnsupportedVersion, fhir.InvalidResource,
		fhir.NoPatient, fhir.TooLarge, fhir.TooDeep, fhir.UnsupportedEncoding} {
		all["rlsguard_rejections_total reason"] = append(all["rlsguard_rejections_total reason"], string(r))
	}
	all["reason"] = health.NotReady
	all["rlsguard_foreign_messages_total kind"] = health.ForeignKinds
	all["rlsguard_quiet_checks reason"] = []string{string(silence.Off), string(silence.NotApproved)}
	for _, s := range []checks.RuleStatus{checks.RuleSubmitted, checks.RuleUnderReview, checks.RuleApproved,
		checks.RuleOverdue, checks.RuleVoid} {
		all["rlsguard_rules status"] = append(all["rlsguard_rules status"], string(s))
	}
	all["type"], all["element"] = []string{"MedicationRequest"}, []string{"status"} // of what the test cannot read
	return all
}

// Whatever comes in, labels come from closed lists and name no patient, so that the number of
// series is bounded.
func TestLabelsComeFromClosedLists(t *testing.T) {
	const secret = "Zebrowski"
	b := newBench(t)
	cfg := b.config()
	defer b.serve(cfg)()
	docs := append(
		someDocs(10),
		`{"resourceType":"`+secret+`"}`,
		`{"`+secret,
		"[]",
		rlsJSON(secret),
		orderJSON(secret, secret, secret, secret, 1),
		orderJSON("s", secret, "sertraline", "active", 1),
		`{"resourceType":"MedicationRequest","id":"`+secret+`"}`,
		`{"resourceType":"MedicationRequest","status":{"`+secret+`":1},"subject":{"reference":"Patient/1"}}`,
	)
	b.publish(docs...)
	b.decided()
	b.wait("observed", func() bool { return number(cfg.Health, "rlsguard_dead_letters") > 0 })
	text, err := metricsOf(cfg.Health)()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(text, secret) {
		t.Error("a metric names what came in")
	}
	p := expfmt.NewTextParser(model.UTF8Validation)
	families, err := p.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	lists, series := labelValues(), 0
	for name, f := range families {
		if !strings.HasPrefix(name, "rlsguard_") {
			continue
		}
		series += len(f.GetMetric())
		if name == "rlsguard_build_info" {
			if n := len(f.GetMetric()); n != 1 {
				t.Errorf("%d builds", n)
			}
			continue
		}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				list := lists[name+" "+l.GetName()]
				if list == nil {
					list = lists[l.GetName()]
				}
				if !slices.Contains(list, l.GetValue()) {
					t.Errorf("%s: %s=%q is of no closed list", name, l.GetName(), l.GetValue())
				}
			}
		}
	}
	if most := 200; series > most {
		t.Errorf("%d series, at most %d are expected", series, most)
	}
	for _, want := range []string{`rlsguard_ruleset_info{hash="r1"} 1`, "rlsguard_ready 1", "rlsguard_active 1",
		"rlsguard_inbound_lag_messages 0", "rlsguard_oldest_undecided_seconds 0",
		"rlsguard_flags_copy_lag_seconds 0", fmt.Sprintf("rlsguard_event_to_flag_seconds_count %d", len(docs)),
		"rlsguard_build_info{"} {
		b.wait(want, func() bool {
			text, err := metricsOf(cfg.Health)()
			return err == nil && strings.Contains(text, "\n"+want)
		})
	}
}

// The time from event to flag counts from when the server stored the input, not from when it was
// taken.
func TestLatencyCountsWhatWaited(t *testing.T) {
	b := newBench(t)
	b.serve(b.config())()
	b.publish(rlsJSON("1"))
	const waited = 1500 * time.Millisecond
	time.Sleep(waited)
	cfg := b.config()
	defer b.serve(cfg)()
	b.decided()
	b.wait("counted", func() bool { return number(cfg.Health, "rlsguard_event_to_flag_seconds_count") == 1 })
	if got := number(cfg.Health, "rlsguard_event_to_flag_seconds_sum"); got < waited.Seconds() {
		t.Errorf("%v seconds", got)
	}
}

// A session that begins says nothing of patients that it has not read yet, and of what the one
// before could not do.
func TestSessionBeginsAnew(t *testing.T) {
	h := health.New()
	h.ReadyIf(t.Context())
	for _, fault := range []func(){
		func() { h.Writing(false) }, func() { h.Consuming(layout.Durable, false) }, func() { h.Looked(jet.ErrUnknown) },
	} {
		fault()
		if len(h.Reasons()) != 1 {
			t.Errorf("reasons %v", h.Reasons())
		}
		h.StartOver(health.StateDamaged)
		h.Begin()
		if got := h.Reasons(); !slices.Equal(got, []string{health.Starting, health.StateDamaged}) {
			t.Errorf("a new session: %v", got)
		}
		h.ReadyIf(t.Context())
		if got := h.Reasons(); len(got) > 0 {
			t.Errorf("ready: %v", got)
		}
	}
}

// Two durables are read: that one is found again does not hide that the other is lost.
func TestOneConsumerDoesNotHideTheOther(t *testing.T) {
	h := health.New()
	h.ReadyIf(t.Context())
	h.Consuming(layout.Durable, false)
	h.Consuming(layout.DurableDue, false)
	h.Consuming(layout.DurableDue, true)
	if got := h.Reasons(); !slices.Equal(got, []string{health.NoConsumer}) {
		t.Errorf("reasons %v", got)
	}
	h.Consuming(layout.Durable, true)
	if got := h.Reasons(); len(got) > 0 {
		t.Errorf("reasons %v", got)
	}
}
