package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/await"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/connect"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/settings"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/show"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/consumers/ordercheck"
	"github.com/rlsguard/rlsguard/consumers/watch"
	"github.com/rlsguard/rlsguard/fhir/datetime"
)

// answerFlags are the options of ack and override.
type answerFlags struct {
	connect.Flags

	Author string `required:"" placeholder:"WHO" help:"Who answers: a reference such as Practitioner/7, or a name."`
	Until  string `placeholder:"TIME" help:"When the answer lapses: a date such as 2027-01-31 (end of that day), or a time with offset. It also lapses when the facts behind the flag change."`
	Date   string `placeholder:"TIME" help:"When the answer was given; it counts from then on. Default: now."`
	Flag   string `arg:"" name:"flag" help:"Id of the open flag, as watch prints it, or a beginning of the whole id that no other has."`
}

type ackCommand struct {
	answerFlags

	Reason string `placeholder:"CODE" help:"Reason code, if this means more than having seen the flag."`
}

// Help is shown below the options.
func (ackCommand) Help() string {
	return `Examples:
  rlsguard ack 2f1c9b1e --author Practitioner/7
  rlsguard ack 2f1c9b1e-6c1f-8a52-9d5e-0c8f3f0f7a11 --author 'Dr. A' \
    --until 2027-01-31

The flag stays open, marked as acknowledged with who, when and why. It needs attention again if the facts behind it get worse. The command waits until it counts, and fails when it does not. Needs the right to publish on fhir.DetectedIssue; any FHIR system with that right can send the same DetectedIssue.`
}

// Run acknowledges a flag.
func (c *ackCommand) Run(p *terminal.Program) error {
	return c.answer(p, facts.Acknowledgement{Reason: c.Reason}, "acknowledged")
}

// answer publishes what is decided about a flag.
func (c *answerFlags) answer(p *terminal.Program, a facts.Acknowledgement, word string) (err error) {
	if a.Reason != "" && !settings.ReasonCode.MatchString(a.Reason) {
		return fmt.Errorf("--reason: %q is not a code of A-Z, a-z, 0-9, dot, minus and underscore", a.Reason)
	}
	if err := c.times(&a, p.Now()); err != nil {
		return err
	}
	a.Author = c.Author
	whole, stop := terminal.Interruptible()
	defer stop()
	ctx, cancel := context.WithTimeout(whole, connect.AskTimeout)
	defer cancel()
	nc, err := c.Connect("answer")
	if err != nil {
		return err
	}
	defer nc.Close()
	defer func() { err = nc.Explain(err) }()
	flag, err := watch.FindFlag(ctx, nc.Conn, nil, c.Flag, nc.Domain)
	if err != nil {
		return err
	}
	data, err := ordercheck.Acknowledgement(&flag, a)
	if err != nil {
		return err
	}
	js, err := jetstream.New(nc.Conn)
	if err != nil {
		return err
	}
	stored, err := js.Publish(ctx, layout.SubjectAcknowledge, data)
	if err != nil {
		return fmt.Errorf("%s: %w (it needs a permission of its own)", layout.SubjectAcknowledge, err)
	}
	if from := a.Date.Start(time.UTC); from.After(p.Now()) {
		fmt.Fprintf(
			p.Stdout,
			"%s: the answer is stored (%s), and counts from %s\n",
			show.ShortID(flag.ID),
			flag.Check,
			from.Format(time.RFC3339),
		)
		return nil
	}
	if err := (&await.Answer{Acknowledgement: a, To: flag, Sequence: stored.Sequence}).Shown(whole, p, nc); err != nil {
		return err
	}
	fmt.Fprintf(
		p.Stdout,
		"%s %s (%s): holds while what it rests on stays the same%s\n",
		show.ShortID(flag.ID),
		word,
		flag.Check,
		untilWords(a.Until),
	)
	return nil
}

// times reads the dates of the answer.
func (c *answerFlags) times(a *facts.Acknowledgement, now time.Time) error {
	a.Date = moment.Instant(now.UTC().Truncate(time.Second))
	for _, t := range []struct {
		name, text string
		to         *moment.Time
	}{{"--date", c.Date, &a.Date}, {"--until", c.Until, &a.Until}} {
		if t.text == "" {
			continue
		}
		var ok bool
		if *t.to, ok = datetime.Parse(t.text); !ok {
			return fmt.Errorf(
				"%s: %q is neither a date (2027-01-31) nor a time with offset (2027-01-31T08:00:00Z)",
				t.name,
				t.text,
			)
		}
	}
	if !a.Until.IsZero() && !a.Until.End(time.UTC).After(now) && c.Date == "" {
		return errors.New("--until: that time is over")
	}
	return nil
}

func untilWords(t moment.Time) string {
	if t.IsZero() {
		return ""
	}
	return ", until " + t.Date(time.UTC)
}
