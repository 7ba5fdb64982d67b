package rrf

import (
	"slices"

	"github.com/rlsguard/rlsguard/checks/terms/drugs"
	"github.com/rlsguard/rlsguard/checks/terms/strength"
)

// strength is how much of one of its ingredients one unit, or one millilitre, of a concept
// contains, in milligrams. Unknown for packs, which contain several products, and for components
// that differ.
func (d *derivation) strength(at int32, drug *drugs.Ingredient) (milligrams string, perML bool) {
	if m, ok := d.named[at]; ok && !d.concepts[at].kind.pack() {
		for _, f := range m.Found {
			if f.Ingredient == drug {
				return f.Strength, f.PerML
			}
		}
	}
	found := false
	for _, c := range d.components(at) {
		if !slices.Contains(d.drugsOf(c), drug) {
			continue
		}
		value, ml := strength.Component(d.concepts[c].name)
		if found && (value != milligrams || ml != perML) {
			return "", false
		}
		milligrams, perML, found = value, ml, true
	}
	return milligrams, perML
}

// components are the unbranded components of a product or of a branded component, or the component
// itself.
func (d *derivation) components(at int32) []int32 {
	switch d.concepts[at].kind {
	case kindSCDC:
		return []int32{at}
	case kindSCD, kindSBD, kindSBDC:
		var all []int32
		for _, e := range d.best(at) {
			for _, c := range d.components(e.part) {
				if !slices.Contains(all, c) {
					all = append(all, c)
				}
			}
		}
		return all
	}
	return nil
}
