package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/rlsguard/rlsguard/cmd/rlsguard/casetest"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/dead"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/help"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/review"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/tables"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
)

const description = `Checks medicines and iron labs of people with restless legs syndrome (RLS).

First steps:
  rlsguard demo             see it work, nothing to set up
  rlsguard replay FOLDER    check FHIR files
  rlsguard serve            check events live, on NATS

Reads FHIR R4 and raises flags: medicines that commonly worsen RLS, and missing, old or low iron results. Each flag says what was found, why it matters, what to do, and the source. It supports professionals; it does not replace their judgement.

Exit codes: 0 done; 1 usage, input or output failed; 2 done, but some input was rejected; 3 --fail-on met, or a test differed.`

// commands is the command line.
type commands struct {
	Demo   demoCommand          `cmd:"" group:"files" help:"See it work, with made-up patients."`
	Replay replayCommand        `cmd:"" group:"files" help:"Check FHIR files or folders."`
	Check  checkCommand         `cmd:"" group:"files" help:"Check a draft order before it is written."`
	Test   casetest.TestCommand `cmd:"" group:"files" help:"Run test cases: input files and the flags they must give."`

	Serve   serveCommand   `cmd:"" group:"bus" help:"Read FHIR events from NATS and publish flags."`
	Setup   setupCommand   `cmd:"" group:"bus" help:"Create the streams on a NATS server."`
	Publish publishCommand `cmd:"" group:"bus" help:"Send FHIR files to a running rlsguard serve."`

	Watch    watchCommand    `cmd:"" group:"flags" help:"Show the open flags, then follow them live."`
	Page     pageCommand     `cmd:"" group:"flags" help:"Show the flags on a web page."`
	Ack      ackCommand      `cmd:"" group:"flags" help:"Acknowledge a flag: somebody has seen it."`
	Override overrideCommand `cmd:"" group:"flags" help:"Decide against the advice of a flag, with a reason."`
	Due      dueCommand      `cmd:"" group:"flags" help:"List what time alone will change."`
	Report   reportCommand   `cmd:"" group:"flags" help:"Report what became of the flags."`
	Audit    auditCommand    `cmd:"" group:"flags" help:"Show who answered which flag, when and why."`

	Checks      tables.ChecksCommand      `cmd:"" group:"rules" help:"List the checks with their limits and sources."`
	Classify    tables.ClassifyCommand    `cmd:"" group:"rules" help:"Look up drug codes and names."`
	Terminology tables.TerminologyCommand `cmd:"" group:"rules" help:"Make site tables from your own code systems."`
	Rehearse    rehearseCommand           `cmd:"" group:"rules" help:"Show what other settings would change."`
	Review      review.Command            `cmd:"" group:"rules" help:"Review, approve and sign the rules."`

	Dead   dead.Command  `cmd:"" group:"operate" help:"Inspect, retry or delete rejected input."`
	Verify verifyCommand `cmd:"" group:"operate" help:"Check that the flags follow from the stored data."`
	Export exportCommand `cmd:"" group:"operate" help:"Back up everything to a file."`
	Import importCommand `cmd:"" group:"operate" help:"Restore an export on an empty server."`
	Erase  eraseCommand  `cmd:"" group:"operate" help:"Remove a patient."`
	Help   helpCommand   `cmd:"" group:"operate" help:"Explain a command, or the connection options."`

	Version versionFlag `help:"Print version, tables, rules and stored format."`
}

// run is the whole program, given its arguments and streams.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	p := &terminal.Program{
		Stdin:  stdin,
		Stdout: bufio.NewWriterSize(stdout, 1<<16),
		Stderr: stderr,
		Now:    time.Now,
		Screen: terminal.ScreenOf(stdout),
	}
	return execute(p, args)
}

// execute selects a command, runs it and gives its exit code.
func execute(p *terminal.Program, args []string) int {
	if len(args) == 0 {
		err := errors.New("no command: rlsguard demo shows what it does, rlsguard --help lists the commands")
		return terminal.ExitCode(err, p.Stderr)
	}
	parser, err := newParser(grammar(args), p.Stdout, p.Stderr)
	if err != nil {
		return terminal.ExitCode(err, p.Stderr)
	}
	selected, err := parser.Parse(args)
	if err != nil {
		// not wrapped: kong's error has another exit code
		return terminal.ExitCode(errors.New(usageText(err)), p.Stderr)
	}
	err = selected.Run(p)
	if failed := p.Stdout.Flush(); failed != nil {
		err = fmt.Errorf("output: %w", failed)
	}
	return terminal.ExitCode(err, p.Stderr)
}

// usageText says what is wrong with the arguments, and whose help to read. What others call flags
// are options here.
func usageText(err error) string {
	command := "rlsguard"
	var parsing *kong.ParseError
	if errors.As(err, &parsing) && parsing.Context.Selected() != nil {
		command = parsing.Context.Selected().FullPath()
	}
	text := strings.NewReplacer(
		`must be one of "",`, "must be one of ", // the default of an option that may be left out
		"unknown flag", "unknown option", "missing flags", "missing options",
	).Replace(err.Error())
	if strings.HasPrefix(text, "unknown option --data") {
		return `unknown option --data: to reach a running rlsguard serve --data DIR, give its address: ` +
			`--nats "$(cat DIR/nats.url)" (see rlsguard help connection)`
	}
	return text + " (see " + command + " --help)"
}

// helpText is the help of an option with its default, where that does not stand in the place of its
// value.
func helpText(v *kong.Value) string {
	if v.Flag == nil || v.Flag.PlaceHolder == "" || v.Default == "" {
		return v.Help
	}
	return v.Help + " Default: " + v.Default + "."
}

// grammar is the command line, or of it no more than the command that args begin with: to make all
// of it takes a third of the start.
func grammar(args []string) any {
	if len(args) == 0 {
		return &commands{}
	}
	all := reflect.TypeFor[commands]()
	command, ok := all.FieldByNameFunc(func(name string) bool { return strings.ToLower(name) == args[0] })
	if _, is := command.Tag.Lookup("cmd"); !ok || !is {
		return &commands{}
	}
	version, _ := all.FieldByName("Version")
	return reflect.New(reflect.StructOf([]reflect.StructField{command, version})).Interface()
}

func newParser(grammar any, stdout *bufio.Writer, stderr io.Writer) (*kong.Kong, error) {
	return kong.New(grammar,
		kong.Name("rlsguard"), kong.Description(description), kong.Writers(stdout, stderr), kong.Exit(func(code int) {
			stdout.Flush() // of --help and --version, after which there is nothing to return to
			os.Exit(code)
		}),
		kong.ValueFormatter(helpText),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 80}),
		kong.Help(help.Print), kong.ExplicitGroups(help.Groups()),
	)
}
