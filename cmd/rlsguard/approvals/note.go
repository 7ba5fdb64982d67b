package approvals

import (
	"bufio"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/substance"
)

// Approval is what one note says of a rule.
type Approval struct {
	Check      string
	Version    int
	Status     checks.RuleStatus // RuleUnderReview or RuleApproved
	Reviewer   string            // who decided, in words: a person, a committee
	Date       string            // ISO 8601
	NextReview string            // ISO 8601
	Rehearsal  string            // SHA-256 of the report that was looked at; "" when none was
	Parts      []substance.Part  // all that decided the rule

	Signers []string // names of the trusted keys that signed
}

// firstLine says what a note is, and its version.
const firstLine = "rlsguard approval 1"

// text is what is signed. Parts stand one to a line, quoted, so that no value can pass for a line.
func (a *Approval) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", firstLine)
	for _, line := range a.lines() {
		fmt.Fprintf(&b, "%s: %s\n", line.name, *line.value)
	}
	fmt.Fprintf(&b, "version: %d\n", a.Version)
	fmt.Fprintf(&b, "hash: %s\n", substance.Hash(a.Parts))
	for _, p := range a.Parts {
		fmt.Fprintf(&b, "part: %q %q\n", p.Name, p.Value)
	}
	return b.String()
}

type field struct {
	name  string
	value *string
}

func (a *Approval) lines() []field {
	return []field{
		{"rule", &a.Check}, {"status", (*string)(&a.Status)}, {"reviewer", &a.Reviewer}, {"date", &a.Date},
		{"next review", &a.NextReview}, {"rehearsal", &a.Rehearsal},
	}
}

// parse reads the text of a note whose signature has been checked.
func parse(text string) (*Approval, error) {
	var a Approval
	values := map[string]*string{}
	var hash, version string
	values["hash"], values["version"] = &hash, &version
	for _, f := range a.lines() {
		values[f.name] = f.value
	}
	lines := bufio.NewScanner(strings.NewReader(text))
	lines.Buffer(nil, 1<<20)
	if !lines.Scan() || lines.Text() != firstLine {
		return nil, fmt.Errorf("it does not begin with %q", firstLine)
	}
	for lines.Scan() {
		name, value, ok := strings.Cut(lines.Text(), ": ")
		if name == "part" && ok {
			p, err := parsePart(value)
			if err != nil {
				return nil, err
			}
			a.Parts = append(a.Parts, p)
			continue
		}
		to, known := values[strings.TrimSuffix(name, ":")]
		if !known {
			return nil, fmt.Errorf("%q is not a line of an approval", lines.Text())
		}
		*to = value
	}
	var err error
	if a.Version, err = strconv.Atoi(version); err != nil {
		return nil, fmt.Errorf("version: %q is not a number", version)
	}
	if hash != substance.Hash(a.Parts) {
		return nil, errors.New("its hash is not that of its parts")
	}
	return &a, errors.Join(lines.Err(), a.validate())
}

func parsePart(value string) (substance.Part, error) {
	var p substance.Part
	if _, err := fmt.Sscanf(value, "%q %q", &p.Name, &p.Value); err != nil {
		return p, fmt.Errorf("part: %q is not a name and a value in quotes", value)
	}
	return p, nil
}

// validate tells what of an approval cannot be true, joined into one error.
func (a *Approval) validate() error {
	var errs []error
	if !slices.ContainsFunc(checks.Catalogue(), func(c checks.Check) bool { return c.ID == a.Check }) {
		errs = append(errs, fmt.Errorf("rule: no check is called %q", a.Check))
	}
	if a.Status != checks.RuleApproved && a.Status != checks.RuleUnderReview {
		errs = append(
			errs,
			fmt.Errorf("status: %q is neither %q nor %q", a.Status, checks.RuleApproved, checks.RuleUnderReview),
		)
	}
	if strings.TrimSpace(a.Reviewer) == "" || strings.ContainsAny(a.Reviewer, "\r\n") {
		errs = append(errs, errors.New("reviewer: expected a name on one line"))
	}
	for name, day := range map[string]string{"date": a.Date, "next review": a.NextReview} {
		if _, err := time.Parse(time.DateOnly, day); err != nil {
			errs = append(errs, fmt.Errorf("%s: %q is not a date such as 2027-05-29", name, day))
		}
	}
	if a.NextReview <= a.Date {
		errs = append(errs, errors.New("next review: must be after the date"))
	}
	return errors.Join(errs...)
}

// open reads a note. It fails unless a trusted reviewer signed it as it is.
func open(data []byte, trusted note.Verifiers) (*Approval, error) {
	n, err := note.Open(data, trusted)
	var unverified *note.UnverifiedNoteError
	var invalid *note.InvalidSignatureError
	switch {
	case errors.As(err, &invalid):
		return nil, fmt.Errorf("the signature of %s does not fit: it was edited or forged", invalid.Name)
	case errors.As(err, &unverified):
		return nil, errors.New("no trusted reviewer signed it")
	case err != nil:
		return nil, fmt.Errorf("it is not a signed note: %w", err)
	}
	a, err := parse(n.Text)
	if err != nil {
		return nil, err
	}
	for _, s := range n.Sigs {
		a.Signers = append(a.Signers, s.Name)
	}
	return a, nil
}

// Sign writes an approval as a note signed with a reviewer's key. Where before is a note of the same
// approval, its signatures stay, and added is true.
func Sign(a *Approval, signer note.Signer, before []byte) (signed []byte, added bool, err error) {
	if err := a.validate(); err != nil {
		return nil, false, err
	}
	n := &note.Note{Text: a.text()}
	if text, sigs, ok := strings.Cut(string(before), "\n\n"); ok && text+"\n" == n.Text {
		_, err := note.Open([]byte(text+"\n\n"+sigs), note.VerifierList())
		var old *note.UnverifiedNoteError // nobody is trusted here: all signatures are kept as they are
		if !errors.As(err, &old) {
			return nil, false, fmt.Errorf("the existing note: %w", err)
		}
		n.UnverifiedSigs = slices.DeleteFunc(old.Note.UnverifiedSigs, func(s note.Signature) bool {
			return s.Name == signer.Name() && s.Hash == signer.KeyHash()
		})
		added = true
	}
	signed, err = note.Sign(n, signer)
	return signed, added, err
}
