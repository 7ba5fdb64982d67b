package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// closed is an output that nobody reads.
type closed struct{}

func (closed) Write([]byte) (int, error) { return 0, errors.New("closed") }

// events are n pairs of lines, each of which opens a flag, and tell how many were read.
type events struct {
	n, read int
	line    bytes.Buffer
}

func (e *events) Read(p []byte) (int, error) {
	if e.line.Len() == 0 {
		if e.read == e.n {
			return 0, io.EOF
		}
		e.read++
		fmt.Fprintf(
			&e.line,
			`{"resourceType":"Condition","id":"c%[1]d","subject":{"reference":"Patient/%[1]d"},"code":{"coding":[{"system":"http://snomed.info/sct","code":"32914008"}]}}
{"resourceType":"MedicationRequest","id":"m%[1]d","status":"active","intent":"order","subject":{"reference":"Patient/%[1]d"},"medicationCodeableConcept":{"text":"sertraline 50 mg"}}
`,
			e.read,
		)
	}
	return e.line.Read(p)
}

// Whoever closes the output of a replay is not waited for: what is left is not read, unless an
// account of it is wanted.
func TestReplayEndsWithItsOutput(t *testing.T) {
	for _, account := range []bool{false, true} {
		in := &events{n: 4000}
		args := []string{"replay", "--transitions", "--as-of", "2026-11-23", "-"}
		if account {
			args = append(args, "--summary", t.TempDir()+"/account.json")
		}
		var stderr bytes.Buffer
		if code := run(args, in, closed{}, &stderr); code == 0 || !strings.Contains(stderr.String(), "output: closed") {
			t.Errorf("exit code %d, %s", code, &stderr)
		}
		if whole := in.read == in.n; whole != account {
			t.Errorf("with an account %v, %d of %d events were read", account, in.read, in.n)
		}
	}
}
