// Package casetest is the command test: it finds cases, runs them here or against a service, and
// reports what differs.
//
// What a case is, and whether it holds, package cases decides.
//
// The package must not know clinical rules, nor how a flag comes about.
package casetest
