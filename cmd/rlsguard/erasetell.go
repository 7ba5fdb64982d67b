package main

import (
	"fmt"
	"strings"

	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/consumers/operate"
)

// tell says what was erased and what was left.
func (c *eraseCommand) tell(p *terminal.Program, done *operate.Erased) {
	if done.Nothing() {
		fmt.Fprintf(p.Stdout, "Nothing is stored about %s.\n", c.Patient)
	} else {
		fmt.Fprintf(p.Stdout, "Erased %s: %s, %s.\n", c.Patient,
			terminal.Plural(done.Facts, "fact", "facts"), terminal.Plural(done.Flags, "flag", "flags"))
	}
	c.tellInputs(p, &done.Inputs)
	tellFiles(p, &done.Files)
}

func (c *eraseCommand) tellInputs(p *terminal.Program, done *operate.ErasedInputs) {
	var erased []string
	for _, stream := range []string{layout.StreamFHIR, layout.StreamDead, layout.StreamRejected} {
		if n := done.Erased[stream]; n > 0 {
			erased = append(erased, fmt.Sprintf("%d in %s", n, stream))
		}
	}
	if len(erased) > 0 {
		fmt.Fprintf(p.Stdout, "Messages erased: %s.\n", strings.Join(erased, ", "))
	}
	if len(done.Left) > 0 {
		fmt.Fprintln(p.Stdout, "Letters that name the patient were left; --inputs erases them:")
		places(p, done.Left)
	}
	if len(done.Shared) > 0 {
		fmt.Fprintln(p.Stdout, "Messages that also name others, or may, were left. "+
			"Look at them; --inputs --shared erases them, for the others too:")
		places(p, done.Shared)
	}
	if len(done.Waiting) > 0 {
		fmt.Fprintln(p.Stdout, "Inputs that name the patient are not decided yet and were left. "+
			"They will bring the patient back; erase again then:")
		var waiting []operate.Place
		for _, seq := range done.Waiting {
			waiting = append(waiting, operate.Place{Stream: layout.StreamFHIR, Sequence: seq})
		}
		places(p, waiting)
	}
	if !c.Inputs {
		fmt.Fprintln(p.Stdout, "What producers sent stays in the stream FHIR; --inputs erases it.")
	}
}

// places lists messages, those of a stream on one line.
func places(p *terminal.Program, list []operate.Place) {
	var stream string
	for _, at := range list {
		if at.Stream != stream {
			if stream != "" {
				fmt.Fprintln(p.Stdout)
			}
			stream = at.Stream
			fmt.Fprintf(p.Stdout, "  %s", stream)
		}
		fmt.Fprintf(p.Stdout, " %d", at.Sequence)
	}
	fmt.Fprintln(p.Stdout)
}

func tellFiles(p *terminal.Program, done *operate.ErasedFiles) {
	if !done.Searched {
		fmt.Fprintln(p.Stdout, "The NATS server keeps older versions in its files until it compacts them; see --help.")
		return
	}
	if done.Records > 0 {
		fmt.Fprintf(p.Stdout, "Overwritten in the files of the server: %s.\n",
			terminal.Plural(done.Records, "older version", "older versions"))
	}
	if done.Unread > 0 {
		fmt.Fprintf(p.Stdout, "%s of the store could not be read to the end, and may hold older versions.\n",
			terminal.Plural(done.Unread, "file", "files"))
	}
	if done.Aside {
		fmt.Fprintln(p.Stdout, "The folder damaged in the data folder holds copies of damaged streams, "+
			"which were not searched. Delete it once it is of no use.")
	}
}
