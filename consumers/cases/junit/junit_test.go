package junit

import (
	"bytes"
	"encoding/xml"
	"errors"
	"strings"
	"testing"

	"github.com/rlsguard/rlsguard/consumers/cases"
)

func TestJUnitIsXML(t *testing.T) {
	c := &cases.Case{Name: "x", Suite: "cases & <more>", Title: "a \x1b[31mred\x00 title"}
	results := []cases.Result{
		{Case: c, Differences: []cases.Difference{{Kind: "missing", Text: "Patient/1 rls-snri low"}}},
		{Case: c, Skipped: "why"},
		{Case: &cases.Case{Suite: "other", Name: "e"}, Err: errors.New("broken \x07")},
	}
	var b bytes.Buffer
	if err := Write(&b, results); err != nil {
		t.Fatal(err)
	}
	var read suites
	if err := xml.Unmarshal(b.Bytes(), &read); err != nil {
		t.Fatalf("%v\n%s", err, &b)
	}
	if read.Tests != 3 || read.Failures != 1 || read.Errors != 1 || read.Skipped != 1 || len(read.Suites) != 2 ||
		read.Suites[0].Name != "cases & <more>" {
		t.Errorf("%+v", read)
	}
	if f := read.Suites[0].Cases[0].Failure; f == nil || !strings.Contains(f.Text, "missing: Patient/1 rls-snri low") {
		t.Errorf("failure %+v", f)
	}
}
