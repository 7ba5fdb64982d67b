// Package terminal is what every command shares with the process that runs it: the streams, how
// wide they are, progress, exit codes, and text that cannot act on a terminal.
//
// Whatever came from outside goes through Harmless or EscapeInvisible before a person sees it.
// Standard output is for answers, standard error for everything else.
//
// The package must not know flags, FHIR or NATS.
package terminal
