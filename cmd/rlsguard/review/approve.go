package review

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/substance"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/approvals"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/settings"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
)

type approveCommand struct {
	settings.Flag

	Checks     []string `arg:"" name:"check" help:"Ids of the checks whose rules are approved."`
	Key        string   `required:"" placeholder:"FILE" help:"Secret key of the reviewer, from rlsguard review key."`
	Reviewer   string   `required:"" placeholder:"TEXT" help:"Who decided, as it should read: name and office, or a committee."`
	Date       string   `placeholder:"DATE" help:"Day of the decision. Default: today."`
	NextReview string   `required:"" placeholder:"DATE" help:"Day of the next review, such as 2027-11-29."`
	Status     string   `enum:"approved,under-review" default:"approved" placeholder:"approved|under-review" help:"under-review: a review has begun."`
	Rehearsal  string   `placeholder:"FILE" help:"Rehearsal report behind the decision; its SHA-256 goes into the approval."`
	Out        string   `required:"" placeholder:"DIR" help:"Folder for the approvals, one file per rule."`
	Replace    bool     `help:"Overwrite an approval that no longer matches the rule."`
}

// Help is shown below the options.
func (approveCommand) Help() string {
	return `Examples:
  rlsguard review approve rls-ssri --config site.yaml --key anna.key \
    --reviewer "Pharmacy committee" --next-review 2027-11-29 --out approvals

Writes one signed note per rule. It covers everything that decides the rule under --config: version, trigger, limits, sources, table rows, texts and answers to the test cases. A second reviewer adds a signature by running the same command with the same --reviewer, --date and --next-review.

Put the folder into approvals in the configuration, and the reviewers' public keys into trusted_reviewers. An approval lapses when anything it covers changes; rlsguard checks says what changed.`
}

// Run signs approvals.
func (c *approveCommand) Run(p *terminal.Program) error {
	list, err := chosen(c.Checks)
	if err != nil {
		return err
	}
	set, err := c.Read()
	if err != nil {
		return err
	}
	signer, err := readKey(c.Key)
	if err != nil {
		return err
	}
	a := approvals.Approval{
		Status: checks.RuleStatus(strings.ReplaceAll(c.Status, "-", " ")), Reviewer: c.Reviewer,
		Date: c.Date, NextReview: c.NextReview,
	}
	if a.Date == "" {
		a.Date = p.Now().Format(time.DateOnly)
	}
	if c.Rehearsal != "" {
		report, err := os.ReadFile(c.Rehearsal)
		if err != nil {
			return fmt.Errorf("--rehearsal: %w", err)
		}
		sum := sha256.Sum256(report)
		a.Rehearsal = hex.EncodeToString(sum[:])
	}
	if err := os.MkdirAll(c.Out, 0o755); err != nil {
		return err
	}
	for _, check := range list {
		a.Check, a.Version, a.Parts = check.ID, check.Rule.Version, substance.Of(check, set.Settings)
		if err := c.write(p, &a, signer); err != nil {
			return fmt.Errorf("%s: %w", check.ID, err)
		}
	}
	return nil
}

// write signs one approval into its file.
func (c *approveCommand) write(p *terminal.Program, a *approvals.Approval, signer note.Signer) error {
	path := filepath.Join(c.Out, a.Check+approvals.Extension)
	before, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	signed, added, err := approvals.Sign(a, signer, before)
	if err != nil {
		return err
	}
	if len(before) > 0 && !added && !c.Replace {
		return fmt.Errorf("%s approves something else: --replace overwrites it", path)
	}
	if err := os.WriteFile(path, signed, 0o644); err != nil {
		return err
	}
	what := "written"
	if added {
		what = "signed beside the signatures that were there"
	}
	fmt.Fprintf(p.Stdout, "%s: %s\n", path, what)
	return nil
}

// readKey reads a reviewer's secret key, which nobody else may read.
func readKey(path string) (note.Signer, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("--key: %w", err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("--key: others may read %s: chmod 600 %s", path, path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("--key: %w", err)
	}
	signer, err := note.NewSigner(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, fmt.Errorf("--key: %s is not a secret key of rlsguard review key", path)
	}
	return signer, nil
}
