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
	Patient string `arg:"" help:"Reference of the patient, such as Patient/123."`
}

// Help is shown below the options.
func (eraseCommand) Help() string {
	return `Removes what is stored about a patient: facts, flags, their transitions kept for audit, timers, and feedback on cards that showed the flags. rlsguard serve may run; it forgets the patient at once, and dashboards are told that the flags are resolved, with the reason erased. It can be repeated.

It cannot be undone, and it is no block: a later event of the patient starts afresh, with numbers from 1. So erase at the source first. What producers sent stays in the stream FHIR until that stream drops it, and reading that stream again from its start would bring the patient back; rejected input stays in RLS_DEAD, where only the payload says whom it is about: dead letters that name the patient are listed, and all expire. Backups and exports are not touched.

Examples:
  rlsguard erase Patient/123
  rlsguard erase Patient/123 --yes --context admin --key-file site.key`
}

var patientRef = regexp.MustCompile(`^Patient/[A-Za-z0-9.-]{1,64}$`)

// Run erases.
func (c *eraseCommand) Run(p *terminal.Program) (err error) {
	if !patientRef.MatchString(c.Patient) {
		return errors.New("a reference such as Patient/123 is expected")
	}
	ctx, stop := interruptible()
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
	if !there.Nothing() && !c.Yes {
		if err := confirm(p, fmt.Sprintf("Erase %s with %s and %s (%d open)?", c.Patient, terminal.Plural(there.Facts, "fact", "facts"), terminal.Plural(there.Flags, "flag", "flags"), there.Open)); err != nil {
			return err
		}
	}
	bar := terminal.StartProgress(
		p.Stderr,
		"searching dead letters",
		0,
		func(n int64) string { return terminal.Plural(int(n), "letter", "letters") },
	)
	done, err := s.Erase(ctx, s.key, patient, func(n int) { bar.Add(int64(n)) })
	bar.End()
	if err != nil {
		return err
	}
	erasedWords(p, c.Patient, &done)
	return nil
}

func erasedWords(p *terminal.Program, patient string, done *operate.Erased) {
	if done.Nothing() {
		fmt.Fprintf(p.Stdout, "Nothing is stored about %s.\n", patient)
	} else {
		fmt.Fprintf(p.Stdout, "Erased %s: %s, %s.\n", patient, terminal.Plural(done.Facts, "fact", "facts"), terminal.Plural(done.Flags, "flag", "flags"))
	}
	if len(done.Letters) > 0 {
		numbers := strings.Trim(fmt.Sprint(done.Letters), "[]")
		fmt.Fprintf(
			p.Stdout,
			"Dead letters still name the patient, and may be about others too. Look at them, then: rlsguard dead drop %s\n",
			numbers,
		)
	}
	fmt.Fprintln(
		p.Stdout,
		"Dead letters are not found by patient but by the text of the reference; all expire. What producers sent stays in the stream FHIR.",
	)
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
