// Package ordercheck answers what an order being written would change: which flags it would raise,
// which are open already, and which iron results are missing. It is the answer behind the NATS
// service rls.check, CDS Hooks and rlsguard check.
//
// Its answer is a pure function: it folds stored facts, the facts of the request and the drafts
// together, so that of two versions of a resource the newer one counts wherever it came from,
// evaluates once without the drafts and once with them, and keeps nothing. Flags are those that
// replay prints when the draft is among the files.
//
// The package must not know HTTP, cards or files, nor any clinical rule: it asks package checks.
// Identifiers of patients stand in questions and answers alone, never in an error, a subject or a
// statistic.
package ordercheck
