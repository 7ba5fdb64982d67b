package connect

import "github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"

// NobodyDecides says why waiting may take for ever.
func NobodyDecides(p *terminal.Program) {
	terminal.Tell(
		p.Stderr,
		"still waiting: nobody reads the messages. Is rlsguard serve running on this server, "+
			"and ready? What was published stays; Ctrl-C stops waiting",
	)
}
