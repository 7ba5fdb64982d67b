package terminal

import (
	"io"
	"os"

	"golang.org/x/term"
)

// screen is what a program writes to, as far as text for a person depends on it.
type screen struct {
	Width  int // columns; 0 when it is no terminal
	Colour bool
}

// widest is how wide a line of text gets, however wide the terminal is: longer ones are hard to
// read.
const widest = 100

// ScreenOf looks at a stream. Colours are for terminals only, and not where NO_COLOR (no-color.org)
// is set.
func ScreenOf(w io.Writer) screen {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return screen{}
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		width = 0
	}
	return screen{Width: min(width, widest), Colour: os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}
