// Package strength reads the strength of a product from its name: milligrams of one unit, of one
// millilitre, or released by a patch in a number of hours.
//
// It must not know which drug a strength belongs to; callers say where in the text to look.
package strength
