package terminal

import (
	"bufio"
	"cmp"
	"io"
	"time"

	"github.com/rs/zerolog"
)

// Program is what the commands share.
type Program struct {
	Stdin  io.Reader
	Stdout *bufio.Writer
	Stderr io.Writer
	Now    func() time.Time
	Screen screen // what stdout is
}

// Input is standard input. Where a person would have to type it, standard error says so, since a
// program that waits for it looks as if it worked.
func (p *Program) Input() io.Reader {
	if IsTerminal(p.Stdin) {
		Tell(p.Stderr, "reading standard input, end with %s", endOfInput)
	}
	return p.Stdin
}

// TextWidth is how wide text on standard output may get.
func (p *Program) TextWidth() int { return max(cmp.Or(p.Screen.Width, UsualWidth), LeastText) }

// Logger writes to stderr: for a person on a terminal, as JSON anywhere else.
func Logger(p *Program, level string) zerolog.Logger {
	parsed, err := zerolog.ParseLevel(level)
	if err != nil {
		parsed = zerolog.InfoLevel
	}
	w := p.Stderr
	if s := ScreenOf(p.Stderr); s.Width > 0 {
		w = zerolog.ConsoleWriter{Out: p.Stderr, TimeFormat: time.TimeOnly, NoColor: !s.Colour}
	}
	return zerolog.New(w).Level(parsed).With().Timestamp().Logger()
}
