// Package hook is the request of CDS Hooks 2.0: which hooks are answered, what their prefetch
// templates ask for, and what a call brought, and did not bring.
//
// It reads leniently, as clients differ in what they leave out: only a body that is no JSON object
// is an error. Anything else that is wrong becomes a fault of the Request, or a part that is
// missing, and the caller has to tell it to a person.
//
// The package must not know HTTP, cards, tokens or what is stored: it makes the question, others
// answer it.
package hook
