package fhir

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/rlsguard/rlsguard/fhir/scan"
)

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

// FuzzIndex compares the index with the scanner: they find the same end of a valid document.
func FuzzIndex(f *testing.F) {
	for _, doc := range []string{`{"resourceType":"Bundle","entry":[{"resource":{}}]}`, `[[[]]]`, " {\"a\" :\r\n\t        1 } ", `{"a":1,}`, `[01]`} {
		f.Add([]byte(doc))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if !json.Valid(b) {
			return
		}
		var x index
		o := DefaultOptions()
		o.MaxDepth = 10000
		x.reset(b, &o)
		end := x.resource(scan.PastBlanks(b, 0), place{})
		if x.Err != nil && strings.HasPrefix(x.Err.Detail, "half a surrogate") {
			return
		}
		if end < 0 || scan.PastBlanks(b, end) != len(b) {
			t.Fatalf("the index ends at %d of %d: %v", end, len(b), x.Err)
		}
	})
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

// For text that is no JSON at all, the error says what it looks like; a mistake inside JSON does
// not.
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
