// Package watch follows flags: those that are open, in one picture, and then every transition as it
// is shown. It says so when it cannot see, since silence would look like safety.
//
// A caller's duties: draw the picture anew whenever open is called, and take an error from either
// callback as the end.
//
// The package must not know the stream RLS, where states and commits are, but for how far RLS_FLAGS
// has copied it: it reads RLS_FLAGS, as a dashboard may.
package watch
