// Package page is the work list of a pharmacist as a web page: a row a patient, the worst first,
// live; what is behind each flag; and a form that answers flags.
//
// It is a dashboard with a keyboard. It reads RLS_FLAGS as package watch does, asks rls.patient for
// the rest, and answers with the DetectedIssue that any FHIR system may send. Pages are made on the
// server, with one script file of our own for what is live and no other resource.
//
// A caller's duties: Run as long as Handler is served, listen on the loopback interface only, and
// give the link of SignIn to nobody but the user.
//
// The package must not know which drug or lab means what, nor how flags are decided: it shows what
// a flag says. No address, title, log line or header of it names a patient; tokens of its own stand
// in addresses, and they end with the process.
package page
