package main

import (
	_ "embed" // the peers in other languages
	"errors"
	"fmt"
	"strconv"
	"strings"
)

var (
	// parseJS says how long JSON.parse took, after one pass to warm up and without reading the
	// files.
	//go:embed parse.mjs
	parseJS string
	// filterJQ asks whether one of two diagnoses is there, for how many active orders of two drugs
	// there are, and for the newest of two results.
	//go:embed filter.jq
	filterJQ string
)

// readJS is a program that reads the files and parses them, measured as rlsguard is: as a whole.
//
//go:embed read.mjs
var readJS string

// jsonParse is JSON.parse alone: texts are in memory and the code is compiled before the clock
// starts.
func jsonParse(node, dir string) *run {
	r := command("JSON.parse alone, warm, from memory", 1, []string{node, "--input-type=module", "-e", parseJS, dir})
	r.ownClock = true
	return r
}

// rlsguard is the program under measurement. What it says about the input is no failure of the run.
func (o *options) rlsguard(name string, cores int, args ...string) *run {
	return command(name, cores, append([]string{o.bin}, args...))
}

// numbers is a flag that may be repeated.
type numbers []int

func (n *numbers) String() string { return "" }

func (n *numbers) Set(s string) error {
	v, err := strconv.Atoi(s)
	*n = append(*n, v)
	return err
}

// peerFlag are programs of the user.
type peerFlag []struct {
	name    string
	command []string
}

func (p *peerFlag) String() string { return "" }

// Set takes NAME=COMMAND, the command split at blanks.
func (p *peerFlag) Set(s string) error {
	name, line, ok := strings.Cut(s, "=")
	words := strings.Fields(line)
	if !ok || len(words) == 0 {
		return errors.New("wants NAME=COMMAND")
	}
	*p = append(*p, struct {
		name    string
		command []string
	}{name, words})
	return nil
}

// roleArg as first argument makes this program one of its own peers, so that those run in a process
// of their own.
const roleArg = "as"

func runRole(args []string) error {
	if len(args) < 2 {
		return errors.New("a role and its arguments")
	}
	switch args[0] {
	case "naive":
		return eachFile(args[1], naive)
	case "valid":
		return eachFile(args[1], valid)
	case "unpack":
		return unpackAll(args[1])
	case "server":
		return runServer(args[1])
	case "noop":
		return runNoop(args[1:])
	case "make":
		return makeAll(args[1:])
	}
	return fmt.Errorf("no role %q", args[0])
}
