package issue

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/ahead"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
)

var updateFlagGolden = flag.Bool("update-flags", false, "write testdata/detectedissue*.json anew")

// exampleFlag has every element that a flag can have.
func exampleFlag() checks.Flag {
	return checks.Flag{
		Finding: checks.Finding{
			Check: "rls-ssri", Ingredient: "sertraline", Patient: "Patient/1", Severity: checks.Moderate,
			RLS: checks.RLSConfirmed,
			Implicated: []facts.Ref{
				"MedicationRequest/10",
				"MedicationRequest/9",
			}, Evidence: []facts.Ref{"Condition/7", "Observation/3"}, Basis: "5d41402abc4b2a76",
			Summary:      "Sertraline may worsen restless legs syndrome (RLS <confirmed> by Condition/7).",
			Action:       "Review with the prescriber.\n\nDo not stop it abruptly.",
			Alternatives: []string{"bupropion", "trazodone (limited evidence)"},
			Citations: []checks.Citation{
				{
					Source:   "AASM 2025",
					DOI:      "10.5664/jcsm.11390",
					Strength: "good practice statement",
					Review:   "pending",
				},
				{Source: "Kolla 2018", Review: "pending"},
			},
		},
		Next: ahead.Next{
			At: moment.Time{Nanos: time.Date(2027, 1, 22, 0, 0, 0, 0, time.UTC).UnixNano(), Precision: moment.ToDay},
			To: ahead.Worse,
		},
		ID: "3d3f2a10-55aa-8c1d-9e4f-0123456789ab", Number: 4, State: checks.Overridden,
		Change: checks.ChangeOverridden,
		AsOf:   time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC), Ruleset: "9f86d081884c7d65",
		Ack: &facts.Acknowledgement{
			FlagID:   "3d3f2a10-55aa-8c1d-9e4f-0123456789ab",
			Basis:    "5d41402abc4b2a76",
			Override: true,
			Reason:   "benefit-outweighs-risk",
			Author:   "Practitioner/5",
			Comment:  "Agreed with the prescriber; seen again in May.",
			Date: moment.Instant(
				time.Date(2026, 11, 22, 17, 30, 0, 0, time.UTC),
			),
			Until: moment.Time{Nanos: time.Date(2027, 5, 1, 0, 0, 0, 0, time.UTC).UnixNano(),
				Precision: moment.ToDay},
		},
	}
}

func TestFlagAsDetectedIssueIsAsAgreed(t *testing.T) {
	resolved := exampleFlag()
	resolved.State, resolved.Change, resolved.Reason, resolved.Ack = checks.Resolved, checks.ChangeResolved,
		checks.ReasonLabArrived, nil
	resolved.Check, resolved.Ingredient, resolved.Action, resolved.Alternatives,
		resolved.Citations = "iron-labs-missing", "", "", nil, nil
	for name, f := range map[string]checks.Flag{"detectedissue": exampleFlag(), "detectedissue_resolved": resolved} {
		b, err := Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if err := json.Indent(&got, b, "", "  "); err != nil {
			t.Fatal(err)
		}
		got.WriteByte('\n')
		file := "testdata/" + name + ".json"
		if *updateFlagGolden {
			if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
		mustComeBack(t, f)
	}
}

// Flags that earlier versions stored have no id, no displays and resourceType at the end.
func TestFlagsOfEarlierVersionsAreRead(t *testing.T) {
	b, err := os.ReadFile("testdata/detectedissue_without_id.json")
	if err != nil {
		t.Fatal(err)
	}
	got, err := Unmarshal(b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(exampleFlag(), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Who reads a stream of JSON wants to know at once what comes. An id has to be one that FHIR allows.
func TestFlagBeginsWithTypeAndID(t *testing.T) {
	for id, want := range map[string]string{
		"3d3f2a10-55aa-8c1d":    `{"resourceType":"DetectedIssue","id":"3d3f2a10-55aa-8c1d",`,
		"a flag":                `{"resourceType":"DetectedIssue","extension":`,
		strings.Repeat("a", 65): `{"resourceType":"DetectedIssue","extension":`,
	} {
		f := exampleFlag()
		f.ID = id
		if b, err := Marshal(f); err != nil || !bytes.HasPrefix(b, []byte(want)) {
			t.Errorf("%s: %v, %.120s", id, err, b)
		}
	}
	if b, err := MarshalAnswer(exampleFlag()); err != nil || bytes.Contains(b, []byte(`"id":`)) {
		t.Errorf("an answer has the id of the flag: %v, %s", err, b)
	}
}

// Every check has a row in the table of categories, and no other has.
func TestEveryCheckHasACategoryOrNone(t *testing.T) {
	rows := maps.Clone(categories)
	for _, c := range checks.Catalogue() {
		if _, ok := rows[c.ID]; !ok {
			t.Errorf("%s has no row", c.ID)
		}
		delete(rows, c.ID)
	}
	for id := range rows {
		t.Errorf("%s is no check", id)
	}
}

// mustComeBack fails when f is lost in part on its way through a DetectedIssue, or that is not
// valid FHIR.
func mustComeBack(t interface {
	Helper()
	Fatalf(string, ...any)
}, f checks.Flag) {
	t.Helper()
	b, err := Marshal(f)
	if err != nil {
		t.Fatalf("MarshalFlag: %v", err)
	}
	var tree any
	if err := json.Unmarshal(b, &tree); err != nil {
		t.Fatalf("no JSON: %v", err)
	}
	if at := emptyElement(tree, ""); at != "" {
		t.Fatalf("FHIR has no empty elements, and %s is one in\n%s", at, b)
	}
	got, err := Unmarshal(b)
	if err != nil {
		t.Fatalf("UnmarshalFlag: %v\n%s", err, b)
	}
	if diff := cmp.Diff(f, got, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("not what was written (-written +read):\n%s\n%s", diff, b)
	}
}

// emptyElement is the path of an empty object, array or string, or null, in v; "" when there is
// none.
func emptyElement(v any, at string) string {
	switch v := v.(type) {
	case map[string]any:
		for name, e := range v {
			if p := emptyElement(e, at+"/"+name); p != "" {
				return p
			}
		}
		if len(v) > 0 {
			return ""
		}
	case []any:
		for _, e := range v {
			if p := emptyElement(e, at+"/-"); p != "" {
				return p
			}
		}
		if len(v) > 0 {
			return ""
		}
	case string:
		if v != "" {
			return ""
		}
	case bool, float64:
		return ""
	}
	return at + "/"
}

func TestAnyFlagComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { mustComeBack(t, anyFlag.Draw(t, "flag")) })
}

func TestStatusSaysWhatBecameOfTheFlag(t *testing.T) {
	for _, c := range []struct {
		change checks.Change
		state  checks.FlagState
		reason checks.Reason
		want   string
	}{
		{checks.ChangeOpened, checks.Open, "", "final"},
		{"", checks.Open, "", "final"},
		{checks.ChangeAcknowledged, checks.Acknowledged, "", "final"},
		{checks.ChangeOverridden, checks.Overridden, "", "final"},
		{checks.ChangeUpdated, checks.Open, "", "amended"},
		{checks.ChangeUpdated, checks.Overridden, "", "amended"},
		{checks.ChangeMoved, checks.Open, "", "cancelled"},
		{checks.ChangeResolved, checks.Resolved, checks.ReasonSupplyEnded, "cancelled"},
		{"", checks.Resolved, checks.ReasonSupplyEnded, "cancelled"},
		{checks.ChangeResolved, checks.Resolved, checks.ReasonEnteredInError, "entered-in-error"},
	} {
		f := exampleFlag()
		f.Change, f.State, f.Reason = c.change, c.state, c.reason
		b, err := Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		var got struct{ Status string }
		if err := json.Unmarshal(b, &got); err != nil || got.Status != c.want {
			t.Errorf(
				"change %q, state %q, reason %q: status %q, want %q (%v)",
				c.change,
				c.state,
				c.reason,
				got.Status,
				c.want,
				err,
			)
		}
	}
}

// A FHIR unsignedInt ends at 2147483647.
func TestLargeNumberOfAFlagIsADecimal(t *testing.T) {
	for number, want := range map[uint64]string{1<<31 - 1: `"valueUnsignedInt":2147483647`,
		1 << 31: `"valueDecimal":2147483648`} {
		f := exampleFlag()
		f.Number = number
		if b, err := Marshal(f); err != nil || !bytes.Contains(b, []byte(want)) {
			t.Errorf("%d: %v, want %s in %s", number, err, want, b)
		}
		mustComeBack(t, f)
	}
}

func TestFlagThatNobodyKnowsIsNotWritten(t *testing.T) {
	for name, spoil := range map[string]func(*checks.Flag){
		"state":    func(f *checks.Flag) { f.State = "closed" },
		"change":   func(f *checks.Flag) { f.Change = "renamed" },
		"reason":   func(f *checks.Flag) { f.Reason = "tired" },
		"severity": func(f *checks.Flag) { f.Severity = checks.High + 1 },
		"RLS":      func(f *checks.Flag) { f.RLS = checks.RLSConfirmed + 1 },
		"next":     func(f *checks.Flag) { f.Next.To = "better" },
		"as-of":    func(f *checks.Flag) { f.AsOf = time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC) },
	} {
		f := exampleFlag()
		spoil(&f)
		if b, err := Marshal(f); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %s, %v; want an error that names it", name, b, err)
		}
	}
}

func TestOtherDetectedIssueIsNoFlag(t *testing.T) {
	good, err := Marshal(exampleFlag())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, new, want string }{
		{`"resourceType":"DetectedIssue"`, `"resourceType":"Basic"`, "resourceType"},
		{FlagIDSystem, "urn:other", "identifier"},
		{CheckSystem, "urn:other", "code of system"},
		{`"severity":"moderate"`, `"severity":"secret"`, "severity"},
		{`"status":"final"`, `"status":"secret"`, "status"},
		{`"status":"final"`, `"status":"amended"`, "status"},
		{`"valueCode":"overridden"`, `"valueCode":"secret"`, "not a known one"},
		{`"valueCode":"worse"`, `"valueCode":"secret"`, "next"},
		{`"valueCode":"confirmed"`, `"valueCode":"secret"`, "RLS status"},
		{`"valueUnsignedInt":4`, `"valueUnsignedInt":-4`, "number"},
		{`"valueUnsignedInt":4`, `"valueDecimal":0.5`, "number"},
		{`"identifiedDateTime":"2026`, `"identifiedDateTime":"secret`, "identifiedDateTime"},
		{`"date":"2026`, `"date":"secret`, "mitigation.date"},
		{`"valueDateTime":"2027-05`, `"valueDateTime":"secret-05`, "until"},
		{`"detail":"`, `"detail":"secret`, ""},
		{`Do not stop it abruptly."`, `secret"`, "detail"},
		{`"mitigation":[`, `"mitigation":[{"action":{"text":"secret"}},`, "mitigation"},
		{`"patient":{`, `"patient":"secret","x":{`, "patient"},
		{`"id`, `secret`, "JSON"},
	} {
		b := []byte(strings.Replace(string(good), c.old, c.new, 1))
		if bytes.Equal(b, good) {
			t.Fatalf("%s is not in %s", c.old, good)
		}
		f, err := Unmarshal(b)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.new, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(),
			"secret")):
			t.Errorf("%s: got %+v, %v; want an error with %q and nothing of the input", c.new, f, err, c.want)
		}
	}
}

// Whoever adds extensions of their own, or a narrative, does not make a flag unreadable.
func TestForeignElementsOfAFlagArePassedOver(t *testing.T) {
	good, err := Marshal(exampleFlag())
	if err != nil {
		t.Fatal(err)
	}
	b := strings.Replace(
		string(good),
		`"extension":[`,
		`"id":"x","text":{"status":"generated","div":"<div/>"},"extension":[{"url":"http://other.example/a",`+
			`"valueCode":"b"},`,
		1,
	)
	got, err := Unmarshal([]byte(b))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(exampleFlag(), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func FuzzUnmarshalFlag(f *testing.F) {
	for _, name := range []string{"detectedissue", "detectedissue_resolved"} {
		b, err := os.ReadFile("testdata/" + name + ".json")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"resourceType":"DetectedIssue"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		flag, err := Unmarshal(b)
		if err != nil {
			return
		}
		again, err := Marshal(flag)
		if err != nil {
			t.Fatalf("read, but not written: %v\n%s", err, b)
		}
		if _, err := Unmarshal(again); err != nil {
			t.Fatalf("written, but not read: %v\n%s", err, again)
		}
	})
}

func BenchmarkFlag(b *testing.B) {
	f := exampleFlag()
	wire, err := Marshal(f)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("marshal", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Marshal(f); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(len(wire)), "B/flag")
	})
	b.Run("unmarshal", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Unmarshal(wire); err != nil {
				b.Fatal(err)
			}
		}
	})
}
