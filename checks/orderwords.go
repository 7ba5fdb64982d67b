package checks

import (
	"slices"
	"strings"

	"github.com/rlsguard/rlsguard/checks/ahead"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/words"
)

// OrderWords describe an order, as far as it was sent, in words a pharmacist recognises.
type OrderWords struct {
	Ref     facts.Ref `json:"ref"`
	Product string    `json:"product,omitempty"` // as sent, else from our tables; shortened
	Dose    string    `json:"dose,omitempty"`    // from structured dosage only
	// when it was written, handed over or begun, as precisely as sent
	Since string `json:"since,omitempty"`
}

// Words describes the order on one line; "" if only its reference is known.
func (o *OrderWords) Words() string {
	var parts []string
	for _, p := range []string{o.Product, o.Dose} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	if o.Since != "" {
		parts = append(parts, words.Say("order.since", "date", o.Since))
	}
	return strings.Join(parts, ", ")
}

// productLength is the maximum length of a product name in a flag.
const productLength = 60

// orderWords describe the orders behind a finding, sorted by reference.
func (ev *evaluation) orderWords(refs []facts.Ref) []OrderWords {
	var all []OrderWords
	for i := range ev.orders {
		o := &ev.orders[i]
		if _, in := slices.BinarySearch(refs, o.ref); !in {
			continue
		}
		all = append(
			all,
			OrderWords{Ref: o.ref, Product: ev.productWords(o), Dose: ev.doseWords(o), Since: o.Authored.Date(ev.zone)},
		)
	}
	slices.SortFunc(all, func(a, b OrderWords) int { return strings.Compare(string(a.Ref), string(b.Ref)) })
	return all
}

// productWords is the product name as sent; for a bare code, the drug from our tables.
func (ev *evaluation) productWords(o *orderView) string {
	for _, n := range o.drug.names {
		if n = shortened(n, productLength); n != "" {
			return n
		}
	}
	var parts []string
	for _, f := range o.drug.match.Found {
		part := f.Name
		if f.Strength != "" && !f.PerML {
			part += " " + f.Strength + " mg"
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, " / ")
}

// doseWords is the dose in milligrams a day, if the dosage states it and the product has one of our
// drugs.
func (ev *evaluation) doseWords(o *orderView) string {
	asNeeded := len(o.Dosages) > 0 && !slices.ContainsFunc(o.Dosages, func(d facts.Dosage) bool { return !d.AsNeeded })
	text := ""
	if found := o.drug.match.Found; len(found) == 1 {
		x := exposure{orderView: o, Found: found[0]}
		d := totalDose([]doseOrder{doseOrderOf(&x)}, ev.zone, ev.asOf)
		ev.later(d.next, ahead.DoseChanges, o.ref)
		if d.complete && d.mg.Sign() > 0 {
			text = words.Say("order.a-day", "mg", d.mg.Cut(3))
		}
	}
	switch {
	case asNeeded && text != "":
		return words.Say("order.dose.as-needed", "dose", text)
	case asNeeded:
		return words.Say("order.as-needed.short")
	}
	return text
}
