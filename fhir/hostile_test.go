package fhir

import (
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

func TestBadDocuments(t *testing.T) {
	utf16 := func(order string) string {
		s := map[string]string{"le": "\xff\xfe", "be": "\xfe\xff", "bare": ""}[order]
		for _, c := range []byte(patient) {
			if order == "be" {
				s += "\x00" + string(rune(c))
			} else {
				s += string(rune(c)) + "\x00"
			}
		}
		return s
	}
	cases := []struct {
		name, doc string
		want      string
		detail    string
	}{
		{"two values", patient + patient, "invalid-json ", "at byte 51"},
		{"two values, byte order mark", "\ufeff" + patient + "x", "invalid-json ", "at byte 54"},
		{"comment", `{"resourceType":"Patient",// c` + "\n" + `"id":"p"}`, "invalid-json /resourceType", ""},
		{"trailing comma", bundle("batch", entryOf(order)+`,`), "invalid-json /entry/1", ""},
		{
			"broken after a good entry",
			bundle("batch", entryOf(order), `{"resource":{"resourceType":"Patient","id":}`),
			"invalid-json /entry/1/resource/id",
			"",
		},
		{"cut", order[:60], "invalid-json /status", ""},
		{"control character", "{\"resourceType\":\"Encounter\",\"x\":\"a\x01\"}", "invalid-json /x", "byte 34"},
		{"half a surrogate pair", `{"resourceType":"Encounter","x":["\ud800"]}`, "invalid-json /x/0", "byte 34"},
		{"invalid UTF-8", "{\"resourceType\":\"Patient\",\"id\":\"\xc3\x28\"}", "unsupported-encoding ", "byte 32"},
		{"UTF-8 of a surrogate", "{\"x\":\"\xed\xa0\x80\"}", "unsupported-encoding ", ""},
		{
			"invalid UTF-8 behind",
			patient + "\xff",
			"unsupported-encoding ",
			"byte 51",
		}, {"invalid UTF-8 between", "{\xff}", "unsupported-encoding ", "byte 1"},
		{"invalid UTF-8 in a key", "{\"resourceType\":\"Encounter\",\"a\xff\":1}", "unsupported-encoding ", "byte 30"},
		{
			"cut letter at the end of a long string",
			"{\"x\":\"01234567012345\xc3\"}",
			"unsupported-encoding ",
			"byte 20",
		},
		{
			"UTF-16",
			utf16("le"),
			"unsupported-encoding ",
			"UTF-16",
		}, {"UTF-16, other end first", utf16("be"), "unsupported-encoding ", "UTF-16"},
		{
			"UTF-16 without mark",
			utf16("bare"),
			"unsupported-encoding ",
			"UTF-16",
		}, {"UTF-32", "\x00\x00\xfe\xff\x00\x00\x00{", "unsupported-encoding ", "UTF-32"},
		{
			"gzip",
			"\x1f\x8b\x08\x00",
			"unsupported-encoding ",
			"gzip",
		}, {"zip", "PK\x03\x04abc", "unsupported-encoding ", "zip"},
		{"100,000 brackets", strings.Repeat("[", 100_000), "too-deep " + strings.Repeat("/0", 64), ""},
		{"100,000 objects", strings.Repeat(`{"a":`, 100_000), "too-deep " + strings.Repeat("/a", 64), ""},
		{
			"deep in what nobody reads",
			`{"resourceType":"Encounter","x":` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + `}`,
			"too-deep /x" + strings.Repeat("/0", 63),
			"",
		},
		{
			"deep in an entry",
			bundle("batch", entryOf(order), entryOf(`{"x":`+strings.Repeat("[", 64)+strings.Repeat("]", 64)+`}`)),
			"too-deep /entry/1/resource/x" + strings.Repeat("/0", 60),
			"",
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := one(t, c.doc)
			if got := outcome(r); got != c.want || r.Pointer != "" ||
				!strings.Contains(fmt.Sprint(r.Rejection), c.detail) {
				t.Errorf("%s (%v), want %s", got, r.Rejection, c.want)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	o := DefaultOptions()
	o.MaxBytes, o.MaxDepth, o.MaxEntries = 1000, 5, 2
	pad := func(n int) string { return `{"resourceType":"Encounter","x":"` + strings.Repeat("x", n-35) + `"}` }
	for _, c := range []struct{ name, doc, want string }{
		{"at the limit", pad(1000), "irrelevant"}, {"over it", pad(1001), "too-large "},
		{"base64 over it", `{"specversion":"1.0","data_base64":"` +
			base64.StdEncoding.EncodeToString([]byte(pad(1001)))[:900] + `"}`, "invalid-json /data_base64/x"},
		{"two entries", bundle("batch", `{}`, `{}`), "irrelevant irrelevant"},
		{"three entries", bundle("batch", `{}`, `{}`, `{}`), "too-large /entry"},
		{"depth", `{"resourceType":"Encounter","x":[[[[]]]]}`, "irrelevant"},
		{"deeper", `{"resourceType":"Encounter","x":[[[[[]]]]]}`, "too-deep /x/0/0/0/0"},
	} {
		if got := strings.Join(outcomes(readWith(t, o, c.doc)), " "); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestOneNameTwiceIsNoChoice(t *testing.T) {
	cases := []struct{ name, doc, want string }{
		{"status", rx("MedicationRequest", `,"status":"active","status":"stopped"`), "invalid-json /status"},
		{"by escape", rx("MedicationRequest", `,"status":"active","st\u0061tus":"stopped"`), "invalid-json /?"},
		{"by case", rx("MedicationRequest", `,"status":"active","Status":"stopped"`), "invalid-json /Status"},
		{"by folding", rx("MedicationRequest", `,"status":"active","`+"\u017f"+`tatus":"stopped"`), "invalid-json /?"},
		{
			"deep inside",
			rx(
				"MedicationRequest",
				`,"dosageInstruction":[{},{"doseAndRate":[{"doseQuantity":{"value":1,"unit":"mg","value":2}}]}]`,
			),
			"invalid-json /dosageInstruction/1/doseAndRate/0/doseQuantity/value",
		},
		{
			"reference",
			`{"resourceType":"MedicationRequest","subject":{"reference":"Patient/a","reference":"Patient/b"}}`,
			"invalid-json /subject/reference",
		},
		{
			"resourceType",
			`{"resourceType":"Encounter","resourceType":"MedicationRequest"}`,
			"invalid-json /resourceType",
		},
		{
			"resourceType of a Bundle",
			`{"resourceType":"Bundle","type":"batch","resourceType":"Patient"}`,
			"invalid-json /resourceType",
		},
		{
			"entry",
			`{"resourceType":"Bundle","type":"batch","entry":[` + entryOf(order) + `],"entry":[]}`,
			"invalid-json /entry",
		},
		{"resource", bundle("batch", `{"resource":`+order+`,"resource":`+visit+`}`), "invalid-json /entry/0/resource"},
		{"data", `{"specversion":"1.0","data":` + order + `,"data":` + visit + `}`, "invalid-json /data"},
		{
			"parameter",
			`{"resourceType":"Parameters","parameter":[{"resource":` + order + `,"resource":` + visit + `}]}`,
			"invalid-json /parameter/0/resource",
		},
		{
			"of what nobody reads",
			`{"resourceType":"Encounter","id":"1","x":1,"x":2,"y":{"status":1,"status":2}}`,
			"irrelevant",
		},
		{
			"of another part",
			rx("MedicationRequest", `,"note":[{"text":"a","text":"b"}],"x":1,"x":2`),
			"MedicationRequest/1 of Patient/p",
		},
		{"other case alone", rx("MedicationRequest", `,"Status":"gone"`), "MedicationRequest/1 of Patient/p"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := outcome(one(t, c.doc)); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
	good := read(t, bundle("batch", entryOf(cases[0].doc), entryOf(order)))
	if diff := cmp.Diff([]string{"invalid-json /entry/0/resource/status", "MedicationRequest/1 of Patient/p"},
		outcomes(good)); diff != "" {
		t.Errorf("an entry with a name twice is rejected alone (-want +got):\n%s", diff)
	}
}

func TestWrongTypesOfWhatIsRead(t *testing.T) {
	for more, want := range map[string]string{
		`"medicationCodeableConcept":"x"`:                     "/medicationCodeableConcept",
		`"medicationCodeableConcept":{"coding":{}}`:           "/medicationCodeableConcept/coding",
		`"medicationCodeableConcept":{"coding":[7]}`:          "/medicationCodeableConcept/coding/0",
		`"medicationCodeableConcept":{"coding":[{"code":7}]}`: "/medicationCodeableConcept/coding/0/code",
		`"medicationCodeableConcept":{"text":[]}`:             "/medicationCodeableConcept/text",
		`"medicationReference":"Medication/1"`:                "/medicationReference",
		`"authoredOn":20260101`:                               "/authoredOn",
		`"authoredOn":"2026-02-30"`:                           "/authoredOn",
		`"authoredOn":"2026-01-01T24:00:00Z"`:                 "/authoredOn", `"reasonCode":{}`: "/reasonCode",
		`"dosageInstruction":{}`: "/dosageInstruction", `"dosageInstruction":["1-0-1"]`: "/dosageInstruction/0",
		`"dosageInstruction":[{"sequence":"1"}]`:                                 "/dosageInstruction/0/sequence",
		`"dosageInstruction":[{"sequence":1.5}]`:                                 "/dosageInstruction/0/sequence",
		`"dosageInstruction":[{"timing":{"repeat":{"periodUnit":"moons"}}}]`:     "/dosageInstruction/0/timing/repeat/periodUnit",
		`"dosageInstruction":[{"doseAndRate":[{"doseQuantity":{"value":"5"}}]}]`: "/dosageInstruction/0/doseAndRate/0/doseQuantity/value",
		`"doNotPerform":"true"`:                                                  "/doNotPerform",
		`"dispenseRequest":[]`:                                                   "/dispenseRequest",
		`"contained":{},"medicationReference":{"reference":"#a"}`:                "/contained", `"meta":"x"`: "/meta",
	} {
		if got := outcome(one(t, rx("MedicationRequest", ","+more))); got != "MedicationRequest/1 of Patient/p, not "+
			want {
			t.Errorf("%s: %s", more, got)
		}
	}
}

func TestHugeThingsCostLittle(t *testing.T) {
	many := func(n int, f func(i int) string) string {
		parts := make([]string, n)
		for i := range parts {
			parts[i] = f(i)
		}
		return strings.Join(parts, ",")
	}
	coding := func(i int) string { return fmt.Sprintf(`{"system":"s","code":"%d","display":"d%d"}`, i, i) }
	ref := func(int) string { return `{"reference":"#m"}` }
	part := func(int) string { return `{"itemReference":{"reference":"#m"}}` }
	cases := map[string]string{
		"a million codings": rx(
			"MedicationRequest",
			`,"medicationCodeableConcept":{"coding":[`+many(300_000, coding)+`]}`,
		),
		"everything in everything": rx(
			"MedicationRequest",
			`,"contained":[{"resourceType":"Medication","id":"m","ingredient":[`+many(
				1000,
				part,
			)+`]}],"medicationReference":{"reference":"#m"}`,
		),
		"one condition, many times": rx(
			"MedicationRequest",
			`,"contained":[{"resourceType":"Condition","id":"m","code":{"coding":[`+many(
				150,
				coding,
			)+`]}}],"reasonReference":[`+many(
				1000,
				ref,
			)+`]`,
		),
		"members of each other": rx(
			"Observation",
			`,"hasMember":[`+many(1000, ref)+`],"contained":[`+many(900, func(i int) string {
				return fmt.Sprintf(
					`{"resourceType":"Observation","id":"m%d","hasMember":[%s]}`,
					i,
					many(900, func(i int) string { return fmt.Sprintf(`{"reference":"#m%d"}`, i) }),
				)
			})+`,{"resourceType":"Observation","id":"m","code":`+ferritin+`,"hasMember":[{"reference":"#m1"}]}]`,
		),
		"a million dosages": rx(
			"MedicationRequest",
			`,"dosageInstruction":[`+many(1_000_000, func(int) string { return "{}" })+`]`,
		),
		"many bad entries": bundle(
			"batch",
			many(90_000, func(int) string { return entryOf(`{"resourceType":"Patient","id":7}`) }),
		),
		"many targets": bundle("batch", many(50_000, func(i int) string {
			return fmt.Sprintf(
				`{"fullUrl":"urn:uuid:%d","resource":{"resourceType":"MedicationRequest",`+
					`"subject":{"reference":"urn:uuid:0"}}}`,
				i,
			)
		})),
		"Bundles between entries": bundle("batch", many(20_000, func(i int) string {
			return entryOf(
				bundle(
					"batch",
					`{"fullUrl":"urn:uuid:1","resource":{"resourceType":"Condition",`+
						`"subject":{"reference":"urn:uuid:1"}}}`,
				),
			)
		})),
	}
	for name, doc := range cases {
		t.Run(name, func(t *testing.T) {
			data := []byte(doc)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			NewReader(DefaultOptions()).Document(data, func(r Resource) bool {
				if o := r.Fact.Order; o != nil && len(o.Reasons) > maxContainedReads {
					t.Errorf("%d reasons", len(o.Reasons))
				}
				return true
			})
			runtime.ReadMemStats(&after)
			if grown := after.TotalAlloc - before.TotalAlloc; grown > 30*uint64(len(doc))+8<<20 {
				t.Errorf("%d bytes allocated for %d", grown, len(doc))
			}
		})
	}
}

// TestNothingOfAPayloadLeaks plants a word in every place and looks for it in everything said about
// rejections.
func TestNothingOfAPayloadLeaks(t *testing.T) {
	const secret = "Xq7Secret"
	docs := []string{
		rx(
			"MedicationRequest",
			`,"status":"`+secret+`"`,
		), rx("MedicationRequest", `,"intent":"`+secret+`"`), rx("MedicationRequest", `,"authoredOn":"`+secret+`"`),
		`{"resourceType":"` + secret + `"}`, `{"resourceType":"Bundle","type":"` + secret + `"}`,
		`{"` + secret + ` x":nope}`, `{"resourceType":"Patient","id":"` + secret + ` "}`,
		`{"resourceType":"Condition","subject":{"display":"` + secret + `"}}`,
		`{"resourceType":"Condition","subject":{"reference":"Patient/` + secret + ` "}}`,
		`["` + secret + `\x"]`, secret, `{"specversion":"1.0","data_base64":"` + secret + `?"}`,
	}
	for _, doc := range docs {
		r := one(t, doc)
		said := r.Pointer + r.Type + fmt.Sprint(r.Unread)
		if r.Rejection != nil {
			said += r.Rejection.Error()
		} else if len(r.Unread) == 0 {
			t.Errorf("taken: %s", doc)
		}
		if strings.Contains(said, secret) || strings.ContainsFunc(said, unicode.IsControl) {
			t.Errorf("%s: %s", doc, said)
		}
	}
}

// TestNumbersBeyondReasonAreKept holds that a result with too many digits stays, with a value no
// limit finds plausible.
func TestNumbersBeyondReasonAreKept(t *testing.T) {
	for given, want := range map[string]string{
		strings.Repeat("1", 100_000): "1e999", "-" + strings.Repeat("1", 100_000): "-1e999", "0." + strings.Repeat("0",
			100_000) + "1": "1e999",
		"1e" + strings.Repeat("9", 100_000): "1e999", strings.Repeat("7", maxText): strings.Repeat("7", maxText),
	} {
		r := one(t, rx("Observation", `,"valueQuantity":{"value":`+given+`,"unit":"ng/mL"},"code":`+ferritin))
		if r.Fact.Lab == nil || r.Fact.Lab.Value.Quantity != mg(want, "ng/mL") {
			t.Errorf("%.20s: %s", given, outcome(r))
		}
	}
	o := orderOf(
		t,
		rx(
			"MedicationRequest",
			`,"dispenseRequest":{"expectedSupplyDuration":{"value":`+strings.Repeat("1", 100_000)+`,"code":"d"}},
		"dosageInstruction":[{"doseAndRate":[{"doseQuantity":{"value":`+strings.Repeat("1", 100_000)+`}}]}]`,
		),
	)
	if o.SupplyDays != "" || o.Dosages[0].Dose.Value != "1e999" {
		t.Errorf("supply for %s days, dose %s", o.SupplyDays, o.Dosages[0].Dose.Value)
	}
}

func TestLongTextsAreCut(t *testing.T) {
	r := one(t, rx("MedicationRequest", `,"medicationCodeableConcept":{"text":"`+strings.Repeat("é", 5000)+`"}`))
	name := r.Fact.Order.Drug.Names[0]
	if name != strings.Repeat("é", maxText/2) {
		t.Errorf("%d bytes kept", len(name))
	}
	for _, more := range []string{
		`,"medicationCodeableConcept":{"coding":[{"system":"s","code":"` + strings.Repeat("1", 5000) + `"}]}`,
		`,"dosageInstruction":[{"timing":{"repeat":{"period":` + strings.Repeat("1", 5000) + `}}}]`,
	} {
		if r := one(t, rx("MedicationRequest", more)); len(r.Unread) == 0 || len(r.Fact.Order.Drug.Codings) > 0 {
			t.Errorf("a code or number of 5,000 digits was taken")
		}
	}
}
