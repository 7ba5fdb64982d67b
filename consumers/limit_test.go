package consumers

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rlsguard/rlsguard/consumers/health"
)

// What a session knows and tells is what a replay of the same inputs gives, also after it has read
// the stored states again.
func TestLimitsOnTheBus(t *testing.T) {
	b := newBench(t)
	var docs []string
	weights := func(from, to int) string {
		var entries []string
		for i := from; i < to; i++ {
			entries = append(
				entries,
				fmt.Sprintf(
					`{"resource":{"resourceType":"Observation","id":"w%d","meta":{"versionId":"%d"},"status":"final","subject":{"reference":"Patient/1"},
"code":{"coding":[{"system":"http://loinc.org","code":"29463-7"}]},"valueQuantity":{"value":70,"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"}}}`,
					i,
					i+1,
				),
			)
		}
		return `{"resourceType":"Bundle","type":"collection","entry":[` + strings.Join(entries, ",") + `]}`
	}
	docs = append(
		docs,
		rlsJSON("1"),
		orderJSON("m1", "1", "sertraline", "active", 1),
		weights(150, 350),
		weights(0, 150),
		weights(100, 360),
	)
	told := func(cfg Config) string { return metric(t, cfg.Health, `rlsguard_cut_patients{kind="body-weight"}`) }
	cfg := b.config()
	stop := b.serve(cfg)
	if got := told(cfg); got != "0" {
		t.Errorf("%s patients with a cut at first", got)
	}
	b.publish(docs...)
	b.decided()
	b.sameAsReplay(docs...)
	want, got := replay(docs...).State("Patient/1"), b.states()["Patient/1"]
	if len(got.Facts) != 202 || len(want.Facts) != 202 || got.Cut != want.Cut || got.Cut == 0 {
		t.Errorf("%d facts, cut %b; in a replay %d, %b", len(got.Facts), got.Cut, len(want.Facts), want.Cut)
	}
	if got := told(cfg); got != "1" {
		t.Errorf("%s patients with a cut", got)
	}
	stop()
	cfg = b.config()
	defer b.serve(cfg)()
	if got := told(cfg); got != "1" {
		t.Errorf("%s patients with a cut after a restart", got)
	}
}

// metric is the value of a line of /metrics.
func metric(t *testing.T, h *health.Health, name string) string {
	t.Helper()
	w := httptest.NewRecorder()
	h.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	_, rest, found := strings.Cut(w.Body.String(), "\n"+name+" ")
	if !found {
		t.Fatalf("no metric %s", name)
	}
	value, _, _ := strings.Cut(rest, "\n")
	return value
}
