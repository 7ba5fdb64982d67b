package terms

import (
	"fmt"
	"strconv"
	"strings"
)

// ndcNumber is what a written code may mean, as the numbers of eleven digits of packages and of
// nine digits of products.
type ndcNumber struct {
	text     string // as it is shown
	packages []uint64
	products []uint64
}

// readNDC reads a code in the forms in which it is written: eleven digits (5-4-2) with or without
// hyphens, ten with hyphens (4-4-2, 5-3-2, 5-4-1) or without (any of the three), twelve with a zero
// before, and the product alone: nine digits, or its two parts. The words NDC and N4, which labels
// and claims put before it, are passed over.
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
			return ndcNumber{text: productNDC(l*10_000 + p), products: []uint64{l*10_000 + p}}, true
		}
		return ndcNumber{}, false
	}
	switch number, ok := digits(code, len(code)); {
	case !ok:
	case len(code) == 9:
		return ndcNumber{text: productNDC(number), products: []uint64{number}}, true
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

// productNDC is the written form of a product: 5-4.
func productNDC(number uint64) string { return fmt.Sprintf("%05d-%04d", number/10_000, number%10_000) }

// comparableNDC is the one form of a code that can be written in several. What may mean several
// codes stays as it is.
func comparableNDC(code string) string {
	switch number, ok := readNDC(code); {
	case ok && len(number.packages) == 1:
		return fmt.Sprintf("%011d", number.packages[0])
	case ok && len(number.packages) == 0:
		return productNDC(number.products[0])
	}
	return code
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
		if !arabic(s[i]) {
			return 0, false
		}
	}
	v, err := strconv.ParseUint(s, 10, 64)
	return v, err == nil
}
