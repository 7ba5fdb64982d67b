// Package junit writes the results of cases as JUnit XML, which build servers read.
//
// The package must not know how a case is run or compared.
package junit
