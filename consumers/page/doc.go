// Package page is a pharmacist's work list as a web page: one row per patient, worst first, live;
// the details of each flag; and a form to answer flags.
//
// It is a dashboard with a keyboard. It reads RLS_FLAGS as package watch does, asks rls.patient for
// the rest, and answers with the DetectedIssue any FHIR system may send. Pages are rendered on the
// server, with one script of our own for the live parts and no other resource.
//
// Callers must Run as long as Handler is served, listen on the loopback interface only, and give
// the SignIn link to nobody but the user.
//
// The package must not know which drug or lab means what, nor how flags are decided: it shows what
// a flag says. No address, title, log line or header of it names a patient; addresses contain
// tokens of its own, which end with the process.
package page
