package terms

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// recogniseNDC looks a package or product code of the FDA's National Drug Code directory up: in the table of packages, and, where a
// package is not in it, by the others of its product, which hold the same drug. What is not found may be any drug: the
// table holds the packages of our drugs that were sold in October 2025.
func recogniseNDC(code string) (recognised, bool) {
	number, ok := readNDC(code)
	if !ok {
		return recognised{}, false
	}
	r := recognised{code: number.text}
	var rxcuis []uint64
	for _, full := range number.packages {
		packed(ndcBin).between(full, full, func(_, rxcui uint64) { rxcuis = addNumber(rxcuis, rxcui) })
	}
	if len(rxcuis) == 0 {
		for _, product := range number.products {
			packed(ndcBin).between(product*100, product*100+99, func(_, rxcui uint64) { rxcuis = addNumber(rxcuis, rxcui) })
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
	r.table, r.standing = tableNDC, standingListed
	return r, true
}

func addNumber(list []uint64, n uint64) []uint64 {
	for _, known := range list {
		if known == n {
			return list
		}
	}
	return append(list, n)
}

// joinPackage adds one more product for which a code may stand. What they differ in is not known.
func (r *recognised) joinPackage(p recognised) {
	if r.rank == rankNone {
		r.rank, r.found, r.systemic, r.routeGroup, r.with = p.rank, p.found, p.systemic, p.routeGroup, p.with
		return
	}
	if !sameDrugs(r.found, p.found) {
		oneClass := slices.Equal(classesOf(drugsOf(r.found)), classesOf(drugsOf(p.found)))
		*r = merge(*r, p)
		r.doubtful("the code "+r.code+" stands for packages of several drugs", oneClass)
	}
	for i := range r.found {
		for _, f := range p.found {
			if f.Ingredient == r.found[i].Ingredient && (f.Strength != r.found[i].Strength || f.PerML != r.found[i].PerML) {
				r.found[i].Strength, r.found[i].PerML = "", false
			}
		}
	}
	if p.systemic != r.systemic {
		r.systemic = SystemicUnknown
	}
	if p.routeGroup != r.routeGroup {
		r.routeGroup = ""
	}
}

// doubtful marks what was found: as unsure where all that it may be has the same classes and nothing has raised a doubt yet.
func (r *recognised) doubtful(why string, oneClass bool) {
	for i := range r.found {
		if f := &r.found[i]; oneClass && f.Doubt == "" {
			f.Unsure = why
		} else {
			f.Doubt, f.Unsure = why, ""
		}
	}
}

func drugsOf(found []Found) []*Ingredient {
	drugs := make([]*Ingredient, len(found))
	for i, f := range found {
		drugs[i] = f.Ingredient
	}
	return drugs
}

// ndcNumber is what a written code may mean, as the numbers of eleven digits of packages and of nine digits of products.
type ndcNumber struct {
	text     string // as it is shown
	packages []uint64
	products []uint64
}

// readNDC reads a code in the forms in which it is written: eleven digits (5-4-2) with or without hyphens, ten with hyphens (4-4-2,
// 5-3-2, 5-4-1) or without (any of the three), twelve with a zero before, and the product alone: nine digits, or its two
// parts. The words NDC and N4, which labels and claims put before it, are passed over.
func readNDC(code string) (ndcNumber, bool) {
	code = plainNDC(code)
	full := NDC11(code)
	if number, ok := digits(full, 11); ok {
		return ndcNumber{text: full, packages: []uint64{number}, products: []uint64{number / 100}}, true
	}
	if labeler, product, ok := strings.Cut(code, "-"); ok {
		labeler = strings.TrimPrefix(labeler, strings.Repeat("0", max(0, len(labeler)-5)))
		l, okL := digits(labeler, len(labeler))
		p, okP := digits(product, len(product))
		if okL && okP && len(labeler) >= 4 && len(labeler) <= 5 && len(product) >= 3 && len(product) <= 4 {
			return ndcNumber{text: fmt.Sprintf("%05d-%04d", l, p), products: []uint64{l*10_000 + p}}, true
		}
		return ndcNumber{}, false
	}
	switch number, ok := digits(code, len(code)); {
	case !ok:
	case len(code) == 9:
		return ndcNumber{text: code, products: []uint64{number}}, true
	case len(code) == 10:
		n := ndcNumber{text: code}
		for _, zero := range [...]int{0, 5, 9} { // 4-4-2, 5-3-2, 5-4-1
			padded, _ := digits(code[:zero]+"0"+code[zero:], 11)
			n.packages = addNumber(n.packages, padded)
		}
		return n, true
	}
	return ndcNumber{}, false
}

// plainNDC takes what labels and typesetting put around the digits away.
func plainNDC(code string) string {
	code = strings.TrimSpace(code)
	if len(code) > 3 && strings.EqualFold(code[:3], "NDC") {
		code = strings.TrimLeft(code[3:], " :#")
	}
	if len(code) == 13 && strings.EqualFold(code[:2], "N4") {
		code = code[2:]
	}
	return ndcHyphens.Replace(code)
}

var ndcHyphens = strings.NewReplacer("‐", "-", "‑", "-", "–", "-", "−", "-", " ", "-", ".", "-", "*", "0")

// digits reads a number of so many digits.
func digits(s string, n int) (uint64, bool) {
	if len(s) != n || n == 0 {
		return 0, false
	}
	for i := range len(s) {
		if !isDigit(s[i]) {
			return 0, false
		}
	}
	v, err := strconv.ParseUint(s, 10, 64)
	return v, err == nil
}
