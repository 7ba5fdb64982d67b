package main

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// manifestDocument is a document of kubernetes.yaml, as far as CDS Hooks stands in it.
type manifestDocument struct {
	Kind string
	Data map[string]string
	Spec struct {
		Template struct {
			Metadata struct{ Labels map[string]string }
			Spec     struct {
				Containers []struct {
					Args  []string
					Ports []struct {
						Name          string
						ContainerPort int `yaml:"containerPort"`
					}
				}
			}
		}
		Selector map[string]any
		Ports    []struct {
			TargetPort string `yaml:"targetPort"`
		}
		Ingress []struct{ Ports []struct{ Port string } }
	}
}

func manifest(t *testing.T, text string) map[string]manifestDocument {
	t.Helper()
	all := map[string]manifestDocument{}
	for d := yaml.NewDecoder(strings.NewReader(text)); ; {
		var doc manifestDocument
		err := d.Decode(&doc)
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all[doc.Kind] = doc
	}
}

// With the lines for CDS Hooks the Deployment takes its options and opens a port, and a Service and
// the network policy lead there. Without them there is none of that.
func TestKubernetesCDS(t *testing.T) {
	data, err := os.ReadFile("../../deploy/kubernetes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if plain := manifest(t, string(data)); plain["Service"].Kind != "" ||
		strings.Contains(strings.Join(plain["Deployment"].Spec.Template.Spec.Containers[0].Args, " "), "--cds") {
		t.Error("CDS Hooks is on without its lines")
	}
	docs := manifest(t, strings.ReplaceAll(string(data), "#cds ", ""))
	pod := docs["Deployment"].Spec.Template
	container := pod.Spec.Containers[0]
	ports := map[string]int{}
	for _, p := range container.Ports {
		ports[p.Name] = p.ContainerPort
	}
	service := docs["Service"].Spec
	if len(service.Ports) != 1 || ports[service.Ports[0].TargetPort] != 8224 {
		t.Errorf("the Service leads to %v of %v", service.Ports, ports)
	}
	for name, value := range service.Selector {
		if pod.Metadata.Labels[name] != value {
			t.Errorf("the Service looks for %s: %v, and the pod has %v", name, value, pod.Metadata.Labels)
		}
	}
	open := map[string]bool{}
	for _, rule := range docs["NetworkPolicy"].Spec.Ingress {
		for _, p := range rule.Ports {
			open[p.Port] = true
		}
	}
	if !open["cds"] || !open["http"] {
		t.Errorf("the network policy opens %v", open)
	}

	if keys := docs["ConfigMap"].Data["ehr.jwks"]; !json.Valid([]byte(keys)) {
		t.Errorf("the keys are %q", keys)
	}
	var all commands
	parser, err := newParser(&all, bufio.NewWriter(io.Discard), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(container.Args); err != nil {
		t.Fatal(err)
	}
	if err := all.Serve.DoorFlags.Check(); err != nil {
		t.Error(err)
	}
	if !strings.HasSuffix(all.Serve.CDS, ":8224") || len(all.Serve.CDSIssuer) != 1 {
		t.Errorf("it listens at %q for %v", all.Serve.CDS, all.Serve.CDSIssuer)
	}
}
