package page

// ErrNotAllowed is what a source of the tests refuses with.
var ErrNotAllowed = errNotAllowed
