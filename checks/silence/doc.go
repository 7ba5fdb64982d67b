// Package silence is the closed list of reasons why a check raises no flag, with words for a
// reader.
//
// It must not know the checks, or decide anything: which reason applies is for the check to say.
package silence
