package files

import (
	"fmt"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/fhir"
)

// Fold reads files into what is known of patients, and keeps the account of it.
type Fold struct {
	Engine *fold.Engine
	Reader fhir.Options
	AsOf   time.Time
	// Transition is handed each change of a flag, with one resource folded after the other. Without
	// it all are folded at once.
	Transition func(checks.Flag)
	// Enough, when there is one, ends the reading once it is true: nobody waits for more.
	Enough func() bool

	Summary    *Summary
	Unreadable int // sources that could not be opened, or not be read to their end

	replay *fold.Replay
}

// Read folds everything that paths name, reports what could not be read and what held nothing, and
// decides. Without paths nothing is known. The error is that of a path that is not there.
func (f *Fold) Read(p *terminal.Program, paths []string) (*fold.Memory, error) {
	in, err := Open(paths, p)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	f.Summary = newSummary()
	f.Summary.Unread = append(f.Summary.Unread, in.Unread...)
	f.Summary.noteQuiet(f.Engine.Settings)
	f.replay = fold.NewReplay(f.Engine)
	bar := StartProgress(p, "reading", in.Sources)
	before := 0
	readSources(in.Sources, f.Reader, bar, func(n int, b batch) bool {
		f.take(n, in.Sources[n].Name, b)
		if b.last {
			f.end(in.Sources[n].Name, b, f.Summary.Events-before)
			before = f.Summary.Events
		}
		return f.Enough == nil || !f.Enough()
	})
	bar.End()
	f.Summary.report(p.Stderr)
	return f.replay.Finish(f.AsOf), nil
}

// end accounts for a source that has been read.
func (f *Fold) end(name string, b batch, events int) {
	if b.err != nil {
		f.Unreadable++
		f.Summary.Unread = append(f.Summary.Unread, failedSource(name, b.err))
		return
	}
	f.Summary.Unread = append(f.Summary.Unread, Emptied(name, events, b.hollow, b.line)...)
}

// take folds a part of a source in: at once, or one event after the other when transitions are
// wanted.
func (f *Fold) take(n int, name string, b batch) {
	in := fold.Input{
		Arrival:   facts.Arrival{Sequence: uint64(n) + 1},
		Resources: b.resources,
		Source:    name,
		AllowAck:  true,
	}
	if f.Transition == nil {
		f.count(name, b.lines, f.replay.Fold(in))
		return
	}
	for i := range b.resources {
		in.Resources = b.resources[i : i+1]
		results, flags := f.replay.Step(in, f.AsOf)
		f.count(name, b.lines[i:i+1], results)
		for _, flag := range flags {
			f.Transition(flag)
		}
	}
}

func (f *Fold) count(name string, lines []int, results []fold.Result) {
	for i, res := range results {
		f.Summary.event(res, func() string { return fmt.Sprintf("%s:%d", name, lines[i]) })
	}
}
