// Package site reads and writes the tables with a site's own drug codes: NDC, PZN, dm+d, local
// ones. A table keeps the bytes of its file and is searched in place.
//
// It must not know what an order says or how a drug is recognised without a code; callers decide
// which table comes first.
package site
