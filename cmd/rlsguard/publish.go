package main

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/rlsguard/rlsguard/cmd/rlsguard/connect"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/files"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/consumers/publish"
	"github.com/rlsguard/rlsguard/fhir"
)

type publishCommand struct {
	connect.Flags

	Wait  bool     `help:"Wait until everything published has been decided."`
	Paths []string `arg:"" name:"path" help:"Files, folders, or - for standard input, as for rlsguard replay."`
}

// Help is shown below the options.
func (publishCommand) Help() string {
	return `Examples:
  rlsguard publish export/
  rlsguard publish --wait patient.json && rlsguard watch --once

Each document, and each line of NDJSON, becomes one message on fhir.<ResourceType>. The command ends when the server has stored them all. A Bundle too large for the server is sent resource by resource, with references resolved.

rlsguard serve judges the content: rlsguard dead list shows what it rejected. With --wait, rejections are reported here, with reason and place; details only if this user may read dead letters.

Exit codes: 0 done; 1 some input could not be read or published; 2 with --wait: some was rejected, or it is not known whether it was.`
}

// Run publishes all paths.
func (c *publishCommand) Run(p *terminal.Program) (err error) {
	in, err := files.Open(c.Paths, p)
	if err != nil {
		return err
	}
	defer in.Close()
	files.TellUnread(p.Stderr, in.Unread)
	if len(in.Sources) == 0 {
		return terminal.ErrNothing
	}
	ctx, stop := terminal.Interruptible()
	defer stop()
	nc, err := c.Connect("publish")
	if err != nil {
		return err
	}
	defer nc.Close()
	defer func() { err = nc.Explain(err) }()
	pub, err := publish.New(ctx, nc.Conn, nc.Domain)
	if err != nil {
		return err
	}
	defer pub.Close()
	return publishAll(ctx, p, &toldPublisher{pub, nc.Explain}, in.Sources, c.Wait)
}

// toldPublisher also says which right is missing.
type toldPublisher struct {
	*publish.Publisher
	explain func(error) error
}

// publishAll publishes sources in order. What cannot be sent is reported and costs the others
// nothing; a lost server ends it.
func publishAll(ctx context.Context, p *terminal.Program, pub *toldPublisher, sources []files.Source, wait bool) error {
	s := &sending{pub: pub.Publisher, reader: fhir.NewReader(fhir.Options{})}
	bar := files.StartProgress(p, "publishing", sources)
	s.sources(ctx, sources, bar)
	sent, err := pub.Flush(ctx)
	bar.End()
	files.TellUnread(p.Stderr, s.unread)
	for _, e := range s.unsent {
		terminal.Tell(p.Stderr, "%s", e.Error())
	}
	if err != nil {
		return err
	}
	if sent == 0 && len(s.unsent) == 0 {
		return terminal.ErrNothing
	}
	terminal.Tell(p.Stderr, "%s published", terminal.Plural(sent, "message", "messages"))
	var rejected error
	if wait {
		if rejected, err = waitDecided(ctx, p, pub, sent); err != nil {
			return err
		}
	}
	if len(s.unsent) > 0 {
		return terminal.ErrReported
	}
	return rejected
}

// sending is what publish has sent, and not.
type sending struct {
	pub    *publish.Publisher
	reader *fhir.Reader
	unsent []error        // of documents that could not be read or sent
	unread []files.Unread // there is no resource in them
}

// sources sends what is in sources, until the server is lost or ctx ends; Flush tells why.
func (s *sending) sources(ctx context.Context, sources []files.Source, bar *terminal.Progress) {
	for _, from := range sources {
		in, err := from.Open()
		if err != nil {
			s.unsent = append(s.unsent, files.SourceError(from.Name, err))
			continue
		}
		on, err := s.source(ctx, from.Name, bar.Reader(in))
		in.Close()
		if err != nil {
			s.unsent = append(s.unsent, files.SourceError(from.Name, err))
		}
		if !on {
			return
		}
	}
}

// source sends the documents of one source. It returns false when no more can be sent.
func (s *sending) source(ctx context.Context, name string, in io.Reader) (on bool, err error) {
	on = true
	documents, hollow, first := 0, 0, 0
	err = s.reader.Documents(in, name, func(d fhir.Document) bool {
		documents++
		if d.Rejection == nil && !s.reader.Holds(d.Data) {
			if hollow++; hollow == 1 {
				first = d.Line
			}
			return true
		}
		on = s.document(ctx, name, d)
		return on
	})
	if on && err == nil {
		s.unread = append(s.unread, files.Emptied(name, documents, hollow, first)...)
	}
	return on, err
}

func (s *sending) document(ctx context.Context, name string, d fhir.Document) (on bool) {
	refuse := func(why string) {
		s.unsent = append(s.unsent, fmt.Errorf("%s:%d: not published: %s", name, d.Line, why))
	}
	if r := d.Rejection; r != nil {
		refuse(fmt.Sprintf("%s, %s", r.Reason, r.Detail))
		return true
	}
	err := s.pub.PublishFrom(ctx, publish.Origin{Source: name, Line: d.Line}, bytes.Clone(d.Data))
	if err == nil {
		return true
	}
	if _, lost := s.pub.Flush(ctx); lost != nil || ctx.Err() != nil {
		return false
	}
	refuse(err.Error())
	return true
}

// waitDecided returns when all is decided: errRejected when some of it was rejected, which it
// reports.
func waitDecided(ctx context.Context, p *terminal.Program, pub *toldPublisher, sent int) (rejected, err error) {
	bar := terminal.StartProgress(
		p.Stderr,
		"deciding",
		int64(sent),
		func(n int64) string { return terminal.Plural(int(n), "message", "messages") },
	)
	done := int64(0)
	err = pub.Wait(ctx, jet.WaitOptions{Nobody: func() { connect.NobodyDecides(p) }, Left: func(left uint64) {
		now := int64(sent) - min(int64(left), int64(sent))
		bar.Add(now - done)
		done = now
	}})
	bar.End()
	if err != nil {
		return nil, err
	}
	told := 0 // with details
	err = pub.Rejected(ctx, func(from publish.Origin, l layout.DeadLetter) error {
		place := fmt.Sprintf("%s:%d", from.Source, from.Line)
		if l.PartlyRead() {
			terminal.Tell(p.Stderr, "%s: partly read, the rest counts: %s (dead letter %d)", place, l.Detail, l.Number)
			return nil
		}
		rejected = terminal.ErrRejected
		if l.Pointer != "" {
			place += " at " + l.Pointer
		}
		if l.Number == 0 { // producers are not told more
			terminal.Tell(p.Stderr, "%s: rejected, %s", place, l.Reason)
			return nil
		}
		told++
		terminal.Tell(p.Stderr, "%s: rejected, %s: %s (dead letter %d)", place, l.Reason, l.Detail, l.Number)
		return nil
	})
	if err != nil && ctx.Err() == nil {
		terminal.Tell(p.Stderr, "cannot tell whether any of it was rejected: %s", pub.explain(err))
		return terminal.ErrRejected, nil
	}
	if rejected != nil && told == 0 {
		terminal.Tell(p.Stderr, "operators can see why with rlsguard dead list")
	}
	return rejected, err
}
