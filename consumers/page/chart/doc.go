// Package chart draws one patient over time: medicines as bars, results as points against their
// limits, diagnoses, flags and answers, above one axis. It makes an SVG figure, and tables of the
// same data for those who listen to the page, copy from it or want what the figure omits.
//
// Nothing in a figure depends on colour alone, and nothing needs a script or a style attribute: its
// rules are in Style, so that a strict Content-Security-Policy allows it. The same timeline gives
// the same bytes.
//
// The package must not know a clinical rule, NATS, or the time of day: the timeline says what is
// low, what counts and why.
package chart
