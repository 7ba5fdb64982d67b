//go:build !unix

package terminal

import "os"

// resizes gets nothing: this system does not tell a program that its terminal changed.
func resizes() (changed <-chan os.Signal, stop func()) { return nil, func() {} }
