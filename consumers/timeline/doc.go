// Package timeline is one patient on a page: what is on record over time, the flags that rest on
// it with their history, who answered them, and why other checks stayed silent. It is plain data
// with a stable form in JSON, made by a pure function of facts, settings, as-of time and the
// transitions that are kept for audit; what of it is known of the patient is in package record.
//
// The patient stands in it as a token. It must not hold a patient's reference, name or birth date,
// nor know NATS, HTML or a clinical rule.
package timeline
