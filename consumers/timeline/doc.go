// Package timeline is one patient on a page: what is on record over time, the flags that rest on it
// with their history, who answered them, and why other checks stayed silent. It is plain data with
// a stable JSON form, a pure function of facts, settings, as-of time and audited transitions;
// package record holds what is known of the patient.
//
// It names the patient by token. It must not hold a patient's reference, name or birth date, nor
// know NATS, HTML or a clinical rule.
package timeline
