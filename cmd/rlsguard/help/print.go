package help

import (
	"io"
	"regexp"
	"strings"

	"github.com/alecthomas/kong"
)

// connection is the group of the options that say where the server is and who connects.
const connection = "connection"

// everywhere are the options of a connection that every command shows; the topic has the others.
var everywhere = map[string]bool{"nats": true, "context": true}

// Groups are the groups of options and commands, by the tag group of their fields.
func Groups() []kong.Group {
	return []kong.Group{
		{Key: connection, Title: "Connection (more: rlsguard help connection):"},
		{Key: "files", Title: "Check files (no server needed):"},
		{Key: "bus", Title: "Run on NATS:"},
		{Key: "flags", Title: "Read and answer flags:"},
		{Key: "rules", Title: "Rules and drug tables:"},
		{Key: "operate", Title: "Operate:"},
		{Key: "embedded", Title: "Embedded NATS server (without --nats and --context):"},
		{Key: "streams", Title: "Streams:"},
		{Key: "cds", Title: "CDS Hooks:"},
		{Key: "page", Title: "Page:"},
		{Key: "answer", Title: "User who answers:"},
		{Key: "service", Title: "Test a service:"},
		{Key: "rehearsal", Title: "Rehearsal:"},
	}
}

// Print is the help of a command, or of the program.
func Print(options kong.HelpOptions, ctx *kong.Context) error {
	ctx.Model.HelpFlag.Help = "Show this help."
	if selected := ctx.Selected(); selected != nil {
		for _, group := range selected.AllFlags(false) {
			for _, flag := range group {
				flag.Hidden = flag.Hidden || flag.Name == "help" || flag.Name == "version" ||
					flag.Group != nil && flag.Group.Key == connection && !everywhere[flag.Name]
			}
		}
	}
	return printed(options, ctx)
}

// printed is the help as kong lays it out, in our words.
func printed(options kong.HelpOptions, ctx *kong.Context) error {
	var text strings.Builder
	stdout := ctx.Stdout
	ctx.Stdout = &text
	err := kong.DefaultHelpPrinter(options, ctx)
	ctx.Stdout = stdout
	if err != nil {
		return err
	}
	_, err = io.WriteString(stdout, reworded(text.String()))
	return err
}

var (
	listed  = regexp.MustCompile(`(?m)^(\w[^\n]*:)\n\n(    )`)
	deeper  = regexp.MustCompile(`(?m)^    `)
	options = strings.NewReplacer("[flags]", "[options]", "\nFlags:\n", "\nOptions:\n")
)

// reworded calls options options, since a flag is something else here, lets a list follow the line
// that introduces it, and breaks a long first line.
func reworded(text string) string {
	usage, rest, _ := strings.Cut(options.Replace(text), "\n")
	rest, details := cutDetails(rest)
	rest = deeper.ReplaceAllString(listed.ReplaceAllString(rest, "$1\n$2"), "  ")
	return fold(usage) + "\n" + rest + details
}

// cutDetails parts what a command does from its arguments, options and commands.
func cutDetails(text string) (does, details string) {
	at := len(text)
	for _, title := range titles() {
		if i := strings.Index(text, "\n"+title+"\n"); i >= 0 {
			at = min(at, i)
		}
	}
	return text[:at], text[at:]
}

func titles() []string {
	all := []string{"Arguments:", "Options:", "Commands:"}
	for _, g := range Groups() {
		all = append(all, g.Title)
	}
	return all
}

// columns is the width that help is written for.
const columns = 80

// fold breaks a line of words; what follows is indented.
func fold(line string) string {
	var out strings.Builder
	width := 0
	for i, word := range strings.Fields(line) {
		switch {
		case i == 0:
		case width+1+len(word) > columns:
			out.WriteString("\n        ")
			width = 8
		default:
			out.WriteByte(' ')
			width++
		}
		out.WriteString(word)
		width += len(word)
	}
	return out.String()
}
