// Package chart draws one patient over time: medicines as bars, results as points against their
// limits, diagnoses, flags and answers, above one axis. It makes an SVG figure, and tables of the
// same data for who hears the page, copies from it or wants what the figure leaves out.
//
// Nothing in a figure is told by colour alone, and nothing needs a script or a style attribute: its
// rules stand in Style, so that a strict Content-Security-Policy lets it through. The same timeline
// gives the same bytes.
//
// The package must not know a clinical rule, NATS, or the time of day: what is low, what counts and
// why stands in the timeline.
package chart
