package deploy

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/rlsguard/rlsguard/fhir"
)

var metric = regexp.MustCompile(`\brlsguard_[a-z_]+`)

// Alerts and dashboard ask for metrics that there are.
func TestMetricsExist(t *testing.T) {
	known := read(t, "../consumers/metrics.go")
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
			if !strings.Contains(known, `"`+base+`"`) {
				t.Errorf("%s: there is no metric %s", file, name)
			}
		}
	}
	if !json.Valid([]byte(read(t, "dashboard.json"))) {
		t.Error("dashboard.json is no JSON")
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
		if at(security, "readOnlyRootFilesystem") != true || at(security, "allowPrivilegeEscalation") != false || at(d, "spec", "template", "spec", "securityContext", "runAsNonRoot") != true {
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
			if ref, ok := v["$ref"].(string); ok && at(doc, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...) == nil {
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
	for _, r := range []fhir.Reason{fhir.InvalidJSON, fhir.NotFHIR, fhir.UnsupportedVersion, fhir.InvalidResource, fhir.NoPatient, fhir.TooLarge, fhir.TooDeep, fhir.UnsupportedEncoding} {
		if !slices.Contains(told, string(r)) {
			t.Errorf("the reason %s is missing", r)
		}
	}
}

// The image and the unit give away no more than they need.
func TestHardening(t *testing.T) {
	for file, lines := range map[string][]string{
		"Dockerfile":       {"FROM scratch", "USER 65532:65532", "CGO_ENABLED=0", "-trimpath", "EXPOSE 8223"},
		"rlsguard.service": {"DynamicUser=yes", "NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet=\n", "LimitCORE=0", "SystemCallFilter=@system-service", "UMask=0077", "StartLimitBurst=5"},
	} {
		text := read(t, file)
		for _, line := range lines {
			if !strings.Contains(text, line) {
				t.Errorf("%s: %q is missing", file, line)
			}
		}
	}
}
