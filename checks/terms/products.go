package terms

import (
	"cmp"
	"strings"

	"github.com/rlsguard/rlsguard/checks/terms/data"
)

type product struct {
	rxcui, kind, name, ingredients, routeGroup, systemic string
}

// findProduct looks up a product-level RxNorm code; the table is sorted by number.
func findProduct(rxcui string) (product, bool) {
	at := data.Search(data.Products, func(key string) int { return compareNumbers(key, rxcui) })
	line := data.LineAt(data.Products, at)
	if data.Field(line, 0) != rxcui {
		return product{}, false
	}
	return parseProduct(line), true
}

func parseProduct(line string) product {
	var f [6]string
	for i := range f {
		f[i], line, _ = strings.Cut(line, "\t")
	}
	return product{f[0], f[1], f[2], f[3], f[4], f[5]}
}

// compareNumbers orders digit strings without leading zeros by their number.
func compareNumbers(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}

func wellFormedRxNorm(code string) bool {
	if len(code) == 0 || len(code) > 9 || code[0] == '0' {
		return false
	}
	for i := range len(code) {
		if code[i] < '0' || code[i] > '9' {
			return false
		}
	}
	return true
}

// group is the route group; "" if the table says there is none, for brands and combinations without
// a dose form.
func (p product) group() string {
	if p.routeGroup == "not_applicable" {
		return ""
	}
	return p.routeGroup
}
