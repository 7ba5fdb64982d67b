// Package data embeds the project's tables and finds lines in them: drugs with their names and
// codes, labs, conditions, routes and forms. SOURCES.md gives the source of each row. Callers read
// a table in place and parse only the lines they need.
//
// It must not know what a line means.
package data
