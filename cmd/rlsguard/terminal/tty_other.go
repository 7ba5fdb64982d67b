//go:build !unix

package terminal

import "os"

// endOfInput is what ends typed input.
const endOfInput = "Ctrl-Z and Enter"

// resizes gets nothing: this system does not tell a program that its terminal changed.
func resizes() (changed <-chan os.Signal, stop func()) { return nil, func() {} }
