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

	Yes     bool   `help:"Do not ask for confirmation."`
	Inputs  bool   `help:"Also erase decided inputs and letters that name only this patient."`
	Shared  bool   `help:"With --inputs: also erase messages that name others, or may."`
	Base    string `placeholder:"URL" help:"With --inputs: base URL of your own FHIR server. Patients of other servers are different patients."`
	Patient string `arg:"" help:"Reference of the patient, such as Patient/123."`
}

// Help is shown below the options.
func (eraseCommand) Help() string {
	return `Examples:
  rlsguard erase Patient/123
  rlsguard erase Patient/123 --inputs --yes
  rlsguard erase Patient/123 --yes --context admin --key-file site.key

Erases a patient's facts, flags, audit, timers and feedback on cards. rlsguard serve may be running: it forgets the patient at once and tells dashboards that the flags are resolved (reason: erased). It can be repeated.

This cannot be undone and does not block the patient: a later event starts afresh. Erase at the source first: sending systems, their streams and queues. Backups, snapshots, exports, and copies of flags in logs, tickets or dashboards are not reached.

Input: what producers sent stays in the stream FHIR; reading it again brings the patient back. --inputs erases decided messages in FHIR, RLS_DEAD and RLS_REJECTED that name this patient and nobody else. Messages that name others, or may, are listed by stream and sequence; --shared erases them too, and the others keep their facts and flags. Inputs not decided yet are listed and stay: they will bring the patient back. Messages that name nobody are not found.

Disk: the embedded server overwrites the bytes before the command ends, also with --data. Your own NATS server overwrites inputs, letters, feedback and audit. Facts and flags stay in its files until it compacts them: blocks less than half in use, every sync_interval (2 minutes), never the newest block. In a cluster, Raft logs keep messages for a while too. If that is not enough, encrypt the store (see deploy/erasing.md).`
}

var patientRef = regexp.MustCompile(`^Patient/[A-Za-z0-9.-]{1,64}$`)

// Run erases.
func (c *eraseCommand) Run(p *terminal.Program) (err error) {
	if !patientRef.MatchString(c.Patient) {
		return errors.New("expected a reference such as Patient/123")
	}
	if (c.Shared || c.Base != "") && !c.Inputs {
		return errors.New("--shared and --base need --inputs")
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
