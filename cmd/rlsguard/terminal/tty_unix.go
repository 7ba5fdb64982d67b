//go:build unix

package terminal

import (
	"os"
	"os/signal"
	"syscall"
)

// endOfInput is what ends typed input.
const endOfInput = "Ctrl-D"

// resizes gets a value when the size of the terminal changes, until stop is called.
func resizes() (changed <-chan os.Signal, stop func()) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGWINCH)
	return c, func() { signal.Stop(c) }
}
