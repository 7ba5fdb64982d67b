package scan

import (
	"encoding/json"
	"strings"
	"testing"
)

func valid(b []byte, depth int) (bool, *Scanner) {
	var s Scanner
	s.Reset(b, depth)
	end := s.Value(PastBlanks(b, 0))
	return end >= 0 && PastBlanks(b, end) == len(b), &s
}

func TestScannerIsStrict(t *testing.T) {
	good := []string{
		`0`, `-0`, `-0.0e+10`, `1E400`, `12345678901234567890.123456789`, `""`, `"a\"\\\/\b\f\n\r\t\u00e9\uD83D\ude00"`, `[]`, `{}`, ` [ 1 , {"a" : [ ] } ] `,
		`true`, `false`, `null`, `{"a":1,"a":2}`, "\"0123456\x7f\"", "[\n                 1\n]",
	}
	for _, doc := range good {
		if ok, s := valid([]byte(doc), 64); !ok {
			t.Errorf("%s: %v", doc, s.Err)
		}
	}
	bad := []string{
		``, ` `, `01`, `-`, `+1`, `.5`, `1.`, `1e`, `1e+`, `0x1`, `NaN`, `Infinity`, `tru`, `nul`, `True`, `"`, `"a`, "\"a\nb\"", "\"\x00\"", "\"0123456789\x1f\"",
		`"\x"`, `"\u12"`, `"\u12g4"`, `"\`, `"\"`, `"\ud800"`, `"\ud800a"`, `"\ud800\u0041"`, `"\udc00"`, `"\udc00\ud800"`, `[`, `[1`, `[1,`, `[1,]`, `[,]`, `[1 2]`, `{`, `{"a"`,
		`{"a":`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `{a:1}`, `{'a':1}`, `{"a" 1}`, `{1:1}`, `[}`, `{]`, `[1}`, `{"a":1]`, `// c`, `[1] // c`, `/* */1`, `1 2`, `{}{}`, "\ufeff1",
	}
	for _, doc := range bad {
		if ok, _ := valid([]byte(doc), 64); ok {
			t.Errorf("%q was taken", doc)
		}
	}
}

func TestDepthIsBounded(t *testing.T) {
	for _, pair := range []string{"[]", "{}"} {
		nested := func(n int) string {
			open := pair[:1]
			if open == "{" {
				open = `{"a":`
			}
			return strings.Repeat(open, n-1) + pair + strings.Repeat(pair[1:], n-1)
		}
		if ok, s := valid([]byte(nested(64)), 64); !ok {
			t.Errorf("64 of %s: %v", pair, s.Err)
		}
		if ok, s := valid([]byte(nested(65)), 64); ok || !s.Err.TooDeep {
			t.Errorf("65 of %s: %v", pair, s.Err)
		}
	}
}

// FuzzCursor compares the first pass with encoding/json: the same documents are valid, except that
// half a surrogate pair is not. On a valid one the second pass must find the same ends.
func FuzzCursor(f *testing.F) {
	for _, doc := range []string{`{"a":[1,2.5e-3,"x\u00e9\\"],"b":{},"c":null}`, `[[[]]]`, `"\ud83d\ude00"`, `-0.1e9`, " {\"a\" :\r\n\t        1 } ", `{"a":1,}`, `[01]`} {
		f.Add([]byte(doc))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		ok, s := valid(b, 10000)
		want := json.Valid(b)
		if s.Err != nil && strings.HasPrefix(s.Err.Detail, "half a surrogate") {
			return
		}
		if ok != want {
			t.Fatalf("valid %t, encoding/json says %t (%v)", ok, want, s.Err)
		}
		if !ok {
			return
		}
		start := PastBlanks(b, 0)
		s.Reset(b, 10000)
		if first, second := s.Value(start), Past(b, start); first != second {
			t.Fatalf("the passes end at %d and %d", first, second)
		}
	})
}

func TestUnescapeIsThatOfEncodingJSON(t *testing.T) {
	for _, raw := range []string{`a`, `\"\\\/\b\f\n\r\t`, `x\u00e9y\uD83D\ude00z\u0000`, `é\n`} {
		var want string
		if err := json.Unmarshal([]byte(`"`+raw+`"`), &want); err != nil {
			t.Fatal(err)
		}
		if got := Unescape(nil, []byte(raw)); string(got) != want {
			t.Errorf("%s: %q, want %q", raw, got, want)
		}
	}
}
