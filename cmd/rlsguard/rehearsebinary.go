package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/files"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/ordercheck"
	"github.com/rlsguard/rlsguard/consumers/rehearse"
)

// againstBinary compares with what another binary prints. Both print patients in the same order, so
// only one patient at a time is held.
func (r *replay) againstBinary(out *rehearse.Rehearsal, known *fold.Memory) (*rehearse.Report, error) {
	if slices.Contains(r.options.Paths, files.StdinName) {
		return nil, errors.New("--against-binary: standard input can be read only once: give files")
	}
	config := r.options.Config
	if r.options.Against != "" {
		config = r.options.Against
	}
	other, err := startOther(r.options.AgainstBinary, config, r.asOf, r.options.Paths)
	if err != nil {
		return nil, fmt.Errorf("--against-binary: %w", err)
	}
	sides := &rehearse.Sides{Before: r.engine.Settings, AsOf: r.asOf}
	err = r.mergeOther(out, sides, known, other)
	if ended := other.end(err); ended != nil {
		return nil, fmt.Errorf("--against-binary: %w", ended)
	}
	report := out.Report(
		r.asOf,
		"this version, "+configName(r.options.Config),
		r.options.AgainstBinary+" ("+other.version+"), "+configName(config),
	)
	report.Notes = append(
		report.Notes,
		"Why the other version has no flag is not known; its settings are not compared.",
	)
	return report, nil
}

// mergeOther takes all patients of both sides in, in order.
func (r *replay) mergeOther(
	out *rehearse.Rehearsal,
	sides *rehearse.Sides,
	known *fold.Memory,
	other *otherRun,
) error {
	other.next()
	take := func(ref facts.Ref, st *checks.State) error {
		one := rehearse.Patient{Ref: ref}
		if st != nil {
			one = sides.Patient(st, nil)
		}
		for other.patient == ref && other.err == nil {
			one.After = append(one.After, other.flag)
			other.next()
		}
		return out.Add(&one)
	}
	for _, ref := range known.Patients() {
		for other.patient != "" && other.patient < ref && other.err == nil {
			if err := take(other.patient, nil); err != nil {
				return err
			}
		}
		if err := take(ref, known.State(ref)); err != nil {
			return err
		}
	}
	for other.patient != "" && other.err == nil {
		if err := take(other.patient, nil); err != nil {
			return err
		}
	}
	return other.err
}

// otherRun is another binary at work.
type otherRun struct {
	version string
	cmd     *exec.Cmd
	lines   *bufio.Reader
	stderr  bytes.Buffer

	patient facts.Ref // of the flag in hand; "" at the end
	flag    rehearse.Flag
	err     error
}

func startOther(path, config string, asOf time.Time, paths []string) (*otherRun, error) {
	o := &otherRun{version: "unknown version"}
	if said, err := exec.Command(path, "--version").Output(); err == nil {
		o.version, _, _ = strings.Cut(strings.TrimSpace(string(said)), "\n")
	}
	args := []string{"replay", "--format", "json", "--as-of", asOf.Format(time.RFC3339)}
	if config != "" {
		args = append(args, "--config", config)
	}
	o.cmd = exec.Command(path, append(append(args, "--"), paths...)...)
	o.cmd.Stderr = &o.stderr
	stdout, err := o.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	o.lines = bufio.NewReaderSize(stdout, 1<<16)
	return o, o.cmd.Start()
}

// next takes the next flag in hand.
func (o *otherRun) next() {
	text, err := o.lines.ReadBytes('\n')
	if errors.Is(err, io.EOF) && len(bytes.TrimSpace(text)) == 0 {
		o.patient = ""
		return
	}
	var l ordercheck.Line
	if err == nil || errors.Is(err, io.EOF) {
		err = json.Unmarshal(text, &l)
	}
	var f checks.Flag
	if err == nil {
		f, err = l.Flag()
	}
	switch {
	case err != nil:
		o.err = fmt.Errorf("a line of its output is not a flag: %w", err)
	case f.Patient == "" || f.Patient < o.patient:
		o.err = errors.New("its flags are not in the order of their patients")
	default:
		o.patient, o.flag = f.Patient, rehearse.Flag{
			Check:      f.Check,
			Ingredient: f.Ingredient,
			Severity:   f.Severity,
			Summary:    f.Summary,
		}
	}
}

// end waits for the binary. failed is what went wrong while its output was read.
func (o *otherRun) end(failed error) error {
	if failed != nil {
		o.cmd.Process.Kill()
	}
	err := o.cmd.Wait()
	var code *exec.ExitError
	switch {
	case failed != nil:
		return failed
	case errors.As(err, &code) && code.ExitCode() == terminal.ExitRejected:
		return nil
	case err != nil:
		last := bytes.TrimSpace(o.stderr.Bytes())
		return fmt.Errorf("%w: %s", err, terminal.Harmless(string(last[bytes.LastIndexByte(last, '\n')+1:])))
	}
	return nil
}
