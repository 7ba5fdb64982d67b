package dead

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/rlsguard/rlsguard/cmd/rlsguard/connect"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/consumers/operate"
)

type deadShowCommand struct {
	connect.Flags

	Payload bool   `help:"Print only the payload, byte for byte as received."`
	Format  string `enum:"text,json" default:"text" placeholder:"text|json" help:"Output format."`
	Number  uint64 `arg:"" help:"Number of the dead letter, from dead list."`
}

// Help is shown below the options.
func (deadShowCommand) Help() string {
	return `Examples:
  rlsguard dead show 12
  rlsguard dead show 12 --payload >input.json

The payload is patient data. Control characters are shown as replacement characters. A payload not kept in the letter is read from the stream FHIR.`
}

// Run shows one.
func (c *deadShowCommand) Run(p *terminal.Program) error {
	return withDead(&c.Flags, func(ctx context.Context, o *operate.Operator) error { return c.show(ctx, p, o) })
}

func (c *deadShowCommand) show(ctx context.Context, p *terminal.Program, o *operate.Operator) error {
	l, data, err := o.DeadLetter(ctx, c.Number)
	if err != nil {
		return fmt.Errorf("dead letter %d: %w", c.Number, err)
	}
	if data == nil && l.LeftOut && c.Payload {
		return fmt.Errorf("dead letter %d: %w", c.Number, operate.ErrNoPayload)
	}
	if c.Payload {
		_, err := p.Stdout.Write(data)
		return err
	}
	l.Size = len(data)
	if c.Format == "json" {
		letter, text := jsonOf(&l), string(data)
		letter.Payload = &text
		line, err := terminal.JSONLine(letter)
		if err != nil {
			return err
		}
		return terminal.WriteLine(p.Stdout, line)
	}
	for _, row := range []struct{ name, text string }{
		{"Number", fmt.Sprint(l.Number)}, {"Time", l.Time.Format(time.RFC3339)}, {"Reason", l.Reason},
		{"Detail", l.Detail}, {"Pointer", l.Pointer},
		{"Input", fmt.Sprintf("sequence %d of the stream FHIR", l.Input)}, {"Payload", payloadWords(&l, data)},
	} {
		if row.text != "" {
			fmt.Fprintf(p.Stdout, "%-9s%s\n", row.name, terminal.Harmless(row.text))
		}
	}
	for line := range strings.Lines(indented(data)) {
		fmt.Fprintln(p.Stdout, "  "+harmlessLine(strings.TrimRight(line, "\r\n")))
	}
	return nil
}

func payloadWords(l *layout.DeadLetter, data []byte) string {
	switch {
	case data == nil && l.LeftOut:
		return "left out, and the stream FHIR does not hold it any more"
	case l.LeftOut:
		return fmt.Sprintf("%d bytes, from the stream FHIR", len(data))
	}
	return fmt.Sprintf("%d bytes", len(data))
}

// indented sets JSON out in lines; anything else stays as it is.
func indented(data []byte) string {
	var b bytes.Buffer
	if json.Indent(&b, data, "", "  ") != nil {
		return string(data)
	}
	return b.String()
}

// harmlessLine is a line without what a terminal would act on, its indentation kept.
func harmlessLine(line string) string {
	rest := strings.TrimLeft(line, " ")
	return line[:len(line)-len(rest)] + terminal.Harmless(strings.ToValidUTF8(rest, "\ufffd"))
}
