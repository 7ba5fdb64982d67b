package main

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/rlsguard/rlsguard/cmd/rlsguard/connect"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/help"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
)

type helpCommand struct {
	Topic []string `arg:"" optional:"" help:"A command, such as dead retry, or connection. Default: all commands."`
}

// Help is shown before the options.
func (helpCommand) Help() string {
	return `Examples:
  rlsguard help watch
  rlsguard help connection`
}

// Run explains.
func (c *helpCommand) Run(p *terminal.Program) error {
	if len(c.Topic) == 1 && c.Topic[0] == help.ConnectionTopic {
		return help.Connection(p.Stdout, &struct{ connect.Flags }{}, helpText)
	}
	parser, err := newParser(grammar(c.Topic), p.Stdout, p.Stderr)
	if err != nil {
		return err
	}
	found, err := kong.Trace(parser, c.Topic)
	if err != nil {
		return err
	}
	if found.Command() != strings.Join(c.Topic, " ") && len(c.Topic) > 0 {
		return fmt.Errorf("there is no command %q (see rlsguard help)", strings.Join(c.Topic, " "))
	}
	_, err = parser.Parse(append(c.Topic, "--help"))
	return err
}
