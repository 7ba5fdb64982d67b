// Package site reads and writes the tables with which a site adds its own drug codes: NDC, PZN,
// dm+d, local ones. A table keeps the bytes of its file and is searched where it stands.
//
// It must not know what an order says or how a drug is recognised without a code; callers decide
// which table speaks first.
package site
