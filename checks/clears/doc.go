// Package clears is what is said of a flag that would not be open after a single change: which kind
// of change, to what, and to which limit. A table says which kinds each check has to look for.
//
// It must not know how a flag is decided, or how a change is tried: the package checks applies it to
// the facts and evaluates again.
package clears
