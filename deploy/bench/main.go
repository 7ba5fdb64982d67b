// Command bench holds rlsguard beside other programs that read the same patients: each case in
// turn, round after round, in one run, and then a table of ratios. Absolute figures say little on a
// machine that does other things too.
//
//	go run ./deploy/bench -samples DIR
//
// It is no part of the product, knows rlsguard by its command line only, and must not be read as a
// test: nothing here passes or fails.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

type options struct {
	samples, bin, work, only  string
	rounds, megabytes, events int
	rate, minutes, entries    int
	patients                  numbers
	peers                     peerFlag
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == roleArg {
		exit(runRole(os.Args[2:]))
		return
	}
	o := options{}
	flag.StringVar(
		&o.samples,
		"samples",
		filepath.Join(os.Getenv("RLSGUARD_CORPUS"), "synthea-r4-2019"),
		"folder of FHIR bundles, a patient each (*.json, *.json.gz)",
	)
	flag.StringVar(&o.bin, "bin", "", "rlsguard to measure; built from this module when left out")
	flag.StringVar(&o.work, "work", "", "folder for the inputs, which are kept; a temporary one when left out")
	flag.IntVar(&o.rounds, "rounds", 5, "rounds")
	flag.IntVar(
		&o.megabytes,
		"mb",
		240,
		"size of the input: so large that start-up does not count, and that what is slurped shows",
	)
	flag.Var(
		&o.peers,
		"peer",
		"one more program, as NAME=COMMAND; the files are appended to the command (may be repeated)",
	)
	flag.StringVar(
		&o.only,
		"only",
		"",
		"files, bus, sweep or soak: only what reads files, only what runs on a server, with what power of its\n"+
			"number the cost of everything grows that a sender may send, or how much memory serve takes under load",
	)
	flag.IntVar(&o.events, "events", 60_000, "events of a round on the bus")
	flag.IntVar(&o.rate, "rate", 150, "events a second of a soak")
	flag.IntVar(&o.minutes, "minutes", 30, "how long a soak takes")
	flag.IntVar(&o.entries, "entries", 0, "entries for audit that are there before a soak")
	flag.Var(&o.patients, "patients", "how many patients serve knows; may be repeated (10000 and 100000)")
	flag.Parse()
	exit(o.run())
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func (o *options) run() error {
	if o.work == "" {
		dir, err := os.MkdirTemp("", "rlsguard-bench")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		o.work = dir
	}
	if o.bin == "" {
		o.bin = filepath.Join(o.work, "rlsguard")
		build := exec.Command("go", "build", "-o", o.bin, "github.com/rlsguard/rlsguard/cmd/rlsguard")
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			return fmt.Errorf("building rlsguard: %w", err)
		}
	}
	switch o.only {
	case "sweep":
		return o.sweep()
	case "soak":
		return o.soak()
	}
	if o.only != "bus" {
		if err := o.onFiles(); err != nil {
			return err
		}
	}
	if o.only == "files" {
		return nil
	}
	if len(o.patients) == 0 {
		o.patients = numbers{10_000, 100_000}
	}
	for _, n := range o.patients {
		if err := o.onBus(context.Background(), n); err != nil {
			return err
		}
	}
	return nil
}

func (o *options) onFiles() error {
	in, err := makeInputs(o)
	if err != nil {
		return err
	}
	for _, t := range o.tables(in) {
		t.measure(cmp.Or(t.rounds, o.rounds))
		t.print(os.Stdout)
	}
	return nil
}

// tables are what is measured. The first case of a table is what the others are held against.
func (o *options) tables(in *inputs) []*table {
	return []*table{
		o.replayTable(in),
		{
			title: "replay, 1 and 2 cores, memory",
			items: in.plain.patients,
			unit:  "patients",
			bytes: in.plain.bytes,
			cases: []*run{
				o.rlsguard(
					"GOMAXPROCS=1",
					1,
					"replay",
					in.plain.dir,
				), o.rlsguard("GOMAXPROCS=2", 2, "replay", in.plain.dir),
			},
		},
		{
			title: "replay of .json.gz, 2 cores",
			items: in.packed.patients,
			unit:  "patients",
			bytes: in.packed.bytes,
			cases: []*run{
				role(
					"unpacking alone",
					2,
					"unpack",
					in.packed.dir,
				), o.rlsguard("rlsguard replay", 2, "replay", in.packed.dir),
			},
		},
		{title: "start-up", rounds: 8 * o.rounds, cases: []*run{
			o.rlsguard("--help", 2, "--help"), o.rlsguard("replay of one small file", 2, "replay", in.small),
			o.rlsguard("classify of one code", 2, "classify", "--system", "rxnorm", "312938"),
			o.rlsguard("classify of one name", 2, "classify", "sertraline"),
		}},
	}
}

// replayTable holds replay, which runs all checks, against programs that parse the same files or
// ask three questions of them.
func (o *options) replayTable(in *inputs) *table {
	t := &table{title: "replay, 1 core", items: in.plain.patients, unit: "patients", bytes: in.plain.bytes}
	if node, err := exec.LookPath("node"); err == nil {
		t.cases = append(
			t.cases,
			jsonParse(node, in.plain.dir),
			command(
				"Node, files read and parsed",
				1,
				[]string{node, "--input-type=module", "-e", readJS, in.plain.dir},
			),
		)
	}
	t.cases = append(
		t.cases,
		o.rlsguard("rlsguard replay", 1, "replay", in.plain.dir),
		role("encoding/json, samply models", 1, "naive", in.plain.dir),
		role("json.Valid", 1, "valid", in.plain.dir),
	)
	if jq, err := exec.LookPath("jq"); err == nil {
		t.cases = append(t.cases, command("jq", 1, append([]string{jq, "-c", filterJQ}, in.plain.files...)))
	}
	for _, p := range o.peers {
		t.cases = append(t.cases, command(p.name, 1, append(p.command, in.plain.files...)))
	}
	return t
}
