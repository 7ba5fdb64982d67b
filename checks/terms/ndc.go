package terms

import (
	"slices"
	"strconv"

	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/checks/terms/data"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
)

// recogniseNDC looks up a package or product code of the FDA's National Drug Code directory: in the
// table of packages, or else by the product's other packages, which contain the same drug. A code
// not found may be any drug: the table holds the packages of our drugs sold in October 2025.
func recogniseNDC(code string) (recognised, bool) {
	number, ok := codes.ReadNDC(code)
	if !ok {
		return recognised{}, false
	}
	r := recognised{code: number.Text}
	var rxcuis []uint64
	for _, full := range number.Packages {
		data.Packed(data.NDC).Between(full, full, func(_, rxcui uint64) { rxcuis = codes.AddNumber(rxcuis, rxcui) })
	}
	if len(rxcuis) == 0 {
		for _, product := range number.Products {
			data.Packed(
				data.NDC,
			).Between(
				product*100,
				product*100+99,
				func(_, rxcui uint64) { rxcuis = codes.AddNumber(rxcuis, rxcui) },
			)
		}
	}
	other := 0
	for _, rxcui := range rxcuis {
		p, ok := findProduct(strconv.FormatUint(rxcui, 10))
		if !ok {
			other++
			continue
		}
		r.joinPackage(p.recognised())
	}
	switch {
	case len(rxcuis) == 0:
		return recognised{}, false
	case r.rank == rankNone:
		r.standing = standingOther
		return r, true
	case other > 0:
		r.doubtful("the code "+r.code+" also stands for a package of another drug", false)
	}
	r.table, r.standing = data.NDCFile, standingListed
	return r, true
}

// joinPackage adds one more product a code may stand for. Where they differ, nothing is known.
func (r *recognised) joinPackage(p recognised) {
	if r.rank == rankNone {
		r.rank, r.found, r.systemic, r.routeGroup, r.with = p.rank, p.found, p.systemic, p.routeGroup, p.with
		return
	}
	if !sameDrugs(r.found, p.found) {
		oneClass := slices.Equal(drugs.Classes(drugsOf(r.found)), drugs.Classes(drugsOf(p.found)))
		*r = merge(*r, p)
		r.doubtful("the code "+r.code+" stands for packages of several drugs", oneClass)
	}
	for i := range r.found {
		for _, f := range p.found {
			if f.Ingredient == r.found[i].Ingredient &&
				(f.Strength != r.found[i].Strength || f.PerML != r.found[i].PerML) {
				r.found[i].Strength, r.found[i].PerML = "", false
			}
		}
	}
	if p.systemic != r.systemic {
		r.systemic = drugs.SystemicUnknown
	}
	if p.routeGroup != r.routeGroup {
		r.routeGroup = ""
	}
}

// doubtful marks what was found: as unsure if all its possible meanings have the same classes and
// nothing has raised a doubt yet.
func (r *recognised) doubtful(why string, oneClass bool) {
	for i := range r.found {
		if f := &r.found[i]; oneClass && f.Doubt == "" {
			f.Unsure = why
		} else {
			f.Doubt, f.Unsure = why, ""
		}
	}
}

func drugsOf(found []Found) []*drugs.Ingredient {
	drugs := make([]*drugs.Ingredient, len(found))
	for i, f := range found {
		drugs[i] = f.Ingredient
	}
	return drugs
}
