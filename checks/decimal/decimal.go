package decimal

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cockroachdb/apd/v3"
)

// Decimal is an exact decimal number. The zero value is 0. Values are immutable, so copies may be
// shared.
type Decimal struct{ d apd.Decimal }

// Limits on meaningful numbers: longer ones cost time to compare and say nothing. They are far
// above what laboratories send, so every sensible number keeps all its digits.
const (
	maxText     = 100 // bytes
	maxDigits   = 64  // of the coefficient
	maxExponent = 30  // either way
)

// Errors of Parse.
var (
	errNotDecimal   = errors.New("not a decimal number")
	ErrBeyondReason = errors.New("number too long or out of range")
)

// exact never rounds: precision 0 turns rounding off for everything except division.
var (
	exact  = apd.BaseContext
	ratios = apd.BaseContext.WithPrecision(200)
	powers = apd.BaseContext.WithPrecision(40)
)

// Parse reads a JSON number. More than 64 digits or an exponent beyond 30 is refused from the text
// alone, so that "1e999999999" costs no more than "1".
func Parse(s string) (Decimal, error) {
	if len(s) > maxText {
		return Decimal{}, ErrBeyondReason
	}
	digits, exponent, ok := scanNumber(s)
	if !ok {
		return Decimal{}, errNotDecimal
	}
	if digits > maxDigits || exponent > maxExponent {
		return Decimal{}, ErrBeyondReason
	}
	var x Decimal
	if _, _, err := exact.SetString(&x.d, s); err != nil {
		return Decimal{}, errNotDecimal
	}
	return x, nil
}

// scanNumber counts the digits of a JSON number and returns the size of its exponent, capped at one
// above the limit.
func scanNumber(s string) (digits, exponent int, ok bool) {
	s = strings.TrimPrefix(s, "-")
	whole, rest := leadingDigits(s)
	if whole == "" {
		return 0, 0, false
	}
	digits = len(whole)
	if strings.HasPrefix(rest, ".") {
		var part string
		if part, rest = leadingDigits(rest[1:]); part == "" {
			return 0, 0, false
		}
		digits += len(part)
	}
	if rest == "" {
		return digits, 0, true
	}
	if rest[0] != 'e' && rest[0] != 'E' {
		return 0, 0, false
	}
	rest = rest[1:]
	if rest != "" && (rest[0] == '-' || rest[0] == '+') {
		rest = rest[1:]
	}
	power, rest := leadingDigits(rest)
	for _, c := range []byte(power) {
		exponent = min(exponent*10+int(c-'0'), maxExponent+1)
	}
	return digits, exponent, power != "" && rest == ""
}

func leadingDigits(s string) (digits, rest string) {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return s[:n], s[n:]
}

// Of is a constant of the program or the tables; 0 if s is no number.
func Of(s string) Decimal {
	x, _ := Parse(s)
	return x
}

func Int(n int) Decimal {
	var x Decimal
	x.d.SetInt64(int64(n))
	return x
}

// Cmp is negative if x is below y and 0 if they are equal, however they are written.
func (x Decimal) Cmp(y Decimal) int { return x.d.Cmp(&y.d) }

// Sign is -1, 0 or 1.
func (x Decimal) Sign() int { return x.d.Sign() }

func (x Decimal) Plus(y Decimal) (z Decimal) {
	exact.Add(&z.d, &x.d, &y.d)
	return z
}

func (x Decimal) Minus(y Decimal) (z Decimal) {
	exact.Sub(&z.d, &x.d, &y.d)
	return z
}

func (x Decimal) Times(y Decimal) (z Decimal) {
	exact.Mul(&z.d, &x.d, &y.d)
	return z
}

// Over divides to 200 digits, far more than needed to tell a ratio of two numbers within maxDigits
// from a limit. y must not be 0.
func (x Decimal) Over(y Decimal) (z Decimal) {
	ratios.Quo(&z.d, &x.d, &y.d)
	return z
}

// Power raises x, which must be above 0, to y, to 40 digits: far more than an empirical formula
// needs.
func (x Decimal) Power(y Decimal) (z Decimal) {
	powers.Pow(&z.d, &x.d, &y.d)
	return z
}

// String is the shortest plain notation: 75, 0.18, 1200.
func (x Decimal) String() string {
	var r apd.Decimal
	r.Reduce(&x.d)
	return r.Text('f')
}

// Cut is x for a reader, truncated to a number of places, so that it is never rounded up over a
// limit.
func (x Decimal) Cut(places int32) string {
	s := x.String()
	if point := strings.IndexByte(s, '.'); point >= 0 && len(s)-point-1 > int(places) {
		s = strings.TrimRight(strings.TrimRight(s[:point+1+int(places)], "0"), ".")
	}
	return s
}

// MarshalText writes what String returns.
func (x Decimal) MarshalText() ([]byte, error) { return []byte(x.String()), nil }

// UnmarshalText reads a setting exactly as written in the file.
func (x *Decimal) UnmarshalText(b []byte) error {
	v, err := Parse(string(b))
	if err != nil {
		return fmt.Errorf("a limit must be a plain decimal number: %w", err)
	}
	*x = v
	return nil
}

// Equal makes comparisons by value ignore notation.
func (x Decimal) Equal(y Decimal) bool { return x.Cmp(y) == 0 }
