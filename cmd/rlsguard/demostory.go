package main

import (
	"cmp"
	"context"
	"embed"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/connect"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/settings"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/show"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/publish"
	"github.com/rlsguard/rlsguard/fhir"
)

//go:embed demo/*.json
var demoFiles embed.FS

// demoAsOf is the day on which the made-up patients are looked at: their dates stay where they are.
var demoAsOf = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

// demoStory is what is published, and why it is worth looking at.
var demoStory = []struct{ file, words string }{
	{"1-anna", "Anna has RLS, good iron values, and was put on sertraline."},
	{"2-bert", "Bert has RLS, takes gabapentin beside oxycodone, and his ferritin is 41 ng/mL."},
	{"3-carla", "Carla has RLS and buys Tylenol PM, which holds diphenhydramine; nobody has looked at her iron."},
	{"4-dora", "Dora's RLS is in remission; she starts mirtazapine."},
	{"5-emil", "Emil takes sertraline too, but has no RLS: nothing to say."},
	{"6-anna-again", "Anna's sertraline is stopped: her flag is resolved."},
}

// story is told to somebody, and knows what follows from each document: flags are a function of the
// events, so a replay beside the consumer gives the same ones.
type story struct {
	*terminal.Program
	out    show.Printer
	reader *fhir.Reader
	replay *fold.Replay
	n      uint64 // documents
}

func newStory(p *terminal.Program, engine *fold.Engine, reader fhir.Options) story {
	return story{Program: p, out: show.NewStory(p), reader: fhir.NewReader(reader), replay: fold.NewReplay(engine)}
}

// begin says what is to come.
func (s *story) begin() {
	s.lines("", "rlsguard demo: made-up patients, looked at as of "+demoAsOf.Format("2 January 2006"))
}

// chapter begins one.
func (s *story) chapter(words string) { s.lines("> ", words) }

// lines writes a text, wrapped, with a blank line below it.
func (s *story) lines(mark, text string) {
	for _, line := range terminal.Wrap(text, cmp.Or(s.Screen.Width, terminal.UsualWidth)-len(mark), 0) {
		fmt.Fprintln(s.Stdout, mark+line)
	}
	fmt.Fprintln(s.Stdout)
}

// follows are the transitions that follow from the next document.
func (s *story) follows(data []byte) []checks.Flag {
	s.n++
	in := fold.Input{Arrival: facts.Arrival{Sequence: s.n}}
	s.reader.Document(data, func(r fhir.Resource) bool {
		in.Resources = append(in.Resources, r)
		return true
	})
	_, flags := s.replay.Step(in, demoAsOf)
	return flags
}

// ended closes a chapter.
func (s *story) ended() error {
	if err := s.out.Ended(); err != nil {
		return fmt.Errorf("output: %w", err)
	}
	return s.Stdout.Flush()
}

// tell publishes the story, one document after the other, and prints what is committed in between.
func (d *demo) tell(ctx context.Context) error {
	d.begin()
	pub, err := publish.New(ctx, d.nc)
	if err != nil {
		return err
	}
	defer pub.Close()
	for _, chapter := range demoStory {
		d.chapter(chapter.words)
		if err := d.publish(ctx, pub, chapter.file); err != nil {
			return err
		}
	}
	return nil
}

// publish publishes one document and prints the flags that follow from it.
func (d *demo) publish(ctx context.Context, pub *publish.Publisher, file string) error {
	data, err := demoFiles.ReadFile("demo/" + file + ".json")
	if err != nil {
		return err
	}
	if err := errors.Join(pub.Publish(ctx, data), pub.Wait(ctx, jet.WaitOptions{})); err != nil {
		return err
	}
	for range d.follows(data) {
		select {
		case f := <-d.flags:
			if err := d.out.Flag(f); err != nil {
				return fmt.Errorf("output: %w", err)
			}
		case err := <-d.watch:
			return cmp.Or(err, errors.New("the flags ended"))
		case <-time.After(demoPatience):
			return errors.New("a decided flag did not arrive")
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return d.ended()
}

const demoPatience = time.Minute

// demoFolder makes a folder for the server: among those for temporary files, else where this user
// keeps a cache, else in the folder that the program was started in.
func demoFolder() (string, error) {
	parents := []string{os.TempDir()}
	if cache, err := os.UserCacheDir(); err == nil {
		parents = append(parents, cache)
	}
	if here, err := os.Getwd(); err == nil {
		parents = append(parents, here)
	}
	var failed []error
	for _, parent := range parents {
		dir, err := os.MkdirTemp(parent, "rlsguard-demo-")
		if err == nil {
			return dir, nil
		}
		failed = append(failed, err)
	}
	return "", errors.Join(failed...)
}

// alone tells the story where no folder can be written, as in a bare container: the same flags,
// decided in memory.
func (c *demoCommand) alone(p *terminal.Program, noFolder error) error {
	if c.Keep {
		return fmt.Errorf("--keep needs a folder for its server; TMPDIR names one that can be written: %w", noFolder)
	}
	set, err := settings.Flag{}.Read()
	if err != nil {
		return err
	}
	engine := &fold.Engine{Settings: set.Settings, Ruleset: set.Ruleset, Key: []byte(connect.PublicTestKey)}
	s := newStory(p, engine, set.Reader)
	s.begin()
	for _, chapter := range demoStory {
		s.chapter(chapter.words)
		data, err := demoFiles.ReadFile("demo/" + chapter.file + ".json")
		if err != nil {
			return err
		}
		for _, f := range s.follows(data) {
			if err := s.out.Flag(f); err != nil {
				return fmt.Errorf("output: %w", err)
			}
		}
		if err := s.ended(); err != nil {
			return err
		}
	}
	s.lines("", "That was the way without a server, since there is no folder to keep one in (TMPDIR can name one): "+
		"FHIR in, decided, flags out.")
	s.toTry()
	return nil
}

// whatNext tells what to try.
func (d *demo) whatNext(keep bool) {
	d.lines("", "That was the whole way: FHIR in, decided, committed, flags out.")
	if !keep {
		d.toTry()
		return
	}
	fmt.Fprintf(d.Stdout, `The server goes on until Ctrl-C, which removes it. Open the work list of a pharmacist in a browser:

  %s

In another terminal:

  export NATS_URL=%s
  rlsguard watch                   the open flags, then every change
  rlsguard publish FILE            your own FHIR R4 JSON, as of %s
  nats sub 'rls.flags.high.>'      what a dashboard would read
`, d.page.Link, d.server.URL(), demoAsOf.Format(time.DateOnly))
}

// toTry tells what to do once the story has been told.
func (s *story) toTry() {
	fmt.Fprint(s.Stdout, `To go on:
  rlsguard demo --keep             leave the server running and open the page
  rlsguard replay FILE_OR_FOLDER   check your own FHIR R4 JSON; needs no server
  rlsguard serve                   keep a server and its flags; then publish and watch
  rlsguard checks                  every check with its limits and sources
`)
}
