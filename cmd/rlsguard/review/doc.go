// Package review holds the commands of those who answer for the rules: a dossier of each rule to
// read and print, keys of reviewers, and the approvals that they sign.
//
// It must not know NATS, how a rule decides, or what a note looks like.
package review
