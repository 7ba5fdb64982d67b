// Package asked counts questions and times their answers, for the services on NATS: one way to
// measure them, so that dashboards need only one.
//
// The package must not know what is asked: labels are outcomes, from a list that is closed.
package asked
