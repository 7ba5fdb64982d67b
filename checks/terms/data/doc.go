// Package data embeds the tables of the project and finds lines in them: drugs and their names and
// codes, labs, conditions, routes and forms. SOURCES.md says where each row comes from.
//
// Callers read a table where it stands and parse only the lines that they need.
//
// It must not know what a line means.
package data
