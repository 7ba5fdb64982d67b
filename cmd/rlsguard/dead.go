package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rlsguard/rlsguard/consumers"
	"github.com/rlsguard/rlsguard/fhir"
)

type deadCommand struct {
	List  deadListCommand  `cmd:"" help:"List what was rejected."`
	Show  deadShowCommand  `cmd:"" help:"Show one dead letter with its payload."`
	Retry deadRetryCommand `cmd:"" help:"Put inputs through again, after a fix."`
	Drop  deadDropCommand  `cmd:"" help:"Remove dead letters for good."`
}

// connectDead connects for the commands about dead letters.
func connectDead(f *natsFlags) (*consumers.Operator, func(), error) {
	nc, err := f.connect("dead")
	if err != nil {
		return nil, nil, err
	}
	o, err := consumers.NewOperator(nc)
	if err != nil {
		nc.Close()
		return nil, nil, err
	}
	return o, nc.Close, nil
}

var deadReasons = []fhir.Reason{fhir.InvalidJSON, fhir.NotFHIR, fhir.UnsupportedVersion, fhir.InvalidResource, fhir.NoPatient, fhir.TooLarge, fhir.TooDeep, fhir.UnsupportedEncoding}

func checkReason(reason string) error {
	if reason == "" || slices.Contains(deadReasons, fhir.Reason(reason)) {
		return nil
	}
	return fmt.Errorf("--reason: %q is not one of %s", reason, strings.Trim(fmt.Sprint(deadReasons), "[]"))
}

type deadListCommand struct {
	natsFlags

	Reason string `placeholder:"REASON" help:"Only those of this reason, such as invalid-resource."`
	Limit  int    `default:"50" help:"At most so many, the newest; 0 is all."`
	Format string `enum:"text,json" default:"text" help:"text to read, json (a line each) for programs."`
}

// Help is shown below the options.
func (deadListCommand) Help() string {
	return `Each rejected resource is a dead letter, known by its number in the stream RLS_DEAD. INPUT is the sequence in the stream FHIR. Details may quote the input.

Examples:
  rlsguard dead list --reason no-patient
  rlsguard dead list --limit 0 --format json | jq -r .reason | sort | uniq -c`
}

// Run lists.
func (c *deadListCommand) Run(p *program) error {
	if err := checkReason(c.Reason); err != nil {
		return err
	}
	if c.Limit < 0 {
		return errors.New("--limit has to be 0 or above")
	}
	ctx, stop := interruptible()
	defer stop()
	o, closeAll, err := connectDead(&c.natsFlags)
	if err != nil {
		return err
	}
	defer closeAll()
	var letters []consumers.DeadLetter
	total := 0
	err = o.DeadLetters(ctx, c.Reason, func(l consumers.DeadLetter) error {
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
		if err := p.printLetter(&l, c.Format); err != nil {
			return fmt.Errorf("output: %w", err)
		}
	}
	if c.Format == "text" {
		fmt.Fprintln(p.stdout, listedWords(len(letters), total))
	}
	return nil
}

func listedWords(listed, total int) string {
	switch {
	case total == 0:
		return "There are no dead letters."
	case listed < total:
		return fmt.Sprintf("The newest %d of %s; --limit 0 lists all.", listed, plural(total, "dead letter", "dead letters"))
	}
	return plural(total, "dead letter", "dead letters") + "."
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

func jsonOf(l *consumers.DeadLetter) letterJSON {
	return letterJSON{Number: l.Number, Time: l.Time, Reason: l.Reason, Detail: l.Detail, Pointer: l.Pointer, Input: l.Input, Bytes: l.Size, LeftOut: l.LeftOut}
}

func (p *program) printLetter(l *consumers.DeadLetter, format string) error {
	if format == "json" {
		line, err := lineOf(jsonOf(l))
		if err != nil {
			return err
		}
		return writeLine(p.stdout, line)
	}
	text := fmt.Sprintf("%d  %s  %s  input %d", l.Number, l.Time.Format("2006-01-02T15:04:05Z"), l.Reason, l.Input)
	if l.Pointer != "" {
		text += "  " + l.Pointer
	}
	if l.Detail != "" {
		text += "  " + l.Detail
	}
	_, err := fmt.Fprintln(p.stdout, harmless(text))
	return err
}

type deadShowCommand struct {
	natsFlags

	Payload bool   `help:"Only the payload, byte for byte as it was received, for a file or another program."`
	Format  string `enum:"text,json" default:"text" help:"text to read, json for programs."`
	Number  uint64 `arg:"" help:"Number of the dead letter, as dead list prints it."`
}

// Help is shown below the options.
func (deadShowCommand) Help() string {
	return `The payload is patient data. What a terminal would act on in it is shown as a replacement character. A payload that was left out of the letter is read from the stream FHIR.

Examples:
  rlsguard dead show 12
  rlsguard dead show 12 --payload >input.json`
}

// Run shows one.
func (c *deadShowCommand) Run(p *program) error {
	ctx, stop := interruptible()
	defer stop()
	o, closeAll, err := connectDead(&c.natsFlags)
	if err != nil {
		return err
	}
	defer closeAll()
	l, data, err := o.DeadLetter(ctx, c.Number)
	if err != nil {
		return fmt.Errorf("dead letter %d: %w", c.Number, err)
	}
	if data == nil && l.LeftOut && c.Payload {
		return fmt.Errorf("dead letter %d: %w", c.Number, consumers.ErrNoPayload)
	}
	if c.Payload {
		_, err := p.stdout.Write(data)
		return err
	}
	l.Size = len(data)
	if c.Format == "json" {
		letter, text := jsonOf(&l), string(data)
		letter.Payload = &text
		line, err := lineOf(letter)
		if err != nil {
			return err
		}
		return writeLine(p.stdout, line)
	}
	for _, row := range []struct{ name, text string }{
		{"Number", fmt.Sprint(l.Number)}, {"Time", l.Time.Format(time.RFC3339)}, {"Reason", l.Reason}, {"Detail", l.Detail}, {"Pointer", l.Pointer},
		{"Input", fmt.Sprintf("sequence %d of the stream FHIR", l.Input)}, {"Payload", payloadWords(&l, data)},
	} {
		if row.text != "" {
			fmt.Fprintf(p.stdout, "%-9s%s\n", row.name, harmless(row.text))
		}
	}
	for line := range strings.Lines(indented(data)) {
		fmt.Fprintln(p.stdout, "  "+harmlessLine(strings.TrimRight(line, "\r\n")))
	}
	return nil
}

func payloadWords(l *consumers.DeadLetter, data []byte) string {
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
	return line[:len(line)-len(rest)] + harmless(strings.ToValidUTF8(rest, "\ufffd"))
}

// deadSelection are the options that say which letters are meant.
type deadSelection struct {
	natsFlags

	Reason  string   `placeholder:"REASON" help:"All of this reason."`
	All     bool     `help:"All there are; needs --yes."`
	Yes     bool     `help:"Yes, all."`
	Numbers []uint64 `arg:"" optional:"" name:"number" help:"Numbers of dead letters, as dead list prints them."`
}

func (c *deadSelection) selection() (consumers.DeadSelection, error) {
	s := consumers.DeadSelection{Numbers: c.Numbers, Reason: c.Reason, All: c.All}
	ways := 0
	for _, set := range []bool{len(c.Numbers) > 0, c.Reason != "", c.All} {
		if set {
			ways++
		}
	}
	switch {
	case ways != 1:
		return s, errors.New("give either numbers, or --reason, or --all with --yes")
	case c.All && !c.Yes:
		return s, errors.New("--all means every dead letter there is: add --yes")
	}
	return s, checkReason(c.Reason)
}

// find reads the letters that are meant; numbers that nobody has are reported.
func (c *deadSelection) find(ctx context.Context, p *program, o *consumers.Operator, siblings bool) ([]consumers.DeadLetter, error) {
	s, err := c.selection()
	if err != nil {
		return nil, err
	}
	letters, missing, err := o.Select(ctx, s, siblings)
	if err != nil {
		return nil, err
	}
	for _, n := range missing {
		fmt.Fprintf(p.stderr, "rlsguard: dead letter %d: %s\n", n, consumers.ErrNoLetter)
	}
	if len(missing) > 0 {
		return letters, errReported
	}
	return letters, nil
}

type deadRetryCommand struct {
	deadSelection

	Wait bool `help:"Return when it has been decided about them, and tell what was rejected again."`
}

// Help is shown below the options.
func (deadRetryCommand) Help() string {
	return `Publishes the payloads on fhir.<ResourceType> as new messages, and removes the letters once those are stored. All rejections of one input, such as a Bundle, go as one. What is still wrong becomes a new dead letter; what was right the first time changes nothing when it comes again. It needs a producer's rights besides those of an operator; acknowledgements go on fhir.DetectedIssue only if they came there.

Exit codes: 0 done; 1 some could not be put through and stay; 2 with --wait: some were rejected again.

Examples:
  rlsguard dead retry 12 13
  rlsguard dead retry --reason invalid-resource --wait`
}

// Run retries.
func (c *deadRetryCommand) Run(p *program) error {
	if _, err := c.selection(); err != nil {
		return err
	}
	ctx, stop := interruptible()
	defer stop()
	o, closeAll, err := connectDead(&c.natsFlags)
	if err != nil {
		return err
	}
	defer closeAll()
	letters, failed := c.find(ctx, p, o, true)
	if failed != nil && !errors.Is(failed, errReported) {
		return failed
	}
	bar := startProgress(p.stderr, "putting through", int64(len(letters)), func(n int64) string { return plural(int(n), "letter", "letters") })
	done, err := o.Retry(ctx, letters, func() { bar.add(1) })
	bar.end()
	for _, l := range letters {
		if err := done.Failed[l.Number]; err != nil {
			fmt.Fprintf(p.stderr, "rlsguard: dead letter %d stays: %s\n", l.Number, harmless(err.Error()))
			failed = errReported
		}
	}
	fmt.Fprintf(p.stdout, "%s put through again, %s removed\n", plural(done.Inputs, "input", "inputs"), plural(done.Letters, "dead letter", "dead letters"))
	if err != nil || !c.Wait || done.Inputs == 0 {
		return errors.Join(err, failed)
	}
	if err := c.wait(ctx, p, o, &done); err != nil {
		return err
	}
	return failed
}

// wait tells what was rejected again.
func (c *deadRetryCommand) wait(ctx context.Context, p *program, o *consumers.Operator, done *consumers.Retried) error {
	if err := o.WaitDecided(ctx, done.Last); err != nil {
		return err
	}
	again, err := o.RejectedAgain(ctx, done)
	if err != nil || len(again) == 0 {
		return err
	}
	fmt.Fprintln(p.stdout, "Rejected again:")
	for _, l := range again {
		if err := p.printLetter(&l, "text"); err != nil {
			return fmt.Errorf("output: %w", err)
		}
	}
	return errRejected
}

type deadDropCommand struct{ deadSelection }

// Help is shown below the options.
func (deadDropCommand) Help() string {
	return `Removes dead letters, and what they hold of the payload. The input stays in the stream FHIR as long as that keeps it.

Examples:
  rlsguard dead drop 12
  rlsguard dead drop --reason not-fhir
  rlsguard dead drop --all --yes`
}

// Run drops.
func (c *deadDropCommand) Run(p *program) error {
	if _, err := c.selection(); err != nil {
		return err
	}
	ctx, stop := interruptible()
	defer stop()
	o, closeAll, err := connectDead(&c.natsFlags)
	if err != nil {
		return err
	}
	defer closeAll()
	letters, failed := c.find(ctx, p, o, false)
	if failed != nil && !errors.Is(failed, errReported) {
		return failed
	}
	bar := startProgress(p.stderr, "removing", int64(len(letters)), func(n int64) string { return plural(int(n), "letter", "letters") })
	defer bar.end()
	for _, l := range letters {
		if err := o.Drop(ctx, l.Number); err != nil {
			return err
		}
		bar.add(1)
	}
	fmt.Fprintf(p.stdout, "%s removed\n", plural(len(letters), "dead letter", "dead letters"))
	return failed
}
