package deploy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/rlsguard/rlsguard/fhir"
)

var (
	metric  = regexp.MustCompile(`\brlsguard_[a-z_]+`)
	written = regexp.MustCompile(`"(rlsguard_[a-z_]+)"`) // as the code names one
	row     = regexp.MustCompile("(?m)^\\| `(rlsguard_[a-z_]+)`")
)

// metrics are all that the code has.
func metrics(t *testing.T) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	err := filepath.WalkDir("../consumers", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		for _, m := range written.FindAllStringSubmatch(read(t, path), -1) {
			all[m[1]] = true
		}
		return nil
	})
	if err != nil || len(all) < 20 {
		t.Fatalf("%d metrics found: %v", len(all), err)
	}
	return all
}

// Alerts and dashboard ask for metrics that there are.
func TestMetricsExist(t *testing.T) {
	known := metrics(t)
	for _, file := range []string{"alerts.yaml", "dashboard.json"} {
		names := metric.FindAllString(read(t, file), -1)
		if len(names) < 5 {
			t.Errorf("%s asks for %d metrics", file, len(names))
		}
		for _, name := range names {
			base := name
			for _, suffix := range []string{"_bucket", "_sum", "_count"} {
				base = strings.TrimSuffix(base, suffix)
			}
			if !known[base] {
				t.Errorf("%s: there is no metric %s", file, name)
			}
		}
	}
	if !json.Valid([]byte(read(t, "dashboard.json"))) {
		t.Error("dashboard.json is no JSON")
	}
}

// metrics.md has a row for every metric, and for no other.
func TestMetricsAreDocumented(t *testing.T) {
	known, told := metrics(t), map[string]bool{}
	for _, m := range row.FindAllStringSubmatch(read(t, "metrics.md"), -1) {
		told[m[1]] = true
	}
	for name := range known {
		if !told[name] {
			t.Errorf("%s is not documented", name)
		}
	}
	for name := range told {
		if !known[name] {
			t.Errorf("%s is documented and does not exist", name)
		}
	}
}

// The dashboard shows what an alert is about.
func TestDashboardShowsReadiness(t *testing.T) {
	text := read(t, "dashboard.json")
	for _, name := range []string{"rlsguard_ready", "rlsguard_not_ready", "rlsguard_active",
		"rlsguard_oldest_undecided_seconds", "rlsguard_event_to_flag_seconds_bucket",
		"rlsguard_flags_copy_lag_seconds", "rlsguard_dead_letters", "rlsguard_order_checks_total",
		"rlsguard_order_check_seconds_bucket", "rlsguard_cds_calls_total",
		"rlsguard_cds_call_seconds_bucket", "rlsguard_cds_cards_total", "rlsguard_cds_feedback_total",
		"rlsguard_build_info", "rlsguard_ruleset_info", "rlsguard_starts_over_total"} {
		if !strings.Contains(text, name) {
			t.Errorf("dashboard.json does not show %s", name)
		}
	}
}

// Prometheus takes the queries of the dashboard for rules, once the variables of Grafana are put
// in.
func TestDashboardQueriesAreValid(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		if os.Getenv("RLSGUARD_PROMTOOL") != "" {
			t.Fatal("promtool is not installed (Debian: apt-get install prometheus)")
		}
		t.Skip("queries are not tested: promtool is not installed (Debian: apt-get install prometheus)")
	}
	var board struct {
		Panels []struct {
			ID      int
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal([]byte(read(t, "dashboard.json")), &board); err != nil {
		t.Fatal(err)
	}
	type object = map[string]any
	var rules []object
	ids := map[int]bool{}
	for _, p := range board.Panels {
		if ids[p.ID] {
			t.Errorf("two panels have the id %d", p.ID)
		}
		ids[p.ID] = true
		for i, target := range p.Targets {
			rules = append(rules, object{"record": fmt.Sprintf("panel_%d_%d", p.ID, i), "expr": target.Expr})
		}
	}
	if len(rules) < 20 {
		t.Errorf("%d queries", len(rules))
	}
	text, err := yaml.Marshal(object{"groups": []object{{"name": "dashboard", "rules": rules}}})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "dashboard.yaml")
	put(t, path, string(text))
	for _, file := range []string{path, "alerts.yaml"} {
		if out, err := exec.Command(promtool, "check", "rules", file).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	}
}

// documents are those of a YAML file.
func documents(t *testing.T, file string) []any {
	t.Helper()
	d := yaml.NewDecoder(bytes.NewReader([]byte(read(t, file))))
	var all []any
	for {
		var one any
		err := d.Decode(&one)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all = append(all, one)
	}
}

// at follows a path through maps.
func at(v any, path ...string) any {
	for _, p := range path {
		m, _ := v.(map[string]any)
		v = m[p]
	}
	return v
}

func TestAlerts(t *testing.T) {
	groups, _ := at(documents(t, "alerts.yaml")[0], "groups").([]any)
	if len(groups) != 1 {
		t.Fatalf("%d groups", len(groups))
	}
	rules, _ := at(groups[0], "rules").([]any)
	for _, r := range rules {
		for _, path := range [][]string{{"alert"}, {"expr"}, {"labels", "severity"}, {"annotations", "summary"}} {
			if s, _ := at(r, path...).(string); s == "" {
				t.Errorf("a rule without %v: %v", path, at(r, "alert"))
			}
		}
	}
}

func TestKubernetes(t *testing.T) {
	var kinds []string
	for _, d := range documents(t, "kubernetes.yaml") {
		kind, _ := at(d, "kind").(string)
		kinds = append(kinds, kind)
		if name, _ := at(d, "metadata", "name").(string); name != "rlsguard" || at(d, "apiVersion") == nil {
			t.Errorf("%s %q", kind, name)
		}
		if kind != "Deployment" {
			continue
		}
		containers, _ := at(d, "spec", "template", "spec", "containers").([]any)
		security := at(containers[0], "securityContext")
		if at(security, "readOnlyRootFilesystem") != true || at(security, "allowPrivilegeEscalation") != false ||
			at(d, "spec", "template", "spec", "securityContext", "runAsNonRoot") != true {
			t.Error("the container may do too much")
		}
	}
	if !slices.Contains(kinds, "Deployment") {
		t.Errorf("kinds: %v", kinds)
	}
}

// Every reference of asyncapi.yaml leads somewhere, and its reasons are those that there are.
func TestAsyncAPI(t *testing.T) {
	doc := documents(t, "asyncapi.yaml")[0]
	if at(doc, "asyncapi") != "3.0.0" {
		t.Errorf("version %v", at(doc, "asyncapi"))
	}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if ref, ok := v["$ref"].(string); ok && at(doc, strings.Split(strings.TrimPrefix(ref, "#/"),
				"/")...) == nil {
				t.Errorf("%s leads nowhere", ref)
			}
			for _, x := range v {
				walk(x)
			}
		case []any:
			for _, x := range v {
				walk(x)
			}
		}
	}
	walk(doc)
	var told []string
	reasons, _ := at(doc, "channels", "deadLetters", "parameters", "reason", "enum").([]any)
	for _, r := range reasons {
		told = append(told, r.(string))
	}
	for _, r := range []fhir.Reason{fhir.InvalidJSON, fhir.NotFHIR, fhir.UnsupportedVersion, fhir.InvalidResource,
		fhir.NoPatient, fhir.TooLarge, fhir.TooDeep, fhir.UnsupportedEncoding} {
		if !slices.Contains(told, string(r)) {
			t.Errorf("the reason %s is missing", r)
		}
	}
}

// The image and the unit give away no more than they need.
func TestHardening(t *testing.T) {
	for file, lines := range map[string][]string{
		"Dockerfile": {"FROM scratch", "USER 65532:65532", "CGO_ENABLED=0", "-trimpath", "EXPOSE 8223"},
		"rlsguard.service": {"DynamicUser=yes", "NoNewPrivileges=yes", "ProtectSystem=strict",
			"CapabilityBoundingSet=\n", "LimitCORE=0", "SystemCallFilter=@system-service", "UMask=0077",
			"StartLimitBurst=5"},
	} {
		text := read(t, file)
		for _, line := range lines {
			if !strings.Contains(text, line) {
				t.Errorf("%s: %q is missing", file, line)
			}
		}
	}
}
