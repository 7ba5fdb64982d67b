package fhir

import (
	"encoding/json"
	"strings"
	"testing"
)

// valid runs the first pass over b, as one value.
func valid(b []byte, depth int) (bool, *scanner) {
	var s scanner
	s.reset(b, depth)
	end := s.value(blank(b, 0))
	return end >= 0 && blank(b, end) == len(b), &s
}

func TestScannerIsStrict(t *testing.T) {
	good := []string{
		`0`, `-0`, `-0.0e+10`, `1E400`, `12345678901234567890.123456789`, `""`, `"a\"\\\/\b\f\n\r\t\u00e9\uD83D\ude00"`, `[]`, `{}`, ` [ 1 , {"a" : [ ] } ] `,
		`true`, `false`, `null`, `{"a":1,"a":2}`, "\"0123456\x7f\"", "[\n                 1\n]",
	}
	for _, doc := range good {
		if ok, s := valid([]byte(doc), 64); !ok {
			t.Errorf("%s: %v", doc, s.err)
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
			t.Errorf("64 of %s: %v", pair, s.err)
		}
		if ok, s := valid([]byte(nested(65)), 64); ok || s.err.Reason != TooDeep {
			t.Errorf("65 of %s: %v", pair, s.err)
		}
	}
}

func TestPointerOfEveryPlace(t *testing.T) {
	doc := ` {"a" : {"b":[1, {"c":"x"} ,[[]]] },"John Doe":1,"d":nope`
	for place, want := range map[string]string{
		`{"a"`: "", `"a"`: "/a", `{"b"`: "/a", `[1`: "/a/b", `1,`: "/a/b/0", `{"c"`: "/a/b/1", `"x"`: "/a/b/1/c", `[[]`: "/a/b/2", `]]]`: "/a/b/2/0/0",
		`1,"d`: "/?", `nope`: "/d",
	} {
		if got := pointerAt([]byte(doc), 0, strings.Index(doc, place)); got != want {
			t.Errorf("%s is at %q, want %q", place, got, want)
		}
	}
}

// FuzzCursor holds the first pass against encoding/json: the same documents are valid, except that half a surrogate pair is not.
// On a valid one the second pass has to find the same ends.
func FuzzCursor(f *testing.F) {
	for _, doc := range []string{`{"a":[1,2.5e-3,"x\u00e9\\"],"b":{},"c":null}`, `[[[]]]`, `"\ud83d\ude00"`, `-0.1e9`, " {\"a\" :\r\n\t        1 } ", `{"a":1,}`, `[01]`} {
		f.Add([]byte(doc))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		ok, s := valid(b, 10000)
		want := json.Valid(b)
		if s.err != nil && strings.HasPrefix(s.err.Detail, "half a surrogate") && s.err.Reason == InvalidJSON {
			return
		}
		if ok != want {
			t.Fatalf("valid %t, encoding/json says %t (%v)", ok, want, s.err)
		}
		if !ok {
			return
		}
		start := blank(b, 0)
		s.reset(b, 10000)
		if first, second := s.value(start), past(b, start); first != second {
			t.Fatalf("the passes end at %d and %d", first, second)
		}
		var x index
		o := DefaultOptions()
		o.MaxDepth = 10000
		x.reset(b, &o)
		if end := x.resource(start, place{}); end < 0 || blank(b, end) != len(b) {
			t.Fatalf("the index ends at %d of %d: %v", end, len(b), x.err)
		}
	})
}

func TestUnescapeIsThatOfEncodingJSON(t *testing.T) {
	for _, raw := range []string{`a`, `\"\\\/\b\f\n\r\t`, `x\u00e9y\uD83D\ude00z\u0000`, `é\n`} {
		var want string
		if err := json.Unmarshal([]byte(`"`+raw+`"`), &want); err != nil {
			t.Fatal(err)
		}
		if got := unescape(nil, []byte(raw)); string(got) != want {
			t.Errorf("%s: %q, want %q", raw, got, want)
		}
	}
}

func TestNamesAreFoundInAnySpelling(t *testing.T) {
	for n := unknown + 1; n < nameCount; n++ {
		text := nameText[n]
		if text == "" {
			t.Fatalf("name %d has no text", n)
		}
		for _, spelling := range []string{text, strings.ToUpper(text), strings.ToUpper(text[:1]) + text[1:]} {
			got, exact := spelled([]byte(spelling))
			if got != n || exact != (spelling == text) {
				t.Errorf("%s: found %s, exact %t", spelling, nameText[got], exact)
			}
		}
		escaped := "\\u00" + string("0123456789abcdef"[text[0]>>4]) + string("0123456789abcdef"[text[0]&15]) + text[1:]
		if got, exact := spelled([]byte(escaped)); got != n || !exact {
			t.Errorf("%s: found %s", escaped, nameText[got])
		}
	}
	if got, _ := spelled([]byte("\u017ftatus")); got != nStatus { // a long s folds to s
		t.Errorf("found %s", nameText[got])
	}
}

// What is no JSON at all says what it looks like; a mistake inside of JSON does not.
func TestTextIsNoJSON(t *testing.T) {
	for doc, want := range map[string]string{
		"id,name\n":          "this looks like text, not JSON: no JSON value at byte 0",
		"<Patient/>":         "this looks like XML, not JSON: no JSON value at byte 0",
		`{"resourceType":x}`: "no JSON value at byte 16",
		`[x]`:                "no JSON value at byte 1",
		"\x01":               "no JSON value at byte 0",
	} {
		NewReader(DefaultOptions()).Document([]byte(doc), func(r Resource) bool {
			if r.Rejection == nil || r.Rejection.Reason != InvalidJSON || r.Rejection.Detail != want {
				t.Errorf("%q: %+v, want %q", doc, r.Rejection, want)
			}
			return true
		})
	}
}
