package terminal

import (
	"io"
	"os"

	"golang.org/x/term"
)

// screen is what a program writes to, as far as text for a person depends on it.
type screen struct {
	Width  int // columns of text; 0 when it is no terminal
	Colour bool

	file          *os.File // nil when it is no terminal
	columns, rows int
}

// widest is how wide a line of text gets, however wide the terminal is: longer ones are hard to
// read.
const widest = 100

// ScreenOf looks at a stream. Colours are for terminals only, and not where NO_COLOR (no-color.org)
// is set.
func ScreenOf(w io.Writer) screen {
	f, ok := w.(*os.File)
	if !ok || !IsTerminal(f) {
		return screen{}
	}
	s := screen{Colour: os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb", file: f}
	s.measure()
	return s
}

// measure learns how large the terminal is now. Where that cannot be learned, Width is 0.
func (s *screen) measure() {
	columns, rows, err := term.GetSize(int(s.file.Fd()))
	if err != nil {
		columns, rows = 0, 0
	}
	s.columns, s.rows, s.Width = columns, rows, min(columns, widest)
}

// IsTerminal tells whether a person is at the other end of a stream.
func IsTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
