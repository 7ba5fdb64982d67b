// Package approvals reads and writes what a site's reviewers say of the rules: signed notes, one for
// each rule, that people can read and that name all that decides the rule. It compares them with
// what is in force.
//
// Callers give the reviewers that they trust; a note that none of them signed is an error, never a
// missing approval.
//
// The package must not know how a rule decides, or what is done about a rule without approval.
package approvals
