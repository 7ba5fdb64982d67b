package review

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
)

// Command is the command line of a review.
type Command struct {
	Packet  packetCommand  `cmd:"" help:"Write the review packet of the rules for a committee."`
	Approve approveCommand `cmd:"" help:"Sign that rules are approved or under review."`
	Key     keyCommand     `cmd:"" help:"Create the key pair of a reviewer."`
}

type keyCommand struct {
	Name string `arg:"" help:"Name in signatures, without spaces: anna.example or pharmacy-committee."`
	Out  string `required:"" placeholder:"FILE" help:"File for the secret key (mode 0600). An existing file is never overwritten."`
}

// Help is shown below the options.
func (keyCommand) Help() string {
	return `Examples:
  rlsguard review key anna.example --out anna.key

Prints the public key; add it to trusted_reviewers in the configuration. Anyone with the secret key can approve rules in this name: keep it off the machine that runs rlsguard. If it is lost or stolen, remove its public key from trusted_reviewers; its approvals then no longer count.`
}

// Run makes a key pair.
func (c *keyCommand) Run(p *terminal.Program) error {
	if c.Name == "" || strings.ContainsAny(c.Name, "+ \t\r\n") {
		return fmt.Errorf("%q is not a reviewer name: spaces and + are not allowed", c.Name)
	}
	secret, public, err := note.GenerateKey(rand.Reader, c.Name)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(c.Out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s already exists: a key is never overwritten", c.Out)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(f, secret)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	fmt.Fprintln(p.Stdout, public)
	terminal.Tell(
		p.Stderr,
		"The secret key is in %s. Put the line above into trusted_reviewers of the configuration.",
		c.Out,
	)
	return nil
}

// chosen are the checks of some ids; all where there are none.
func chosen(ids []string) ([]checks.Check, error) {
	if len(ids) == 0 {
		return checks.Catalogue(), nil
	}
	var list []checks.Check
	for _, id := range ids {
		found := false
		for _, c := range checks.Catalogue() {
			if c.ID == id {
				list, found = append(list, c), true
			}
		}
		if !found {
			return nil, fmt.Errorf("no check is called %q: rlsguard checks lists them", id)
		}
	}
	return list, nil
}
