// Package forms tells where a drug acts by its dose form or its route of administration: codes of
// routes.tsv, and words of forms.tsv in the languages of the orders.
//
// It must not know a drug's name or what an order holds.
package forms
