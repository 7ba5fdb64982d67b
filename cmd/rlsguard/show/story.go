package show

import "github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"

// NewStory gives the printer of a text in which changes follow each other: like that of transitions,
// without ids, numbers and times, which tell a reader nothing there.
func NewStory(p *terminal.Program) Printer {
	printer := NewPrinter(p, "text", true, false)
	if t, ok := printer.(*textPrinter); ok {
		t.options.Story = true
	}
	return printer
}
