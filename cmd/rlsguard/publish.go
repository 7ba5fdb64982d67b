package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/rlsguard/rlsguard/consumers"
	"github.com/rlsguard/rlsguard/fhir"
)

type publishCommand struct {
	natsFlags

	Wait  bool     `help:"Return when everything that was published has been decided."`
	Paths []string `arg:"" name:"path" help:"The same inputs as replay takes: files, folders, or - for standard input."`
}

// Help is shown below the options.
func (publishCommand) Help() string {
	return `Each document becomes one message on fhir.<ResourceType>, each line of NDJSON one of its own, and is waited for until the server has stored it. A Bundle that is larger than the server takes goes as its resources, references resolved. What is in them is judged by rlsguard serve: rejected input is found with rlsguard dead. With --wait it is reported here too, where this user may read it.

Exit codes: 0 done; 1 some could not be read or published; 2 with --wait: some was rejected.

Examples:
  rlsguard publish export/
  rlsguard publish --wait --nats nats://localhost:4222 patient.json && rlsguard watch --once`
}

// Run publishes all paths.
func (c *publishCommand) Run(p *program) error {
	in, err := openInputs(c.Paths, p.stdin)
	if err != nil {
		return err
	}
	defer in.close()
	for _, note := range in.notes {
		tellf(p.stderr, "%s", note)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	nc, err := c.connect("publish")
	if err != nil {
		return err
	}
	defer nc.Close()
	pub, err := consumers.NewPublisher(ctx, nc)
	if err != nil {
		return err
	}
	defer pub.Close()
	return publishAll(ctx, p, pub, in.sources, c.Wait)
}

// publishAll publishes sources in order. What cannot be sent is reported and costs the others nothing; a lost server ends it.
func publishAll(ctx context.Context, p *program, pub *consumers.Publisher, sources []source, wait bool) error {
	bar := startProgress(p.stderr, "publishing", totalSize(sources), megabytes)
	unsent := publishSources(ctx, pub, sources, bar)
	sent, err := pub.Flush()
	bar.end()
	for _, e := range unsent {
		tellf(p.stderr, "%s", e.Error())
	}
	if err != nil {
		return err
	}
	tellf(p.stderr, "%s published", plural(sent, "message", "messages"))
	var rejected error
	if wait {
		if rejected, err = waitDecided(ctx, p, pub, sent); err != nil {
			return err
		}
	}
	if len(unsent) > 0 {
		return errReported
	}
	return rejected
}

// publishSources gives the errors of documents that could not be read or sent.
func publishSources(ctx context.Context, pub *consumers.Publisher, sources []source, bar *progress) []error {
	var unsent []error
	for _, s := range sources {
		in, err := s.open()
		if err != nil {
			unsent = append(unsent, err)
			continue
		}
		var lost error
		err = consumers.Documents(bar.reader(in), s.name, fhir.DefaultOptions().MaxBytes, func(line int, data []byte) error {
			err := pub.PublishFrom(ctx, consumers.Origin{Source: s.name, Line: line}, data)
			if err == nil {
				return nil
			}
			if _, lost = pub.Flush(); lost != nil || ctx.Err() != nil {
				return err
			}
			unsent = append(unsent, fmt.Errorf("%s:%d: not published: %w", s.name, line, err))
			return nil
		})
		in.Close()
		switch {
		case lost != nil || ctx.Err() != nil:
			return unsent // Flush tells why
		case err != nil:
			unsent = append(unsent, fmt.Errorf("%s: %w", s.name, err))
		}
	}
	return unsent
}

// waitDecided returns when all is decided: errRejected when some of it was rejected, which it reports.
func waitDecided(ctx context.Context, p *program, pub *consumers.Publisher, sent int) (rejected, err error) {
	bar := startProgress(p.stderr, "deciding", int64(sent), func(n int64) string { return plural(int(n), "message", "messages") })
	done := int64(0)
	err = pub.Wait(ctx, consumers.WaitOptions{Nobody: p.nobodyDecides, Left: func(left uint64) {
		now := int64(sent) - min(int64(left), int64(sent))
		bar.add(now - done)
		done = now
	}})
	bar.end()
	if err != nil {
		return nil, err
	}
	err = pub.Rejected(ctx, func(from consumers.Origin, l consumers.DeadLetter) error {
		place := fmt.Sprintf("%s:%d", from.Source, from.Line)
		if l.PartlyRead() {
			tellf(p.stderr, "%s: partly read, the rest counts: %s (dead letter %d)", place, l.Detail, l.Number)
			return nil
		}
		rejected = errRejected
		if l.Pointer != "" {
			place += " at " + l.Pointer
		}
		tellf(p.stderr, "%s: rejected, %s: %s (dead letter %d)", place, l.Reason, l.Detail, l.Number)
		return nil
	})
	if errors.Is(err, context.DeadlineExceeded) {
		tellf(p.stderr, "whether some of it was rejected is not known: the server gives this user no answer about the stream %s, which operators may read", consumers.StreamDead)
		err = nil
	}
	return rejected, err
}

// nobodyDecides says why waiting may take for ever.
func (p *program) nobodyDecides() {
	tellf(p.stderr, "still waiting, and nobody takes the messages: is rlsguard serve running on this server, and ready? What was published stays; Ctrl-C ends the waiting")
}
