// Package cds puts cases to a CDS Hooks service, ours or another one, and reads its cards as flags.
//
// A Mapping says which checks the cards of another service stand for.
//
// The package must not know what a card of ours looks like beyond its extension, nor any clinical
// rule.
package cds
