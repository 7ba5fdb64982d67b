package show

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/consumers/ordercheck"
)

// flagLine is a flag as a line of JSON; keys and their order are promised to others.
type flagLine struct {
	ordercheck.Line
	transitionLine
}

// transitionLine is what a transition adds to its flag.
type transitionLine struct {
	Change  checks.Change `json:"change,omitempty"`
	Number  uint64        `json:"number,omitempty"`
	Reason  checks.Reason `json:"reason,omitempty"`
	Ruleset string        `json:"ruleset,omitempty"`
}

// JSON writes f as one line of JSON without its newline; as a transition with what changed, too.
// Absent values are left out. Characters that a terminal would act on, or that turn the reading
// direction, are escaped.
func JSON(f checks.Flag, transition bool) ([]byte, error) {
	line := flagLine{Line: ordercheck.LineOf(&f)}
	if transition {
		line.transitionLine = transitionLine{f.Change, f.Number, f.Reason, f.Ruleset}
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(line); err != nil {
		return nil, fmt.Errorf("flag as JSON: %w", err)
	}
	return terminal.EscapeInvisible(bytes.TrimSuffix(out.Bytes(), []byte("\n"))), nil
}
