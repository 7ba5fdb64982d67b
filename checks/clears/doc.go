// Package clears describes single changes after which a flag would not be open: which kind of
// change, to what, and to which limit. A table says which kinds to look for in each check.
//
// It must not know how a flag is decided or a change tried: package checks applies the change to
// the facts and evaluates again.
package clears
