package main

import (
	"errors"
	"io"
)

// Exit codes of every command.
const (
	exitDone     = 0
	exitFailed   = 1 // usage, input or output failed
	exitRejected = 2 // done, but some input was rejected
	exitFailOn   = 3 // --fail-on met, or a test differed
)

// exitError is an error that knows its exit code. An empty text has been reported already.
type exitError struct {
	code int
	text string
}

func (e *exitError) Error() string { return e.text }

// ExitCode is what the process ends with.
func (e *exitError) ExitCode() int { return e.code }

// errRejected ends a command that has reported what it rejected.
var errRejected = &exitError{code: exitRejected}

// errReported ends a command whose failures have been reported one by one.
var errReported = &exitError{code: exitFailed}

// exitCode reports err and gives the exit code that it carries; any other error is a failure.
func exitCode(err error, stderr io.Writer) int {
	if err == nil {
		return exitDone
	}
	if text := err.Error(); text != "" {
		tellf(stderr, "%s", text)
	}
	var coded interface{ ExitCode() int }
	if errors.As(err, &coded) {
		return coded.ExitCode()
	}
	return exitFailed
}
