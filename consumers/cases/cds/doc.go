// Package cds puts cases to a CDS Hooks service, ours or another, and reads its cards as flags.
//
// A Mapping says which checks another service's cards stand for.
//
// The package must not know what a card of ours looks like beyond its extension, nor any clinical
// rule.
package cds
