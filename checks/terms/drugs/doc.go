// Package drugs is the catalogue of ingredients: the class of each, how far it enters the brain,
// and whether a product or route makes it systemic. What it returns is shared and must not be
// changed.
//
// It must not know how a drug is recognised in an order, or what a check makes of it.
package drugs
