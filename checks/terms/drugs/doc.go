// Package drugs is the catalogue of ingredients: the class of each, how far it enters the brain,
// and whether a product or route brings it into the body.
//
// What it hands out is shared: callers do not change it.
//
// It must not know how a drug is recognised in an order, or what a check makes of it.
package drugs
