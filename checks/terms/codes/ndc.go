package codes

import (
	"fmt"
	"strconv"
	"strings"
)

// ndcNumber is what a written code may mean: eleven-digit package numbers and nine-digit product
// numbers.
type ndcNumber struct {
	Text     string // for display
	Packages []uint64
	Products []uint64
}

// ReadNDC reads a code in any form in use: eleven digits (5-4-2) with or without hyphens, ten with
// hyphens (4-4-2, 5-3-2, 5-4-1) or without (any of these), twelve with a leading zero, and the
// product alone: nine digits, or its two parts. It skips the prefixes NDC and N4 of labels and
// claims.
func ReadNDC(code string) (ndcNumber, bool) {
	code = plainNDC(code)
	full := NDC11(code)
	if number, ok := Digits(full, 11); ok {
		return ndcNumber{Text: full, Packages: []uint64{number}, Products: []uint64{number / 100}}, true
	}
	if labeler, product, ok := strings.Cut(code, "-"); ok {
		labeler = strings.TrimPrefix(labeler, strings.Repeat("0", max(0, len(labeler)-5)))
		l, okL := Digits(labeler, len(labeler))
		p, okP := Digits(product, len(product))
		if okL && okP && len(labeler) >= 4 && len(labeler) <= 5 && len(product) >= 3 && len(product) <= 4 {
			return ndcNumber{Text: ProductNDC(l*10_000 + p), Products: []uint64{l*10_000 + p}}, true
		}
		return ndcNumber{}, false
	}
	switch number, ok := Digits(code, len(code)); {
	case !ok:
	case len(code) == 9:
		return ndcNumber{Text: ProductNDC(number), Products: []uint64{number}}, true
	case len(code) == 10:
		n := ndcNumber{Text: code}
		for _, zero := range [...]int{0, 5, 9} { // 4-4-2, 5-3-2, 5-4-1
			padded, _ := Digits(code[:zero]+"0"+code[zero:], 11)
			n.Packages = AddNumber(n.Packages, padded)
		}
		return n, true
	}
	return ndcNumber{}, false
}

// ProductNDC is the written form of a product: 5-4.
func ProductNDC(number uint64) string { return fmt.Sprintf("%05d-%04d", number/10_000, number%10_000) }

// ComparableNDC is the form used to compare codes. A code that may mean several stays as it is.
func ComparableNDC(code string) string {
	switch number, ok := ReadNDC(code); {
	case ok && len(number.Packages) == 1:
		return fmt.Sprintf("%011d", number.Packages[0])
	case ok && len(number.Packages) == 0:
		return ProductNDC(number.Products[0])
	}
	return code
}

// plainNDC strips what labels and typesetting put around the digits.
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

// Digits parses a number of exactly n digits.
func Digits(s string, n int) (uint64, bool) {
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

func AddNumber(list []uint64, n uint64) []uint64 {
	for _, known := range list {
		if known == n {
			return list
		}
	}
	return append(list, n)
}

// NDC11 returns the eleven-digit form (5-4-2) of a National Drug Code that has hyphens or a leading
// zero as twelfth digit. Other codes stay: ten digits without hyphens may mean three different
// codes.
func NDC11(code string) string {
	if !strings.Contains(code, "-") {
		if len(code) == 12 && code[0] == '0' {
			return code[1:]
		}
		return code
	}
	parts := strings.Split(code, "-")
	if len(parts) != 3 || parts[0] == "" || parts[1] == "" || parts[2] == "" {
		return code
	}
	if len(parts[0]) == 6 && parts[0][0] == '0' {
		parts[0] = parts[0][1:]
	}
	if len(parts[0]) > 5 || len(parts[1]) > 4 || len(parts[2]) > 2 {
		return code
	}
	pad := func(s string, n int) string { return strings.Repeat("0", n-len(s)) + s }
	return pad(parts[0], 5) + pad(parts[1], 4) + pad(parts[2], 2)
}
