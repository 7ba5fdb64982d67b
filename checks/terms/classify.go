package terms

import (
	"cmp"
	"slices"

	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/checks/terms/data"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
)

// rank is how specific a coding is; of the recognised ones the most specific decide.
type rank uint8

const (
	rankNone        rank = iota
	rankIngredient       // ingredient, brand or ATC concept
	rankCombination      // RxNorm MIN: several ingredients, perhaps with a form
	rankProduct          // a drug with strength and form, a pack, a site's code
)

// recognised is the meaning of one coding.
type recognised struct {
	rank       rank
	standing   standing
	found      []Found
	systemic   drugs.Systemic
	routeGroup string
	table      string
	siteTable  string
	code       string
	with       []string
	nameless   bool                // its name is unknown here: see crossCheck
	others     []*drugs.Ingredient // what a nameless code may mean instead
}

func rankOf(kind string) rank {
	switch kind {
	case "BN", "IN", "PIN":
		return rankIngredient
	case "MIN", "SCDC":
		return rankCombination
	}
	return rankProduct
}

// Classify identifies the drugs that the codings and names of one medication mean. A recognised
// code outranks any name; of several the most specific decides, and a disagreement about
// ingredients is reported. Displays of the codings are names too.
func (t *Terms) Classify(codings []codes.Coding, names []string) Match {
	m := Match{}
	var best recognised
	for _, c := range codings {
		system := codes.Canonical(c.System)
		r, seen := t.recognise(system, codes.Plain(system, c.Code))
		if r.rank == rankNone {
			if seen {
				m.Known, m.NotKnown = cmp.Or(m.Known, r.known(system)), cmp.Or(m.NotKnown, r.notKnown(system))
			}
			continue
		}
		if best.rank > rankNone && m.Disagreement == "" && !sameDrugs(best.found, r.found) {
			m.Disagreement = disagreement(best, r)
		}
		switch {
		case r.rank > best.rank:
			best = r
		case r.rank == best.rank:
			best = merge(best, r)
		}
	}
	m.Identified = best.rank > rankNone || m.Known != ""
	if best.rank == rankNone {
		t.classifyNames(&m, codings, names)
		m.With = t.companions(m.Found, codings, names)
		return m
	}
	if best.nameless {
		t.crossCheck(&best, codings, names)
	}
	m.By, m.Found, m.Systemic, m.RouteGroup = MatchedCode, best.found, best.systemic, best.routeGroup
	m.Table, m.SiteTable, m.Matched = best.table, best.siteTable, best.code
	m.With = t.companions(m.Found, codings, names)
	m.Specific = best.rank == rankProduct && best.systemic != drugs.SystemicUnknown
	return m
}

// recognise looks a code up. seen reports whether anything can be said of it: it is well formed in
// a system the tables should cover whole, or they contain it.
func (t *Terms) recognise(system, code string) (r recognised, seen bool) {
	if r, ok := t.recogniseSite(system, code); ok {
		return r, true
	}
	switch system {
	case codes.RxNorm:
		return recogniseRxNorm(code)
	case codes.ATC:
		return t.recogniseATC(code)
	case codes.NDC:
		return recogniseNDC(code)
	case codes.DMD, codes.SNOMED:
		return recogniseDMD(code)
	}
	return recognised{}, false
}

func (t *Terms) recogniseATC(code string) (recognised, bool) {
	code = codes.Upper(code)
	if !wellFormedATC(code) {
		return recognised{}, false
	}
	if t.withoutATC || len(atcCodes().byCode) == 0 { // then nothing can be said of any code
		return recognised{}, false
	}
	entry := atcCodes().byCode[code]
	switch {
	case entry != nil:
		return recognised{
			rank: rankIngredient, standing: standingListed, found: foundOf(entry.drugs), systemic: entry.systemic(),
			table: data.ATCFile, code: code,
		}, true
	case atcCodes().groups[code[:min(len(code), atcGroup)]]:
		return recognised{standing: standingAbsent, code: code}, true
	}
	return recognised{standing: standingOther, code: code}, true
}

func foundOf(drugs []*drugs.Ingredient) []Found {
	found := make([]Found, len(drugs))
	for i, drug := range drugs {
		found[i].Ingredient = drug
	}
	return found
}

// merge joins two equally specific codings: every ingredient counts, and where they act is known
// only if they agree.
func merge(a, b recognised) recognised {
	joined := slices.Clone(a.found)
	for _, f := range b.found {
		if !holds(joined, f.Ingredient) {
			joined = append(joined, f)
		}
	}
	a.found = joined
	switch {
	case a.systemic == drugs.SystemicUnknown:
		a.systemic = b.systemic
	case b.systemic != drugs.SystemicUnknown && b.systemic != a.systemic:
		a.systemic = drugs.SystemicUnknown
	}
	if a.routeGroup != b.routeGroup {
		a.routeGroup = ""
	}
	return a
}

func holds(found []Found, drug *drugs.Ingredient) bool {
	return slices.ContainsFunc(found, func(f Found) bool { return f.Ingredient == drug })
}

func sameDrugs(a, b []Found) bool {
	if len(a) != len(b) {
		return false
	}
	for _, f := range a {
		if !holds(b, f.Ingredient) {
			return false
		}
	}
	return true
}

func disagreement(a, b recognised) string {
	return a.table + " has " + nameList(
		a.found,
	) + " for " + a.code + ", " + b.table + " has " + nameList(
		b.found,
	) + " for " + b.code
}

func nameList(found []Found) string {
	if len(found) == 0 {
		return "no listed drug"
	}
	list := ""
	for i, f := range found {
		if i > 0 {
			list += " and "
		}
		list += f.Name
	}
	return list
}
