package help

import (
	"io"

	"github.com/alecthomas/kong"
)

// ConnectionTopic is the name under which the options of the connection are explained.
const ConnectionTopic = "connection"

const connectionText = `How commands find the NATS server and log in.

Examples:
  rlsguard watch --context dashboard
  export NATS_URL="$(cat DIR/nats.url)"   # of rlsguard serve --data DIR
  rlsguard watch --nats tls://nats.example.org:4222 \
    --user dashboard --password-file nats.password \
    --js-domain RLSGUARD --inbox-prefix _INBOX_dashboard

The first of these that is set names the server:

  1. --nats, with the login of --context if both are given
  2. --context
  3. NATS_URL
  4. nats.url in the user's data directory: a local rlsguard serve
  5. NATS_CONTEXT
  6. the context chosen with nats context select

rlsguard serve reads only --nats and --context. With neither it runs a server of its own.

Options override what the context says. Passwords and keys come from files that only their owner can read.`

// Connection prints the topic, with the options, which are those of a struct for kong.
func Connection(w io.Writer, flags any, value kong.HelpValueFormatter) error {
	parser, err := kong.New(flags, kong.Name("rlsguard <command>"), kong.Description(connectionText),
		kong.Writers(w, w), kong.NoDefaultHelp(), kong.ExplicitGroups([]kong.Group{
			{Key: connection, Title: "Options:"},
		}))
	if err != nil {
		return err
	}
	ctx, err := kong.Trace(parser, nil)
	if err != nil {
		return err
	}
	return printed(kong.HelpOptions{
		Compact: true, WrapUpperBound: columns, ValueFormatter: value,
	}, ctx)
}
