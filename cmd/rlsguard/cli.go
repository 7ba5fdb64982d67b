package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"runtime/debug"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/rlsguard/rlsguard/cmd/rlsguard/casetest"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/dead"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/review"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/tables"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
)

const description = `Checks medicines and iron labs of people with restless legs syndrome (RLS).

It reads FHIR R4 resources, finds medicines that commonly worsen RLS and missing, old or low iron results, and says so in flags: what was found, why, what to do, and on which source that rests. It supports professionals and does not replace their judgement.

First steps:
  rlsguard demo                    see it work, nothing to set up
  rlsguard replay FOLDER           check FHIR files
  rlsguard serve                   check events as they come, on NATS

Exit codes: 0 done; 1 usage, input or output failed; 2 done, but some input was rejected; 3 --fail-on met, or a test differed.`

// commands is the command line.
type commands struct {
	Replay      replayCommand             `cmd:"" help:"Check FHIR files or folders; needs no server."`
	Test        casetest.TestCommand      `cmd:"" help:"Run test cases: files, and the flags that they must give."`
	Serve       serveCommand              `cmd:"" help:"Consume FHIR events from NATS and publish flags."`
	Setup       setupCommand              `cmd:"" help:"Make the streams on a NATS server, for serve to work on."`
	Publish     publishCommand            `cmd:"" help:"Put FHIR files on the inbound subjects."`
	Watch       watchCommand              `cmd:"" help:"Follow the flags: the open ones, then live."`
	Page        pageCommand               `cmd:"" help:"Show the flags on a page: a work list, live."`
	Check       checkCommand              `cmd:"" help:"Say what an order would be flagged for, before it is written."`
	Ack         ackCommand                `cmd:"" help:"Say that somebody has seen a flag."`
	Override    overrideCommand           `cmd:"" help:"Decide against the advice of a flag, with a reason."`
	Demo        demoCommand               `cmd:"" help:"See it work: made-up patients on a server in a temporary folder."`
	Classify    tables.ClassifyCommand    `cmd:"" help:"Say what the tables know about drug codes and names."`
	Terminology tables.TerminologyCommand `cmd:"" help:"Make site tables from code systems that a site has."`
	Checks      tables.ChecksCommand      `cmd:"" help:"List the checks with their limits and sources."`

	Review   review.Command  `cmd:"" help:"For those who answer for the rules: read, approve, sign."`
	Rehearse rehearseCommand `cmd:"" help:"Say what other settings would change for the stored patients."`
	Report   reportCommand   `cmd:"" help:"Report what became of flags: how they ended, how fast, how often they came back."`
	Due      dueCommand      `cmd:"" help:"List what time alone will change, as text, JSON or a calendar."`
	Dead     dead.Command    `cmd:"" help:"Look at what was rejected, put it through again, or drop it."`
	Verify   verifyCommand   `cmd:"" help:"Decide about every stored patient again and say what differs."`
	Export   exportCommand   `cmd:"" help:"Write all states to a file, as a backup or to move."`
	Import   importCommand   `cmd:"" help:"Store an export on a server without states."`
	Audit    auditCommand    `cmd:"" help:"Show who answered which flag, when and why."`
	Erase    eraseCommand    `cmd:"" help:"Remove all that is stored about a patient."`

	Version kong.VersionFlag `help:"Print the version and end."`
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

// usageText says what is wrong with the arguments, and whose help to read.
func usageText(err error) string {
	command := "rlsguard"
	var parsing *kong.ParseError
	if errors.As(err, &parsing) && parsing.Context.Selected() != nil {
		command = parsing.Context.Selected().FullPath()
	}
	// the default of an option that may be left out
	text := strings.Replace(err.Error(), `must be one of "",`, "must be one of ", 1)
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
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.Vars{"version": version()},
	)
}

func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "rlsguard, version unknown"
	}
	return "rlsguard " + info.Main.Version + ", " + info.GoVersion
}
