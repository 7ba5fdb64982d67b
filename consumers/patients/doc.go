// Package patients answers rls.patient: one patient's timeline, asked for by the id of a flag or by
// the patient's token. It is a part of the NATS service that rls.check belongs to, and every
// instance answers from its own working copy; only the history of flags is read from the stream.
//
// The package must not know HTML or a clinical rule, nor let a patient's reference, a name or a
// text of a payload get into a subject, an error, a log line or a statistic.
package patients
