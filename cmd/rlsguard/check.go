package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/ordercheck"
	"github.com/rlsguard/rlsguard/fhir"
)

type checkCommand struct {
	configFlag
	natsFlags

	Facts   []string `sep:"none" placeholder:"PATH" help:"What is known, from files or folders as replay takes them, instead of a server; may be given several times."`
	AsOf    string   `placeholder:"TIME" help:"Decide as of this date or RFC 3339 time; now when left out. A server has its own clock."`
	KeyFile string   `placeholder:"FILE" help:"Site key for flag ids, with --facts (at least 16 bytes, mode 0600)."`
	Format  string   `enum:"text,json,fhir,reply" default:"text" help:"text to read, json (a flag a line, as replay prints it with the draft among the files), fhir (a Bundle of DetectedIssue), reply (the JSON that rls.check answers with)."`
	FailOn  string   `enum:",high,moderate,low" default:"" placeholder:"SEVERITY" help:"Exit with 3 when the draft raises a flag of this severity or a higher one: high, moderate or low."`
	Draft   string   `arg:"" name:"draft" help:"FHIR R4 JSON file, or - for standard input: a MedicationRequest, or a Bundle or Parameters with drafts and further facts."`
}

// Help is shown below the options.
func (checkCommand) Help() string {
	return `Says what an order would be flagged for before it is written: flags because of the draft, what is open already, and which iron results are missing. Nothing is stored.

It asks a running rlsguard serve, which knows the patient; with --facts it reads what is known from files, and needs no server. Where no server is known either, the draft's own file is all there is.

Examples:
  rlsguard check draft.json
  rlsguard check --facts export/ draft.json
  rlsguard check --format reply --facts export/ - < draft.json | jq .iron`
}

// Run asks about the draft and prints the answer.
func (c *checkCommand) Run(p *program) error {
	if c.Nats != "" && len(c.Facts) > 0 {
		return errors.New("--nats and --facts exclude each other: facts are on the server, or in files")
	}
	set, err := c.setup()
	if err != nil {
		return err
	}
	draft, err := readDraft(c.Draft, set.reader.MaxBytes, p.stdin)
	if err != nil {
		return err
	}
	if len(c.Facts) == 0 {
		server, err := c.find()
		switch {
		case err == nil:
			return c.askServer(p, server, draft)
		case !errors.Is(err, errNoServer):
			return err
		}
		tellf(p.stderr, "no server is known and no --facts are given: only what is in the draft's file is looked at")
	}
	return c.askFiles(p, set, draft)
}

// readDraft reads a file, or standard input, up to a limit of bytes.
func readDraft(path string, limit int, stdin io.Reader) ([]byte, error) {
	in, err := openInputs([]string{path}, stdin)
	if err != nil {
		return nil, err
	}
	defer in.close()
	if len(in.sources) != 1 || in.roots != nil {
		return nil, fmt.Errorf("%s is a folder: name the file of the draft", path)
	}
	f, err := in.sources[0].open()
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
func (c *checkCommand) askFiles(p *program, set *setup, draft []byte) error {
	asOf, err := parseAsOf(c.AsOf, set.settings.Zone, p.now())
	if err != nil {
		return err
	}
	r := &replay{program: p, options: &replayCommand{KeyFile: c.KeyFile}, asOf: asOf, sum: newSummary(),
		engine: fold.Engine{Settings: set.settings, Ruleset: set.ruleset}}
	if r.engine.Key, err = r.options.key(); err != nil {
		return err
	}
	set.reader.Now = p.now()
	facts, err := r.facts(set.reader, c.Facts)
	if err != nil {
		return err
	}
	checker := ordercheck.Checker{Engine: &r.engine, Stored: ordercheck.Files{View: facts}, Reader: set.reader, AsOf: func() time.Time { return asOf }}
	a, err := checker.Ask(context.Background(), draft)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Draft, err)
	}
	var bundle []byte
	if c.Format == "fhir" {
		if bundle, err = ordercheck.BundleOf(&a); err != nil {
			return err
		}
	}
	if err := c.print(p, ordercheck.ReplyOf(&a), bundle); err != nil {
		return err
	}
	switch {
	case c.failed(a.Because):
		return c.failOnMet()
	case r.unreadable > 0:
		return errReported
	case ordercheck.LeftOut(a.Unread) || r.sum.Outcomes.Rejected > 0:
		return errRejected
	}
	return nil
}

// facts folds the files of paths, as replay does, and reports what cannot be read. Without paths nothing is known.
func (r *replay) facts(o fhir.Options, paths []string) (*fold.Memory, error) {
	if err := r.read(o, paths); err != nil {
		return nil, err
	}
	if len(paths) > 0 && r.sum.Events == 0 {
		return nil, errNothing
	}
	return r.fold.Finish(r.asOf), nil
}

// askServer lets a running serve answer.
func (c *checkCommand) askServer(p *program, server natsServer, draft []byte) (err error) {
	if c.AsOf != "" || c.KeyFile != "" || c.Config != "" {
		return errors.New("--as-of, --key-file and --config go with --facts: a server has its own clock, key and settings")
	}
	nc, err := c.connect("check")
	if err != nil {
		return err
	}
	defer nc.Close()
	defer func() { err = nc.explain(err) }()
	if most := nc.MaxPayload(); int64(len(draft)) > most {
		return fmt.Errorf("%s has %d bytes, the NATS server takes %d (max_payload)", c.Draft, len(draft), most)
	}
	data, err := ask(nc.Conn, draft, "application/json")
	if err != nil {
		return err
	}
	var bundle []byte
	if c.Format == "fhir" {
		if bundle, err = ask(nc.Conn, draft, "application/fhir+json"); err != nil {
			return err
		}
	}
	return c.printAnswer(p, data, bundle)
}

const (
	askTimeout = 10 * time.Second
	// askPatience is how long a serve that has just begun may take until it answers.
	askPatience = 2 * time.Second
)

func ask(nc *nats.Conn, draft []byte, accept string) ([]byte, error) {
	request := nats.Msg{Subject: ordercheck.Subject, Data: draft, Header: nats.Header{"Accept": []string{accept}}}
	m, err := nc.RequestMsg(&request, askTimeout)
	for began := time.Now(); errors.Is(err, nats.ErrNoResponders) && time.Since(began) < askPatience; {
		time.Sleep(askPatience / 20)
		m, err = nc.RequestMsg(&request, askTimeout)
	}
	switch {
	case errors.Is(err, nats.ErrNoResponders):
		return nil, fmt.Errorf("nobody answers %s at %s: is rlsguard serve running there, and ready?", ordercheck.Subject, jet.WithoutCredentials(nc.ConnectedUrl()))
	case err != nil:
		return nil, fmt.Errorf("%s: %w", ordercheck.Subject, err)
	}
	if text := m.Header.Get(micro.ErrorHeader); text != "" {
		return nil, fmt.Errorf("%s: %s (%s)%s", ordercheck.Subject, harmless(text), m.Header.Get(micro.ErrorCodeHeader), harmless(detailOf(m.Data)))
	}
	return m.Data, nil
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
