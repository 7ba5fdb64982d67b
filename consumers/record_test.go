package consumers

import (
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"

	"github.com/rlsguard/rlsguard/consumers/health"
)

// scrapeEvery is how often a recording asks for /metrics. The rule tests run on the same scale of
// time.
const scrapeEvery = 500 * time.Millisecond

// recording is what a Prometheus server would have of some instances: every series, with a value
// for each scrape, NaN where it was absent.
type recording struct {
	mu       sync.Mutex
	ask      map[string]func() (string, error) // the text of /metrics, by instance
	scrapes  int
	series   map[string][]float64
	counters map[string]bool
	lasting  bool // the fault goes on: ages grow on
}

// record scrapes until the returned function is called.
func record(t *testing.T, ask map[string]func() (string, error)) (r *recording, stop func()) {
	t.Helper()
	r = &recording{ask: ask, series: map[string][]float64{}, counters: map[string]bool{}}
	done := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		tick := time.NewTicker(scrapeEvery)
		defer tick.Stop()
		for {
			if err := r.scrape(); err != nil {
				t.Error(err)
			}
			select {
			case <-done:
				return
			case <-tick.C:
			}
		}
	})
	stop = sync.OnceFunc(func() { close(done); running.Wait() })
	t.Cleanup(stop)
	return r, stop
}

// metricsOf asks an instance of this process.
func metricsOf(h *health.Health) func() (string, error) {
	return func() (string, error) {
		rec := httptest.NewRecorder()
		h.Handler().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		return rec.Body.String(), nil
	}
}

// metricsAt asks the instance whose address is in a file.
func metricsAt(file string) func() (string, error) {
	client := &http.Client{Timeout: scrapeEvery, Transport: &http.Transport{DisableKeepAlives: true}}
	return func() (string, error) {
		base, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		res, err := client.Get(string(base) + "/metrics")
		if err != nil {
			return "", err
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		return string(text), err
	}
}

// scrape asks all instances once. One that does not answer is down.
func (r *recording) scrape() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for instance, ask := range r.ask {
		text, err := ask()
		r.put(fmt.Sprintf(`up{instance=%q,job="rlsguard"}`, instance), oneIf(err == nil), false)
		if err != nil {
			continue
		}
		parser := expfmt.NewTextParser(model.UTF8Validation)
		families, err := parser.TextToMetricFamilies(strings.NewReader(text))
		if err != nil {
			return err
		}
		for name, f := range families {
			if strings.HasPrefix(name, "rlsguard_") {
				r.family(instance, f)
			}
		}
	}
	r.scrapes++
	for name, values := range r.series {
		r.series[name] = pad(values, r.scrapes)
	}
	return nil
}

func (r *recording) family(instance string, f *dto.MetricFamily) {
	for _, m := range f.GetMetric() {
		labels := map[string]string{"instance": instance, "job": "rlsguard"}
		for _, l := range m.GetLabel() {
			labels[l.GetName()] = l.GetValue()
		}
		name := func(suffix string) string { return f.GetName() + suffix + written(labels) }
		h := m.GetHistogram()
		if h == nil {
			r.put(name(""), m.GetCounter().GetValue()+m.GetGauge().GetValue(), m.Counter != nil)
			continue
		}
		r.put(name("_sum"), h.GetSampleSum(), true)
		r.put(name("_count"), float64(h.GetSampleCount()), true)
		for _, b := range h.GetBucket() {
			labels["le"] = strconv.FormatFloat(b.GetUpperBound(), 'g', -1, 64)
			r.put(name("_bucket"), float64(b.GetCumulativeCount()), true)
		}
	}
}

func written(labels map[string]string) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		all = append(all, fmt.Sprintf("%s=%q", name, labels[name]))
	}
	return "{" + strings.Join(all, ",") + "}"
}

func (r *recording) put(series string, value float64, counter bool) {
	r.series[series] = append(pad(r.series[series], r.scrapes), value)
	r.counters[series] = counter
}

// pad says that a series was absent.
func pad(values []float64, n int) []float64 {
	for len(values) < n {
		values = append(values, math.NaN())
	}
	return values
}

// ages are gauges that grow while what they are about goes on.
var ages = regexp.MustCompile(`^rlsguard_(oldest_undecided|flags_copy_lag|audit_lag)_seconds\{`)

// hold goes on for a while as the last few scrapes went, again and again: counters go on growing,
// and ages where the fault lasts.
func (r *recording) hold(last int, d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	last = min(last, r.scrapes)
	n := r.scrapes + int(d/scrapeEvery)
	for name, values := range r.series {
		growth := 0.0
		if was := len(values) - 1 - last; (r.counters[name] || r.lasting && ages.MatchString(name)) && was >= 0 &&
			values[len(values)-1] > values[was] {
			growth = values[len(values)-1] - values[was]
		}
		for len(values) < n {
			values = append(values, values[len(values)-last]+growth)
		}
		r.series[name] = values
	}
	r.scrapes = n
}

// duration is how long the recording is.
func (r *recording) duration() time.Duration { return time.Duration(r.scrapes) * scrapeEvery }

// notation writes values as rule tests want them. A series that is absent from a scrape is marked
// stale, as a server does.
func notation(values []float64) string {
	var out []string
	for i := 0; i < len(values); {
		n := i
		for n < len(values) && (values[n] == values[i] || math.IsNaN(values[n]) && math.IsNaN(values[i])) {
			n++
		}
		switch v := strconv.FormatFloat(values[i], 'f', -1, 64); {
		case !math.IsNaN(values[i]):
			out = append(out, fmt.Sprintf("%sx%d", v, n-i-1))
		case i == 0:
			out = append(out, fmt.Sprintf("_x%d", n-i))
		default:
			out = append(out, "stale")
			if n-i > 1 {
				out = append(out, fmt.Sprintf("_x%d", n-i-1))
			}
		}
		i = n
	}
	return strings.Join(out, " ")
}

// firing is what has to fire at a moment of a recording: alerts by name, none for silence.
type firing struct {
	at     time.Duration
	alerts []string
	only   bool // and no other
}

// ruleTest runs deploy/alerts.yaml over the recording with Prometheus' own rule tests.
func (r *recording) ruleTest(t *testing.T, expect ...firing) {
	t.Helper()
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		if os.Getenv("RLSGUARD_PROMTOOL") != "" {
			t.Fatal("promtool is not installed (Debian: apt-get install prometheus)")
		}
		t.Skip("the alerts are not tested: promtool is not installed (Debian: apt-get install prometheus)")
	}
	rules, err := filepath.Abs("../deploy/alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	type object = map[string]any
	var series, tests []object
	r.mu.Lock()
	for _, name := range slices.Sorted(maps.Keys(r.series)) {
		series = append(series, object{"series": name, "values": notation(r.series[name])})
	}
	r.mu.Unlock()
	for _, f := range expect {
		names, samples := ".*", []object{}
		if !f.only {
			names = strings.Join(f.alerts, "|")
		}
		for _, a := range f.alerts {
			samples = append(samples, object{"labels": fmt.Sprintf(`{alertname=%q}`, a), "value": 1})
		}
		tests = append(tests, object{
			"expr":      fmt.Sprintf(`max by (alertname) (ALERTS{alertstate="firing",alertname=~%q})`, names),
			"eval_time": fmt.Sprintf("%dms", f.at.Milliseconds()), "exp_samples": samples,
		})
	}
	text, err := yaml.Marshal(object{
		"rule_files": []string{rules}, "evaluation_interval": "1s",
		"tests": []object{{"interval": scrapeEvery.String(), "input_series": series, "promql_expr_test": tests}},
	})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "test.yaml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(promtool, "test", "rules", file).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func oneIf(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
