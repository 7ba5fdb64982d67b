package checks

import (
	"cmp"

	"github.com/rlsguard/rlsguard/checks/decimal"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/terms"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
	"github.com/rlsguard/rlsguard/checks/terms/forms"
)

// classifyDrug tries the codes, then the codes of the parts, then names: a recognised code outranks
// any name. Strength and dose form come from whichever states them, since a code for the ingredient
// alone has neither.
func (ev *evaluation) classifyDrug(d *facts.Drug) terms.Match {
	m := ev.terms.Classify(d.Codings, d.Names)
	if len(d.Parts) > 0 {
		parts := ev.classifyParts(d)
		if m.By != terms.MatchedCode &&
			(parts.By == terms.MatchedCode || m.By == terms.MatchedNone && parts.Identified) {
			m = parts
		}
		complete(&m, &parts)
	}
	if m.By == terms.MatchedCode && !m.Specific && len(m.Found) > 0 && len(d.Names) > 0 {
		named := ev.terms.Classify(nil, d.Names)
		complete(&m, &named)
		if m.Systemic == drugs.SystemicUnknown && sameIngredients(m.Found, named.Found) {
			m.Systemic, m.RouteGroup = named.Systemic, named.RouteGroup
		}
	}
	if m.Systemic == drugs.SystemicUnknown && len(d.Forms) > 0 {
		m.Systemic = forms.Form(d.Forms)
	}
	return m
}

// complete fills in the strengths m lacks from another view of the same drug; m decides what the
// drug is.
func complete(m, other *terms.Match) {
	for i := range m.Found {
		f := &m.Found[i]
		for _, o := range other.Found {
			if f.Strength == "" && o.Name == f.Name {
				f.Strength, f.PerML, f.Released, f.Hours = o.Strength, o.PerML, o.Released, o.Hours
			}
		}
	}
}

func sameIngredients(a, b []terms.Found) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Name != b[i].Name {
			return false
		}
	}
	return true
}

func (ev *evaluation) classifyParts(d *facts.Drug) terms.Match {
	var all terms.Match
	for i := range d.Parts {
		p := &d.Parts[i]
		m := ev.terms.Classify(p.Codings, p.Names)
		if strength, perML, ok := partStrength(&p.Strength); ok {
			for i := range m.Found {
				m.Found[i].Strength, m.Found[i].PerML, m.Found[i].Released, m.Found[i].Hours = strength, perML, "", ""
			}
		}
		all.Found = append(all.Found, m.Found...)
		all.Identified = all.Identified || m.Identified
		all.Known, all.NotKnown = cmp.Or(all.Known, m.Known), cmp.Or(all.NotKnown, m.NotKnown)
		if m.By == terms.MatchedCode || all.By == terms.MatchedNone {
			all.By, all.Table, all.Matched = m.By, m.Table, m.Matched
		}
	}
	return all
}

// partStrength is the strength of one unit, or of one millilitre, in milligrams: from 75 mg per 1,
// 0.3 g per capsule, 250 mg per 5 mL.
func partStrength(r *facts.Ratio) (strength string, perML, ok bool) {
	mass := doseUnitOf(&r.Numerator)
	per := doseUnitOf(&r.Denominator)
	v, err := decimal.Parse(r.Numerator.Value)
	if err != nil || mass.mg == "" || v.Sign() <= 0 {
		return "", false, false
	}
	v = v.Times(decimal.Of(mass.mg))
	if r.Denominator.Value != "" {
		n, err := decimal.Parse(r.Denominator.Value)
		if err != nil || n.Sign() <= 0 || anyUnit(&r.Denominator) != "" && !per.piece && !per.volume {
			return "", false, false
		}
		v = v.Over(n)
	}
	return v.String(), per.volume, true
}
