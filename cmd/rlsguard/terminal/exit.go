package terminal

import (
	"errors"
	"io"
)

// Exit codes of every command.
const (
	ExitDone     = 0
	ExitFailed   = 1 // usage, input or output failed
	ExitRejected = 2 // done, but some input was rejected
	ExitFailOn   = 3 // --fail-on met, or a test differed
)

// ExitError is an error that knows its exit code. An empty text has been reported already.
type ExitError struct {
	Code int
	Text string
}

func (e *ExitError) Error() string { return e.Text }

// ExitCode is what the process ends with.
func (e *ExitError) ExitCode() int { return e.Code }

// ErrRejected ends a command that has reported what it rejected.
var ErrRejected = &ExitError{Code: ExitRejected}

// ErrReported ends a command whose failures have been reported one by one.
var ErrReported = &ExitError{Code: ExitFailed}

// ExitCode reports err and gives the exit code that it carries; any other error is a failure.
func ExitCode(err error, stderr io.Writer) int {
	if err == nil {
		return ExitDone
	}
	if text := err.Error(); text != "" {
		Tell(stderr, "%s", text)
	}
	var coded interface{ ExitCode() int }
	if errors.As(err, &coded) {
		return coded.ExitCode()
	}
	return ExitFailed
}

// ErrNothing ends a command that found no resource at all. What it looked at has been told; a test
// over nothing must not pass.
var ErrNothing = &ExitError{Code: ExitFailed, Text: "nothing was read: there is no resource in what was named"}
