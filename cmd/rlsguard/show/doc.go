// Package show writes flags for people (text) and for programs (a line of JSON or a DetectedIssue
// each).
//
// The keys of a line and their order are promised to others. A Printer is used by one goroutine;
// its caller says when flags that belong together begin and end.
//
// The package must not know where flags come from: no NATS, no reading of files.
package show
