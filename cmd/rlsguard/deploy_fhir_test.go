package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/consumers/ordercheck"
	"github.com/rlsguard/rlsguard/fhir/issue"
)

var updateExamples = flag.Bool("update-examples", false, "write deploy/fhir/examples anew")

const (
	fhirDir     = specDir + "fhir"
	examples    = fhirDir + "/examples"
	flagURL     = issue.BaseURL + "/StructureDefinition/flag"
	answerURL   = issue.BaseURL + "/StructureDefinition/answer"
	examplePath = "demo/1-anna.json"
)

// profiled is a resource as check/fhir.mjs takes it.
type profiled struct {
	Profile  string          `json:"profile"`
	Resource json.RawMessage `json:"resource"`
}

// replayFHIR are the flags of files as DetectedIssue.
func replayFHIR(t *testing.T, code int, args ...string) (all []profiled) {
	t.Helper()
	args = append([]string{"replay", "--as-of", scenarioAsOf, "--format", "fhir"}, args...)
	for line := range strings.Lines(runIn(t, nil, "rlsguard", code, args...)) {
		all = append(all, profiled{flagURL, json.RawMessage(strings.TrimSpace(line))})
	}
	return all
}

// exampleFlag is the flag of the examples.
func exampleFlag(t *testing.T) (checks.Flag, json.RawMessage) {
	t.Helper()
	for _, p := range replayFHIR(t, 0, examplePath) {
		f, err := issue.Unmarshal(p.Resource)
		if err != nil {
			t.Fatal(err)
		}
		if f.Check == "rls-ssri" {
			return f, p.Resource
		}
	}
	t.Fatal("the patient of the example has no such flag")
	return checks.Flag{}, nil
}

// The examples are what the program writes.
func TestFHIRExamples(t *testing.T) {
	f, flag := exampleFlag(t)
	on := moment.Time{Nanos: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC).UnixNano(), Precision: moment.ToDay}
	until := moment.Time{Nanos: time.Date(2027, 5, 31, 0, 0, 0, 0, time.UTC).UnixNano(), Precision: moment.ToDay}
	written := map[string]json.RawMessage{"flag": flag}
	for name, a := range map[string]facts.Acknowledgement{
		"acknowledgement": {Author: "Practitioner/7", Date: on},
		"override": {
			Override: true, Reason: "will-monitor", Author: "Practitioner/7", Date: on, Until: until,
			Comment: "Agreed with the prescriber.",
		},
	} {
		answer, err := ordercheck.Acknowledgement(&f, a)
		if err != nil {
			t.Fatal(err)
		}
		written[name] = answer
	}
	for name, line := range written {
		var want bytes.Buffer
		if err := json.Indent(&want, line, "", "  "); err != nil {
			t.Fatal(err)
		}
		want.WriteByte('\n')
		file := filepath.Join(examples, name+".json")
		if *updateExamples {
			if err := os.WriteFile(file, want.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(anyRules(want.Bytes()), anyRules(exampleFile(t, file))); diff != "" {
			t.Errorf("%s: run it with -update-examples (-want +got):\n%s", file, diff)
		}
	}
}

// anyRules leaves out the hash of tables and texts: an example need not be written anew for a word
// elsewhere.
func anyRules(example []byte) string {
	return regexp.MustCompile(`(StructureDefinition/ruleset",\s*"valueString": )"[0-9a-f]+"`).
		ReplaceAllString(string(example), `$1"0"`)
}

func exampleFile(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// shownAnswers are the answers that deploy/fhir/README.md shows, by the state that they lead to.
func shownAnswers(t *testing.T) map[checks.FlagState][]byte {
	t.Helper()
	readme := exampleFile(t, filepath.Join(fhirDir, "README.md"))
	found := regexp.MustCompile("(?s)```json\n(\\{.*?\\})\n```").FindAllSubmatch(readme, -1)
	if len(found) != 2 {
		t.Fatalf("deploy/fhir/README.md shows %d answers", len(found))
	}
	return map[checks.FlagState][]byte{checks.Acknowledged: found[0][1], checks.Overridden: found[1][1]}
}

// shownReplay is the command line that tries an answer.
func shownReplay(t *testing.T) string {
	t.Helper()
	lines := shown(t, "rlsguard replay", "deploy/fhir/README.md")
	if len(lines) != 1 {
		t.Fatalf("deploy/fhir/README.md shows %d ways to try an answer", len(lines))
	}
	return lines[0]
}

// The answers of the examples, and those that the README shows, answer the flag.
func TestFHIRExamplesAnswer(t *testing.T) {
	f, _ := exampleFlag(t)
	for state, file := range map[checks.FlagState]string{
		checks.Acknowledged: filepath.Join(examples, "acknowledgement.json"),
		checks.Overridden:   filepath.Join(examples, "override.json"),
	} {
		for _, answer := range [][]byte{exampleFile(t, file), shownAnswers(t)[state]} {
			path := filepath.Join(t.TempDir(), "answer.json")
			if err := os.WriteFile(path, answer, 0o600); err != nil {
				t.Fatal(err)
			}
			args := append(strings.Fields(shownReplay(t)), "--format", "json")
			for i, arg := range args {
				args[i] = strings.Replace(strings.TrimPrefix(arg, "cmd/rlsguard/"), "answer.json", path, 1)
			}
			got := map[string]string{}
			for _, now := range releaseFlags(t, runIn(t, nil, args[0], 0, args[1:]...)) {
				got[now.ID] = now.State
			}
			if got[f.ID] != string(state) {
				t.Errorf("with this answer the flag is %s, and not %s: %s", got[f.ID], state, answer)
			}
		}
	}
}

// holdAnswers publishes the answers of the README and of the examples, for a flag of this serve.
func (s *specServe) holdAnswers(t *testing.T) {
	example, _ := exampleFlag(t)
	ids := func() (open checks.Flag) {
		for line := range strings.Lines(s.run(0, "watch", "--once", "--format", "fhir")) {
			f, err := issue.Unmarshal([]byte(line))
			if err != nil {
				t.Fatal(err)
			}
			if f.Check == "rls-ssri" || f.Check == "gabapentinoid-respiratory-depression" {
				open = f
			}
		}
		return open
	}
	f := ids()
	for _, step := range []struct {
		state  checks.FlagState
		answer []byte
	}{
		{checks.Acknowledged, shownAnswers(t)[checks.Acknowledged]},
		{checks.Overridden, exampleFile(t, filepath.Join(examples, "override.json"))},
		{checks.Acknowledged, exampleFile(t, filepath.Join(examples, "acknowledgement.json"))},
		{checks.Overridden, shownAnswers(t)[checks.Overridden]},
	} {
		answer := strings.NewReplacer(
			example.ID, f.ID, example.Basis, f.Basis, string(example.Patient), string(f.Patient),
		).Replace(string(step.answer))
		if err := s.nc.PublishMsg(&nats.Msg{Subject: "fhir.DetectedIssue", Data: []byte(answer)}); err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(time.Minute); ids().State != step.state; time.Sleep(50 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("the flag is %s, and %s is expected of %s", ids().State, step.state, answer)
			}
		}
	}
}

// holdDefinitions holds all flags of the scenarios, what serve said, and the examples against
// deploy/fhir.
func holdDefinitions(t *testing.T, said []spoken) {
	patients := filepath.Join(t.TempDir(), "patients.yaml")
	if err := os.WriteFile(patients, []byte("audience: patient\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	all := replayFHIR(t, 2, scenarios)
	all = append(all, replayFHIR(t, 2, "--transitions", scenarios, "demo")...)
	all = append(all, replayFHIR(t, 0, "--config", patients, examplePath)...)
	for _, m := range said {
		switch m.Message {
		case "transition":
			all = append(all, profiled{flagURL, json.RawMessage(m.Payload)})
			f, err := issue.Unmarshal([]byte(m.Payload))
			if err != nil {
				t.Fatal(err)
			}
			if again, err := issue.Marshal(f); err != nil || string(again) != m.Payload {
				t.Errorf("read and written again it is another: %v\n%s\n%s", err, m.Payload, again)
			}
		case "acknowledgement":
			all = append(all, profiled{answerURL, json.RawMessage(m.Payload)})
		case "answerBundle":
			all = append(all, profiled{"", json.RawMessage(m.Payload)})
		}
	}
	all = append(all, profiled{flagURL, exampleFile(t, filepath.Join(examples, "flag.json"))})
	for _, name := range []string{"acknowledgement", "override"} {
		all = append(all, profiled{answerURL, exampleFile(t, filepath.Join(examples, name+".json"))})
	}
	for _, answer := range shownAnswers(t) {
		all = append(all, profiled{answerURL, answer})
	}
	wrong, wants := spoiltAnswers(t)
	faults := map[int]string{}
	for _, fault := range validate(t, "fhir.mjs", append(all, wrong...), fhirDir) {
		var i int
		if _, err := fmt.Sscanf(fault, "resource %d ", &i); err != nil || i < len(all) {
			t.Error(fault)
		}
		faults[i-len(all)] += fault + "\n"
	}
	for i, want := range wants {
		if !strings.Contains(faults[i], want) {
			t.Errorf("nothing says %q: %s", want, faults[i])
		}
	}
}

// holdSpoiltDefinitions sees that definitions which are wrong are found out.
func holdSpoiltDefinitions(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(fhirDir)); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "CodeSystem-reason.json")); err != nil {
		t.Fatal(err)
	}
	wants := []string{"ValueSet/reason: " + issue.BaseURL + "/CodeSystem/reason is not defined"}
	for _, c := range []struct{ file, old, new, want string }{
		{"StructureDefinition-state", `"kind": "complex-type"`, `"kind": "code"`, `"code" not found in value set`},
		{"StructureDefinition-next", `"definition"`, `"short"`, "sdf-3"},
		{"StructureDefinition-flag", `"DetectedIssue.severity"`, `"DetectedIssue.worst"`, "worst is no element"},
		{"StructureDefinition-audience", "ValueSet/audience", "ValueSet/nobody", "ValueSet/nobody is not defined"},
		{"CodeSystem-change", `"content"`, `"contents"`, "content: Missing"},
		{"ConceptMap-check-act-code", `"display": "Condition Alert"`, `"display": "Alert"`, "check-act-code: COND"},
	} {
		file := filepath.Join(dir, c.file+".json")
		text := string(exampleFile(t, file))
		changed := strings.ReplaceAll(text, c.old, c.new)
		if changed == text {
			t.Errorf("%s does not stand in %s", c.old, c.file)
		}
		if err := os.WriteFile(file, []byte(changed), 0o600); err != nil {
			t.Fatal(err)
		}
		wants = append(wants, c.want)
	}
	faults := strings.Join(validate(t, "fhir.mjs", []profiled{}, dir), "\n")
	for _, want := range wants {
		if !strings.Contains(faults, want) {
			t.Errorf("nothing says %q:\n%s", want, faults)
		}
	}
}

// spoiltAnswers are answers that are wrong, and what has to be said of each.
func spoiltAnswers(t *testing.T) (wrong []profiled, wants []string) {
	const structures = issue.BaseURL + "/StructureDefinition/"
	text := string(exampleFile(t, filepath.Join(examples, "override.json")))
	for _, c := range []struct{ old, new, want string }{
		{structures + "state", structures + "stat", "stat is not defined"},
		{`"valueCode": "confirmed"`, `"valueCode": "sure"`, "sure is not in"},
		{`"valueCode": "confirmed"`, `"valueString": "confirmed"`, "valueString and not valueCode"},
		{structures + "until", structures + "state", "state stands in DetectedIssue.mitigation"},
		{`"display": "Will be monitored"`, `"display": "Monitored"`, "has the display Monitored"},
		{`"code": "COND"`, `"code": "COND2"`, "COND2 is not in"},
		{`"status": "final"`, `"status": "over"`, `"over" not found`},
		{issue.FlagIDSystem, "urn:x", "rlsguard-5"},
		{`"action": {`, `"deed": {`, `additional property "deed"`},
	} {
		changed := strings.Replace(text, c.old, c.new, 1)
		if changed == text {
			t.Errorf("%s does not stand in the example", c.old)
		}
		wrong, wants = append(wrong, profiled{answerURL, json.RawMessage(changed)}), append(wants, c.want)
	}
	return wrong, wants
}
