package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/connect"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/files"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/settings"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/ordercheck"
)

type checkCommand struct {
	settings.Flag
	connect.Flags

	Facts   []string `sep:"none" placeholder:"PATH" help:"Read the patient from files or folders instead of asking a server. Repeatable."`
	AsOf    string   `placeholder:"TIME" help:"With --facts: evaluate as of this date or RFC 3339 time. Default: now."`
	KeyFile string   `placeholder:"FILE" help:"With --facts: site key for flag ids (at least 16 bytes, mode 0600)."`
	Format  string   `enum:"text,json,fhir,reply" default:"text" placeholder:"text|json|fhir|reply" help:"json: one flag per line. fhir: a Bundle of DetectedIssues. reply: the JSON answer of rls.check."`
	FailOn  string   `enum:",high,moderate,low" default:"" placeholder:"high|moderate|low" help:"Exit with 3 if the draft raises a flag this severe or worse."`
	Draft   string   `arg:"" name:"draft" help:"FHIR R4 JSON file, or - for standard input: a MedicationRequest, or a Bundle or Parameters with drafts and further facts."`
}

// Help is shown below the options.
func (checkCommand) Help() string {
	return `Examples:
  rlsguard check draft.json
  rlsguard check --facts export/ draft.json
  rlsguard check --format reply --facts export/ - < draft.json | jq .iron

Lists the flags the draft would raise, the patient's open flags and missing iron results. Nothing is stored.

A running rlsguard serve knows the patient and is asked. With --facts, files are read instead. With neither, only the draft itself is known.`
}

// Run asks about the draft and prints the answer.
func (c *checkCommand) Run(p *terminal.Program) error {
	if c.Nats != "" && len(c.Facts) > 0 {
		return errors.New("--nats and --facts cannot be used together")
	}
	set, err := c.Read()
	if err != nil {
		return err
	}
	draft, err := readDraft(p, c.Draft, set.Reader.MaxBytes)
	if err != nil {
		return err
	}
	if len(c.Facts) == 0 {
		server, err := c.Find()
		switch {
		case err == nil:
			return c.askServer(p, server, draft)
		case !errors.Is(err, connect.ErrNoServer):
			return err
		}
		terminal.Tell(
			p.Stderr,
			"no server and no --facts: only the draft's file is checked",
		)
	}
	return c.askFiles(p, set, draft)
}

// readDraft reads a file, or standard input, up to a limit of bytes.
func readDraft(p *terminal.Program, path string, limit int) ([]byte, error) {
	in, err := files.Open([]string{path}, p)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	if len(in.Sources) != 1 || in.Roots != nil {
		return nil, fmt.Errorf("%s is a folder: name the file of the draft", path)
	}
	f, err := in.Sources[0].Open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, int64(limit)+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return data, nil
}

// askFiles answers from files.
func (c *checkCommand) askFiles(p *terminal.Program, set *settings.Setup, draft []byte) error {
	asOf, err := settings.ParseAsOf(c.AsOf, set.Settings.Zone, p.Now())
	if err != nil {
		return err
	}
	engine := fold.Engine{Settings: set.Settings, Ruleset: set.Ruleset}
	if engine.Key, err = connect.ReplayKey(c.KeyFile); err != nil {
		return err
	}
	set.Reader.Now = p.Now()
	read := files.Fold{Engine: &engine, Reader: set.Reader, AsOf: asOf}
	facts, err := read.Read(p, c.Facts)
	if err != nil {
		return err
	}
	if len(c.Facts) > 0 && read.Summary.Events == 0 {
		return terminal.ErrNothing
	}
	checker := ordercheck.Checker{
		Engine: &engine,
		Stored: ordercheck.Files{View: facts},
		Reader: set.Reader,
		AsOf:   func() time.Time { return asOf },
	}
	a, err := checker.Ask(context.Background(), draft)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Draft, err)
	}
	reply := ordercheck.ReplyOf(&a)
	if c.Format == "fhir" {
		if reply.Bundle, err = ordercheck.BundleOf(&a); err != nil {
			return err
		}
	}
	because, err := flagsOf(&reply, reply.Because)
	if err != nil {
		return err
	}
	open, err := flagsOf(&reply, reply.Open)
	if err != nil {
		return err
	}
	if err := c.print(p, &reply, because, open); err != nil {
		return err
	}
	switch {
	case c.failed(a.Because):
		return c.failOnMet()
	case read.Unreadable > 0:
		return terminal.ErrReported
	case ordercheck.LeftOut(a.Unread) || read.Summary.Outcomes.Rejected > 0:
		return terminal.ErrRejected
	}
	return nil
}

// askServer lets a running serve answer.
func (c *checkCommand) askServer(p *terminal.Program, server connect.Server, draft []byte) (err error) {
	if c.AsOf != "" || c.KeyFile != "" || c.Config != "" {
		return errors.New(
			"--as-of, --key-file and --config need --facts: a server has its own clock, key and " +
				"settings",
		)
	}
	nc, err := c.Connect("check")
	if err != nil {
		return err
	}
	defer nc.Close()
	defer func() { err = nc.Explain(err) }()
	if most := nc.MaxPayload(); int64(len(draft)) > most {
		return fmt.Errorf("%s has %d bytes, the NATS server takes %d (max_payload)", c.Draft, len(draft), most)
	}
	accept := "application/json"
	if c.Format == "fhir" {
		accept = ordercheck.AcceptBoth
	}
	data, err := connect.Ask(nc.Conn, draft, accept)
	if err != nil {
		return err
	}
	return c.printAnswer(p, data)
}

// failed tells that --fail-on is met.
func (c *checkCommand) failed(because []checks.Flag) bool {
	limit, err := checks.ParseSeverity(c.FailOn)
	return err == nil && slices.ContainsFunc(because, func(f checks.Flag) bool { return f.Severity >= limit })
}

// inOrder puts flags in the order of replay.
func inOrder(flags []checks.Flag) []checks.Flag {
	slices.SortFunc(flags, func(a, b checks.Flag) int {
		return cmp.Or(cmp.Compare(a.Check, b.Check), cmp.Compare(a.Ingredient, b.Ingredient))
	})
	return flags
}
