// Package parallel does a number of things beside each other, as many at a time as there are
// processors.
//
// A caller's duty is that what it does for two numbers shares nothing that either writes. The
// package must not know what it does.
package parallel
