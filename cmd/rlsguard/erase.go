package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"golang.org/x/term"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/consumers/operate"
)

type eraseCommand struct {
	storedFlags

	Yes     bool   `help:"Do not ask."`
	Inputs  bool   `help:"Also erase what producers sent: decided inputs and letters that name this patient alone."`
	Shared  bool   `help:"With --inputs, also erase messages that name others too, or may."`
	Base    string `placeholder:"URL" help:"With --inputs, base URL of the own FHIR server: patients of others differ."`
	Patient string `arg:"" help:"Reference of the patient, such as Patient/123."`
}

// Help is shown below the options.
func (eraseCommand) Help() string {
	return `Erases what is stored about a patient: facts, flags, their transitions kept for audit, timers, and
feedback on cards that showed the flags. rlsguard serve may run: it forgets the patient at once, and dashboards are
told that the flags are resolved, with the reason erased. It can be repeated.

It cannot be undone, and it does not block the patient: a later event starts afresh, with numbers from 1. So erase at
the source first, in the systems that send, their streams and queues. Nothing here reaches backups, snapshots and
exports, or what others keep of the flags: logs, alerts, tickets, dashboards.

What producers sent stays in the stream FHIR, and reading that stream again from its start brings the patient back.
With --inputs it is erased too: decided messages in FHIR, and letters in RLS_DEAD and RLS_REJECTED, that name this
patient and nobody else. Messages that also name others are listed by stream and sequence, and so are those that may,
since they name somebody by an identifier or cannot be read. --shared erases these as well, with what they say about
the others, whose facts and flags stay as they are. Inputs that are not decided yet are listed and stay: they will
bring the patient back. A message that names nobody, and no resource that is the patient's, is not found.

The server inside rlsguard serve, also with --data, overwrites the bytes in its files before the command ends, those of
older versions included. A NATS server of your own overwrites inputs, letters, feedback and audit. Facts and flags it
replaces, and what it ever replaced or dropped stays in its files until it compacts them: blocks of which less than half
is in use, every sync_interval (2 minutes), never the newest block, and no request makes it. In a cluster the Raft logs
keep messages for a while too. Where that is not enough, encrypt its store. deploy/README.md has more.

Examples:
  rlsguard erase Patient/123
  rlsguard erase Patient/123 --inputs --yes
  rlsguard erase Patient/123 --yes --context admin --key-file site.key`
}

var patientRef = regexp.MustCompile(`^Patient/[A-Za-z0-9.-]{1,64}$`)

// Run erases.
func (c *eraseCommand) Run(p *terminal.Program) (err error) {
	if !patientRef.MatchString(c.Patient) {
		return errors.New("a reference such as Patient/123 is expected")
	}
	if (c.Shared || c.Base != "") && !c.Inputs {
		return errors.New("--shared and --base go with --inputs")
	}
	ctx, stop := terminal.Interruptible()
	defer stop()
	s, err := c.open(ctx, p, "erase", false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(s.explain(err), s.close()) }()
	patient := facts.Ref(c.Patient)
	there, err := s.Find(ctx, s.key, patient)
	if err != nil {
		return err
	}
	if (c.Inputs || !there.Nothing()) && !c.Yes {
		question := fmt.Sprintf("Erase %s with %s and %s (%d open)", c.Patient,
			terminal.Plural(there.Facts, "fact", "facts"), terminal.Plural(there.Flags, "flag", "flags"), there.Open)
		if c.Inputs {
			question += ", and what producers sent"
		}
		if c.Shared {
			question += ", with messages that name others too"
		}
		if err := confirm(p, question+"?"); err != nil {
			return err
		}
	}
	bar := terminal.StartProgress(p.Stderr, "searching", 0, messages)
	inputs := operate.InputsOf{Erase: c.Inputs, Shared: c.Shared, Base: c.Base}
	done, err := s.Erase(ctx, s.key, patient, inputs, func(n int) { bar.Add(int64(n)) })
	bar.End()
	if err != nil {
		return err
	}
	c.tell(p, &done)
	return nil
}

// confirm asks a person on a terminal; anybody else has to say --yes.
func confirm(p *terminal.Program, question string) error {
	f, ok := p.Stdin.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return errors.New("this cannot be undone: add --yes")
	}
	fmt.Fprintf(p.Stderr, "%s This cannot be undone. [y/N] ", question)
	answer, _ := bufio.NewReader(p.Stdin).ReadString('\n')
	if a := strings.ToLower(strings.TrimSpace(answer)); a != "y" && a != "yes" {
		return errors.New("nothing was changed")
	}
	return nil
}
