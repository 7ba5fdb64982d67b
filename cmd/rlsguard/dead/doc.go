// Package dead holds the commands about what was rejected: list, show, put through again, drop.
//
// It must not know how an input is read or decided.
package dead
