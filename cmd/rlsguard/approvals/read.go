package approvals

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/substance"
)

// Extension ends the names of files with an approval.
const Extension = ".approval"

// Rules are the rules as the approvals of some files and folders leave them under the settings. Of a
// folder every file that ends in Extension is read. Of several approvals of a rule the newest that
// fits what is in force counts, else the newest. Errors name the file; one bad file makes all fail,
// since a missing approval is no answer to a forged one.
func Rules(paths, trusted []string, s *checks.Settings) (map[string]checks.Rule, error) {
	verifiers, err := reviewers(trusted)
	if err != nil {
		return nil, err
	}
	files, err := filesOf(paths)
	if err != nil {
		return nil, err
	}
	rules := map[string]checks.Rule{}
	var errs []error
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		a, err := open(data, verifiers)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", file, err))
			continue
		}
		if r := a.rule(s); better(r, rules[a.Check]) {
			rules[a.Check] = r
		}
	}
	return rules, errors.Join(errs...)
}

func better(a, than checks.Rule) bool {
	if (a.Status == checks.RuleVoid) != (than.Status == checks.RuleVoid) && than.Status != "" {
		return than.Status == checks.RuleVoid
	}
	return a.Date >= than.Date
}

// rule compares an approval with what is in force.
func (a *Approval) rule(s *checks.Settings) checks.Rule {
	i := slices.IndexFunc(checks.Catalogue(), func(c checks.Check) bool { return c.ID == a.Check })
	c := checks.Catalogue()[i] // validate has found it
	r := checks.Rule{
		Version: c.Rule.Version, Status: a.Status, Date: a.Date, NextReview: a.NextReview,
		Reviewer: a.Reviewer + " (" + strings.Join(a.Signers, ", ") + ")",
	}
	if r.Changed = substance.Changed(a.Parts, substance.Of(c, s)); len(r.Changed) > 0 {
		r.Status = checks.RuleVoid
	}
	return r
}

// reviewers are the public keys of the reviewers that a site trusts, as rlsguard review key prints
// them.
func reviewers(keys []string) (note.Verifiers, error) {
	var list []note.Verifier
	for i, key := range keys {
		v, err := note.NewVerifier(strings.TrimSpace(key))
		if err != nil {
			return nil, fmt.Errorf(
				"trusted_reviewers[%d]: %q is not a reviewer's key as rlsguard review key prints it",
				i,
				key,
			)
		}
		list = append(list, v)
	}
	return note.VerifierList(list...), nil
}

func filesOf(paths []string) ([]string, error) {
	var files []string
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			files = append(files, path)
			continue
		}
		found, err := filepath.Glob(filepath.Join(path, "*"+Extension))
		if err != nil {
			return nil, err
		}
		files = append(files, found...)
	}
	return files, nil
}
