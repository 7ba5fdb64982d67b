// Package forms says where a drug acts, by its dose form or route of administration: from the codes
// of routes.tsv and the words of forms.tsv, in the languages of the orders.
//
// It must not know a drug's name or what an order holds.
package forms
