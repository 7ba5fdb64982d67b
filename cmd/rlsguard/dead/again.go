package dead

import (
	"context"
	"errors"
	"fmt"

	"github.com/rlsguard/rlsguard/cmd/rlsguard/connect"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/consumers/operate"
)

// deadSelection are the options that say which letters are meant.
type deadSelection struct {
	connect.Flags

	Reason  string   `placeholder:"REASON" help:"All letters with this reason."`
	All     bool     `help:"All letters; needs --yes."`
	Yes     bool     `help:"Confirm --all."`
	Numbers []uint64 `arg:"" optional:"" name:"number" help:"Numbers of dead letters, from dead list."`
}

func (c *deadSelection) selection() (operate.DeadSelection, error) {
	s := operate.DeadSelection{Numbers: c.Numbers, Reason: c.Reason, All: c.All}
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

// run calls do with the letters that are meant; numbers that nobody has are reported.
func (c *deadSelection) run(
	p *terminal.Program,
	siblings bool,
	do func(context.Context, *operate.Operator, []layout.DeadLetter) error,
) error {
	s, err := c.selection()
	if err != nil {
		return err
	}
	s.Rejected = siblings // what is put through again is what did not count
	return withDead(&c.Flags, func(ctx context.Context, o *operate.Operator) error {
		letters, missing, err := o.Select(ctx, s, siblings)
		if err != nil {
			return err
		}
		for _, n := range missing {
			terminal.Tell(p.Stderr, "dead letter %d: %s", n, operate.ErrNoLetter)
		}
		if err := do(ctx, o, letters); err != nil {
			return err
		}
		if len(missing) > 0 {
			return terminal.ErrReported
		}
		return nil
	})
}

type deadRetryCommand struct {
	deadSelection

	Wait bool `help:"Wait for the decision, and report what was rejected again."`
}

// Help is shown below the options.
func (deadRetryCommand) Help() string {
	return `Examples:
  rlsguard dead retry 12 13
  rlsguard dead retry --reason invalid-resource --wait

Publishes the payloads as new messages on fhir.<ResourceType>, then removes the letters. All rejections of one input, such as a Bundle, go together. What is still wrong becomes a new dead letter; what was accepted the first time changes nothing.

Needs the rights of an operator and a producer. Acknowledgements go to fhir.DetectedIssue only if they came from there.

Exit codes: 0 done; 1 some could not be sent and stay; 2 with --wait: some were rejected again.`
}

// Run retries.
func (c *deadRetryCommand) Run(p *terminal.Program) error {
	return c.run(p, true, func(ctx context.Context, o *operate.Operator, letters []layout.DeadLetter) error {
		return c.retry(ctx, p, o, letters)
	})
}

func (c *deadRetryCommand) retry(
	ctx context.Context,
	p *terminal.Program,
	o *operate.Operator,
	letters []layout.DeadLetter,
) error {
	bar := terminal.StartProgress(
		p.Stderr,
		"putting through",
		int64(len(letters)),
		func(n int64) string { return terminal.Plural(int(n), "letter", "letters") },
	)
	done, err := o.Retry(ctx, letters, func() { bar.Add(1) })
	bar.End()
	var failed error
	for _, l := range letters {
		if err := done.Failed[l.Number]; err != nil {
			terminal.Tell(p.Stderr, "dead letter %d stays: %s", l.Number, err.Error())
			failed = terminal.ErrReported
		}
	}
	fmt.Fprintf(
		p.Stdout,
		"%s put through again, %s removed\n",
		terminal.Plural(done.Inputs, "input", "inputs"),
		terminal.Plural(done.Letters, "dead letter", "dead letters"),
	)
	if err != nil || !c.Wait || done.Inputs == 0 {
		return errors.Join(err, failed)
	}
	if err := c.wait(ctx, p, o, &done); err != nil {
		return err
	}
	return failed
}

// wait tells what was rejected again.
func (c *deadRetryCommand) wait(
	ctx context.Context,
	p *terminal.Program,
	o *operate.Operator,
	done *operate.Retried,
) error {
	if err := o.WaitDecided(ctx, done.Last, jet.WaitOptions{Nobody: func() { connect.NobodyDecides(p) }}); err != nil {
		return err
	}
	again, err := o.RejectedAgain(ctx, done)
	if err != nil || len(again) == 0 {
		return err
	}
	fmt.Fprintln(p.Stdout, "Rejected again:")
	for _, l := range again {
		if err := printLetter(p, &l, "text"); err != nil {
			return fmt.Errorf("output: %w", err)
		}
	}
	return terminal.ErrRejected
}

type deadDropCommand struct{ deadSelection }

// Help is shown below the options.
func (deadDropCommand) Help() string {
	return `Examples:
  rlsguard dead drop 12
  rlsguard dead drop --reason not-fhir
  rlsguard dead drop --all --yes

Deletes dead letters with their payload. The input stays in the stream FHIR as long as that keeps it.`
}

// Run drops.
func (c *deadDropCommand) Run(p *terminal.Program) error {
	return c.run(p, false, func(ctx context.Context, o *operate.Operator, letters []layout.DeadLetter) error {
		bar := terminal.StartProgress(
			p.Stderr,
			"removing",
			int64(len(letters)),
			func(n int64) string { return terminal.Plural(int(n), "letter", "letters") },
		)
		defer bar.End()
		for _, l := range letters {
			if err := o.Drop(ctx, l.Number); err != nil {
				return err
			}
			bar.Add(1)
		}
		fmt.Fprintf(p.Stdout, "%s removed\n", terminal.Plural(len(letters), "dead letter", "dead letters"))
		return nil
	})
}
