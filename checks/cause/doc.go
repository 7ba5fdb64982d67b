// Package cause is the closed list of reasons for which time alone changes a flag, with words for a
// reader.
//
// It must not know the checks, the facts, or any limit: which cause applies, and when, is for the
// checks to say.
package cause
