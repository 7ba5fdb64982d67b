package cases

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rlsguard/rlsguard/fhir/issue"
)

// profileCPG is the profile of a test case bundle (HL7 Clinical Practice Guidelines,
// hl7.org/fhir/uv/cpg): a collection of test data with one GuidanceResponse or MeasureReport, the
// expected outcome.
const profileCPG = "http://hl7.org/fhir/uv/cpg/StructureDefinition/cpg-testcasebundle"

type cpgBundle struct {
	ResourceType string `json:"resourceType"`
	ID           string `json:"id"`
	Meta         struct {
		Profile []string `json:"profile"`
	} `json:"meta"`
	Entry []cpgEntry `json:"entry"`
}

type cpgEntry struct {
	FullURL  string          `json:"fullUrl"`
	Resource json.RawMessage `json:"resource"`
}

type cpgOutcome struct {
	ResourceType       string          `json:"resourceType"`
	ID                 string          `json:"id"`
	Status             string          `json:"status"`
	OccurrenceDateTime string          `json:"occurrenceDateTime"`
	Result             json.RawMessage `json:"result"`
	OutputParameters   struct {
		Reference string `json:"reference"`
	} `json:"outputParameters"`
}

func isCPG(data []byte) bool {
	if !bytes.Contains(data, []byte("cpg-testcasebundle")) {
		return false
	}
	var b cpgBundle
	return json.Unmarshal(data, &b) == nil && b.ResourceType == "Bundle" &&
		slices.ContainsFunc(
			b.Meta.Profile,
			func(p string) bool { p, _, _ = strings.Cut(p, "|"); return p == profileCPG },
		)
}

// cpg is the case of a test case bundle. The DetectedIssues in the GuidanceResponse, contained or
// in its output parameters, are the expected flags. A successful one with neither result nor output
// expects none.
func (l *loader) cpg(path, name string, data []byte) *Case {
	c := l.newCase(strings.TrimSuffix(name, ".json"))
	c.source = readOnly{path}
	var b cpgBundle
	var doc map[string]json.RawMessage
	if c.Fault = cmp.Or(json.Unmarshal(data, &b), json.Unmarshal(data, &doc)); c.Fault != nil {
		return c
	}
	c.Title = cmp.Or(b.ID, "CPG test case bundle")
	c.Want.Unknown = "no GuidanceResponse in it, which would be the expected outcome"
	var input []json.RawMessage
	var rest []json.RawMessage
	_ = json.Unmarshal(doc["entry"], &rest) // as above
	for i, e := range b.Entry {
		var o cpgOutcome
		_ = json.Unmarshal(e.Resource, &o) // data of another shape is input
		switch o.ResourceType {
		case "MeasureReport":
			c.Want.Unknown = "its expected outcome is a MeasureReport, which names no flags"
		case "GuidanceResponse":
			c.expectGuidance(&b, &o, e.Resource)
		case "DetectedIssue", "Parameters": // part of the outcome
		default:
			input = append(input, rest[i])
		}
	}
	if doc["entry"], c.Fault = json.Marshal(input); c.Fault == nil {
		data, c.Fault = json.Marshal(doc)
	}
	c.files = []file{{"input.json", func() ([]byte, error) { return data, nil }}}
	if len(input) == 0 {
		c.Fault = fmt.Errorf("%s: no test data in it", path)
	}
	c.check()
	return c
}

func (c *Case) expectGuidance(b *cpgBundle, o *cpgOutcome, raw json.RawMessage) {
	c.setAsOf(o.OccurrenceDateTime)
	issues := detectedIssues(raw)
	for _, e := range b.Entry {
		if ref := o.OutputParameters.Reference; ref != "" &&
			(e.FullURL == ref || strings.HasSuffix(ref, "/"+idOf(e.Resource))) {
			issues = append(issues, detectedIssues(e.Resource)...)
		}
	}
	switch {
	case len(issues) == 0 && (o.Status != "success" || len(o.Result) > 0 || o.OutputParameters.Reference != ""):
		c.Want.Unknown = "its GuidanceResponse (" + o.Status + ") names no DetectedIssue with a check of this program"
		return
	}
	c.Want.Unknown = ""
	for _, raw := range issues {
		f, err := flagOfIssue(raw)
		if err != nil {
			c.Want.Unknown = "a DetectedIssue of its GuidanceResponse is no flag: " + err.Error()
		}
		c.Want.Flags = append(c.Want.Flags, f)
	}
}

// flagOfIssue reads as much of a DetectedIssue as a test needs, so that people can write it by
// hand.
func flagOfIssue(raw json.RawMessage) (f Flag, err error) {
	var in struct {
		Severity string `json:"severity"`
		Patient  struct {
			Reference string `json:"reference"`
		} `json:"patient"`
		Code struct {
			Coding []struct{ System, Code string } `json:"coding"`
		} `json:"code"`
		Extension []struct {
			URL         string `json:"url"`
			ValueString string `json:"valueString"`
		} `json:"extension"`
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return f, err
	}
	f = Flag{Patient: in.Patient.Reference, Severity: in.Severity}
	for _, c := range in.Code.Coding {
		if c.System == issue.CheckSystem {
			f.Check = c.Code
		}
	}
	for _, e := range in.Extension {
		if e.URL == issue.ExtIngredient {
			f.Ingredient = e.ValueString
		}
	}
	if f.Patient == "" || f.Check == "" || f.Severity == "" {
		return f, fmt.Errorf("it needs a patient, a severity and a code of the system %s", issue.CheckSystem)
	}
	return f, nil
}

func idOf(raw json.RawMessage) string {
	var r struct {
		ID string `json:"id"`
	}
	_ = json.Unmarshal(raw, &r) // without one nothing refers to it
	return cmp.Or(r.ID, "-")
}

// detectedIssues are those anywhere inside a resource.
func detectedIssues(raw json.RawMessage) (found []json.RawMessage) {
	var list []json.RawMessage
	var object map[string]json.RawMessage
	switch {
	case json.Unmarshal(raw, &list) == nil:
		for _, item := range list {
			found = append(found, detectedIssues(item)...)
		}
	case json.Unmarshal(raw, &object) == nil:
		if string(object["resourceType"]) == `"DetectedIssue"` {
			return []json.RawMessage{raw}
		}
		for _, name := range []string{"contained", "parameter", "resource", "part"} {
			if object[name] != nil {
				found = append(found, detectedIssues(object[name])...)
			}
		}
	}
	return found
}

// IsCPG reports whether a case was read from a CPG test case bundle.
func (c *Case) IsCPG() bool { _, is := c.source.(readOnly); return is }

// WriteTo writes a case into a folder: its input and its tables.
func (c *Case) WriteTo(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	for _, f := range c.inputs() {
		data, err := f.read()
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, f.name), data, 0o666); err != nil {
			return err
		}
	}
	if c.AsOf != "" {
		if err := os.WriteFile(filepath.Join(dir, asOfFile), []byte(c.AsOf+"\n"), 0o666); err != nil {
			return err
		}
	}
	tables := caseTables{dir: dir}
	return tables.update(c, &Got{Flags: c.Want.Flags, Rejected: c.Want.Rejected})
}
