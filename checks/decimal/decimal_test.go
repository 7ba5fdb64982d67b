package decimal

import (
	"errors"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParseDecimal(t *testing.T) {
	for _, c := range []struct {
		in, out string
		err     error
	}{
		{"75", "75", nil}, {"75.00", "75", nil}, {"-0", "0", nil}, {"0.18", "0.18", nil}, {"7.5e1", "75", nil},
		{"1E-3", "0.001", nil}, {"1e30", "1" + strings.Repeat("0", 30), nil},
		{"75.0000000001", "75.0000000001", nil}, {"12345678901234567890123456789.5", "12345678901234567890123456789.5",
			nil},
		{"1e31", "", ErrBeyondReason}, {"1e-31", "", ErrBeyondReason}, {"1e400", "", ErrBeyondReason},
		{"1e999999999", "", ErrBeyondReason},
		{"1e99999999999999999999999999", "", ErrBeyondReason}, {strings.Repeat("9", 65), "", ErrBeyondReason},
		{strings.Repeat("9", 10_000), "", ErrBeyondReason},
		{"", "", errNotDecimal}, {"-", "", errNotDecimal}, {".5", "", errNotDecimal}, {"5.", "", errNotDecimal},
		{"1e", "", errNotDecimal}, {"1e+", "", errNotDecimal}, {"NaN", "", errNotDecimal},
		{"Infinity", "", errNotDecimal}, {"0x1", "", errNotDecimal}, {"1_000", "", errNotDecimal},
		{"1,5", "", errNotDecimal}, {" 1", "", errNotDecimal}, {"+1", "", errNotDecimal}, {"1 ", "", errNotDecimal},
	} {
		got, err := Parse(c.in)
		if !errors.Is(err, c.err) || c.err == nil && (err != nil || got.String() != c.out) {
			t.Errorf("ParseDecimal(%.20q) = %s, %v; want %s, %v", c.in, got, err, c.out, c.err)
		}
	}
}

// Sums, products and comparisons match exact rationals, and text survives.
func TestDecimalIsExact(t *testing.T) {
	number := rapid.StringMatching(`-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,20})?(e-?[1-9])?`)
	rapid.Check(t, func(t *rapid.T) {
		a, b := number.Draw(t, "a"), number.Draw(t, "b")
		x, y := Of(a), Of(b)
		p, q := rat(t, a), rat(t, b)
		if x.Cmp(y) != p.Cmp(q) {
			t.Fatalf("%s compared with %s: %d", a, b, x.Cmp(y))
		}
		if rat(t, x.Plus(y).String()).Cmp(new(big.Rat).Add(p, q)) != 0 ||
			rat(t, x.Times(y).String()).Cmp(new(big.Rat).Mul(p, q)) != 0 {
			t.Fatalf("%s and %s: sum %s, product %s", a, b, x.Plus(y), x.Times(y))
		}
		var back Decimal
		if text, _ := x.MarshalText(); len(text) <= maxDigits {
			if err := back.UnmarshalText(text); err != nil || !back.Equal(x) {
				t.Fatalf("%s came back as %s (%v)", a, back, err)
			}
		}
	})
}

func rat(t *rapid.T, s string) *big.Rat {
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		t.Fatalf("%q is no number", s)
	}
	return r
}

func FuzzParseDecimal(f *testing.F) {
	for _, s := range []string{"75", "1e999999999", "-0.0e-1", "1e400", "..", strings.Repeat("1", 99)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		x, err := Parse(s)
		if err != nil {
			return
		}
		if r, ok := new(big.Rat).SetString(s); !ok || r.Cmp(ratOf(x)) != 0 {
			t.Errorf("%q read as %s", s, x)
		}
	})
}

func ratOf(x Decimal) *big.Rat {
	r, _ := new(big.Rat).SetString(x.String())
	return r
}

func TestDecimalCutNeverRoundsOverALimit(t *testing.T) {
	for in, want := range map[string]string{"19.999": "19.99", "20": "20", "8.3333": "8.33", "5.001": "5",
		"7.10": "7.1"} {
		if got := Of(in).Cut(2); got != want {
			t.Errorf("%s cut to two places is %s, want %s", in, got, want)
		}
	}
}
