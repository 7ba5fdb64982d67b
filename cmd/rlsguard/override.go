package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/settings"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/consumers/ordercheck"
)

type overrideCommand struct {
	settings.Flag
	answerFlags

	Reason string `required:"" placeholder:"CODE" help:"One of the reasons above, or of override_reasons in --config."`
}

// Help is shown below the options.
func (overrideCommand) Help() string {
	var reasons strings.Builder
	for _, r := range ordercheck.DefaultReasons {
		reasons.WriteString("  " + r.Code + strings.Repeat(" ", max(1, 26-len(r.Code))) + r.Display + "\n")
	}
	return `Examples:
  rlsguard override 2f1c9b1e --reason benefit-outweighs-risk \
    --author Practitioner/7

The flag stays open, marked as overridden with who, when and why. It needs attention again if the facts behind it get worse. Needs the right to publish on fhir.DetectedIssue.

Reasons:
` + strings.TrimRight(reasons.String(), "\n")
}

// Run overrides a flag.
func (c *overrideCommand) Run(p *terminal.Program) error {
	set, err := c.ReadSite()
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(set.Reasons, func(r ordercheck.Reason) bool { return r.Code == c.Reason }) {
		var known []string
		for _, r := range set.Reasons {
			known = append(known, r.Code)
		}
		return fmt.Errorf(
			"--reason: %q is not one of %s; the site's own are override_reasons in the file of --config",
			c.Reason,
			strings.Join(known, ", "),
		)
	}
	return c.answer(p, facts.Acknowledgement{Override: true, Reason: c.Reason}, "overridden")
}
