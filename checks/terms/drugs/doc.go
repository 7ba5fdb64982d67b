// Package drugs names what the checks know of an ingredient: its class, how far it enters the
// brain, and whether a product or route brings it into the body.
//
// It must not know which drugs there are, how they are recognised, or what a check makes of them.
package drugs
