// Package phrase folds texts into the form in which names are compared: lower case, without
// accents, one token for each run of letters or digits, with what stood between them.
//
// It must not know any name.
package phrase
