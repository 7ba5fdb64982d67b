package dead

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rlsguard/rlsguard/cmd/rlsguard/connect"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/consumers/operate"
	"github.com/rlsguard/rlsguard/fhir"
)

type Command struct {
	List  DeadListCommand  `cmd:"" help:"List what was rejected."`
	Show  deadShowCommand  `cmd:"" help:"Show one dead letter with its payload."`
	Retry deadRetryCommand `cmd:"" help:"Submit rejected input again, after a fix."`
	Drop  deadDropCommand  `cmd:"" help:"Delete dead letters for good."`
}

// withDead connects for the commands about dead letters, and lets do work until Ctrl-C.
func withDead(f *connect.Flags, do func(context.Context, *operate.Operator) error) (err error) {
	ctx, stop := terminal.Interruptible()
	defer stop()
	nc, err := f.Connect("dead")
	if err != nil {
		return err
	}
	defer nc.Close()
	defer func() { err = nc.Explain(err) }()
	o, err := operate.NewOperator(nc.Conn, nc.Domain)
	if err != nil {
		return err
	}
	return do(ctx, o)
}

var deadReasons = append(slices.Clone(fhir.Reasons), layout.PartlyRead)

func checkReason(reason string) error {
	if reason == "" || slices.Contains(deadReasons, fhir.Reason(reason)) {
		return nil
	}
	return fmt.Errorf("--reason: %q is not one of %s", reason, strings.Trim(fmt.Sprint(deadReasons), "[]"))
}

type DeadListCommand struct {
	connect.Flags

	Reason string `placeholder:"REASON" help:"Only this reason, such as invalid-resource."`
	Limit  int    `default:"50" placeholder:"N" help:"Show at most N letters, newest first; 0 shows all."`
	Format string `enum:"text,json" default:"text" placeholder:"text|json" help:"json: one letter per line."`
}

// Help is shown below the options.
func (DeadListCommand) Help() string {
	return `Examples:
  rlsguard dead list --reason no-patient
  rlsguard dead list --limit 0 --format json | jq -r .reason | sort | uniq -c

Each rejected resource is a dead letter with a number in the stream RLS_DEAD. INPUT is its sequence in the stream FHIR. Details may quote patient data.`
}

// Run lists.
func (c *DeadListCommand) Run(p *terminal.Program) error {
	if err := checkReason(c.Reason); err != nil {
		return err
	}
	if c.Limit < 0 {
		return errors.New("--limit must be 0 or more")
	}
	return withDead(&c.Flags, func(ctx context.Context, o *operate.Operator) error { return c.list(ctx, p, o) })
}

func (c *DeadListCommand) list(ctx context.Context, p *terminal.Program, o *operate.Operator) error {
	var letters []layout.DeadLetter
	total := 0
	err := o.DeadLetters(ctx, c.Reason, func(l layout.DeadLetter) error {
		total++
		if letters = append(letters, l); c.Limit > 0 && len(letters) > 2*c.Limit {
			letters = append(letters[:0], letters[len(letters)-c.Limit:]...)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if c.Limit > 0 && len(letters) > c.Limit {
		letters = letters[len(letters)-c.Limit:]
	}
	for _, l := range letters {
		if err := printLetter(p, &l, c.Format); err != nil {
			return fmt.Errorf("output: %w", err)
		}
	}
	if c.Format == "text" {
		fmt.Fprintln(p.Stdout, listedWords(len(letters), total))
	}
	return nil
}

func listedWords(listed, total int) string {
	switch {
	case total == 0:
		return "There are no dead letters."
	case listed < total:
		return fmt.Sprintf(
			"The newest %d of %s; --limit 0 lists all.",
			listed,
			terminal.Plural(total, "dead letter", "dead letters"),
		)
	}
	return terminal.Plural(total, "dead letter", "dead letters") + "."
}

// letterJSON is a dead letter as programs read it.
type letterJSON struct {
	Number  uint64    `json:"number"`
	Time    time.Time `json:"time"`
	Reason  string    `json:"reason"`
	Detail  string    `json:"detail,omitempty"`
	Pointer string    `json:"pointer,omitempty"`
	Input   uint64    `json:"input,omitempty"`
	Bytes   int       `json:"bytes"`
	LeftOut bool      `json:"leftOut,omitempty"`
	Payload *string   `json:"payload,omitempty"`
}

func jsonOf(l *layout.DeadLetter) letterJSON {
	return letterJSON{
		Number:  l.Number,
		Time:    l.Time,
		Reason:  l.Reason,
		Detail:  l.Detail,
		Pointer: l.Pointer,
		Input:   l.Input,
		Bytes:   l.Size,
		LeftOut: l.LeftOut,
	}
}

func printLetter(p *terminal.Program, l *layout.DeadLetter, format string) error {
	if format == "json" {
		line, err := terminal.JSONLine(jsonOf(l))
		if err != nil {
			return err
		}
		return terminal.WriteLine(p.Stdout, line)
	}
	text := fmt.Sprintf("%d  %s  %s  input %d", l.Number, l.Time.Format("2006-01-02T15:04:05Z"), l.Reason, l.Input)
	if l.Pointer != "" {
		text += "  " + l.Pointer
	}
	if l.Detail != "" {
		text += "  " + l.Detail
	}
	_, err := fmt.Fprintln(p.Stdout, terminal.Harmless(text))
	return err
}
