package page

// ErrNotAllowed is the refusal of test sources.
var ErrNotAllowed = errNotAllowed
