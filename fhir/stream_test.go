package fhir

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

func stream(tb testing.TB, o Options, in io.Reader, name string) (list []string, err error) {
	tb.Helper()
	last := -1
	err = NewReader(o).Stream(in, name, func(line int, r Resource) bool {
		if int(r.Entry) != last+1 {
			tb.Errorf("event %d comes after %d", r.Entry, last)
		}
		last = int(r.Entry)
		list = append(list, fmt.Sprintf("%d: %s", line, outcome(r)))
		return true
	})
	return list, err
}

// oneByOne reads the documents of in one by one, as a bus hands them on, and returns the same as
// stream.
func oneByOne(tb testing.TB, o Options, in io.Reader, name string) (list []string, err error) {
	tb.Helper()
	finder, reader := NewReader(o), NewReader(o)
	err = finder.Documents(in, name, func(d Document) bool {
		if d.Rejection != nil {
			list = append(list, fmt.Sprintf("%d: %s", d.Line, outcome(Resource{Rejection: d.Rejection})))
			return true
		}
		before := len(list)
		reader.Document(d.Data, func(r Resource) bool {
			list = append(list, fmt.Sprintf("%d: %s", d.Line, outcome(r)))
			return true
		})
		if finder.Holds(d.Data) != (len(list) > before) {
			tb.Errorf(
				"line %d: Holds tells %v, and it has %d resources",
				d.Line,
				finder.Holds(d.Data),
				len(list)-before,
			)
		}
		return true
	})
	return list, err
}

func pack(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, s)
	z.Close()
	return b.String()
}

func pretty(s string) string { return strings.ReplaceAll(s, ",", ",\n  ") }

func TestStreams(t *testing.T) {
	const rx1, pat = "MedicationRequest/1 of Patient/p", "Patient/p of Patient/p"
	two := bundle("batch", entryOf(order), entryOf(visit))
	long := `{"resourceType":"Encounter","x":"` + strings.Repeat("x", 200_000) + `"}`
	cases := []struct {
		name, file, in string
		want           []string
	}{
		{
			"nothing",
			"",
			"",
			nil,
		}, {"blanks", "", " \n\r\n ", nil}, {"a mark", "", "\ufeff", nil}, {"nothing, packed", "a.json.gz", pack(""),
			nil},
		{
			"a document",
			"a.json",
			order,
			[]string{"1: " + rx1},
		}, {"with a newline", "", order + "\n\n", []string{"1: " + rx1}},
		{"over many lines", "a.json", pretty(two), []string{"1: " + rx1, "1: irrelevant"}},
		{"with a mark", "", "\ufeff" + pretty(order), []string{"1: " + rx1}},
		{"with a mark and lines", "", "\ufeff" + order + "\n" + patient, []string{"1: " + rx1, "2: " + pat}},
		{
			"lines by content",
			"a.json",
			order + "\n" + two + "\n" + patient,
			[]string{"1: " + rx1, "2: " + rx1, "2: irrelevant", "3: " + pat},
		},
		{
			"lines by name",
			"a.ndjson",
			order + "\r\n\r\n \nnope\n" + patient + "\n",
			[]string{"1: " + rx1, "4: invalid-json ", "5: " + pat},
		},
		{
			"lines by name, the first one broken",
			"A.NDJSON.GZ",
			pack("{\n" + patient),
			[]string{"1: invalid-json ", "2: " + pat},
		},
		{"lines, jsonl", "a.jsonl", "7\n[]\n" + patient, []string{"1: not-fhir ", "2: not-fhir ", "3: " + pat}},
		{"the first line broken", "a.json", "{\"a\":}\n" + patient, []string{"1: invalid-json /a"}},
		{
			"two values in one line",
			"a.ndjson",
			order + order + "\n" + patient,
			[]string{"1: invalid-json ", "2: " + pat},
		},
		{"an array", "a.json", "[\n" + order + ",\n" + patient + "]", []string{"1: not-fhir "}},
		{
			"invalid UTF-8 in a line",
			"a.ndjson",
			"\"\xff\"\n" + patient,
			[]string{"1: unsupported-encoding ", "2: " + pat},
		},
		{
			"a long line",
			"",
			patient + "\n" + long + "\n" + patient,
			[]string{"1: " + pat, "2: too-large ", "3: " + pat},
		},
		{"a long last line", "a.ndjson", patient + "\n" + long, []string{"1: " + pat, "2: too-large "}},
		{"a long document", "a.json", long, []string{"1: too-large "}},
		{"packed", "a.json.gz", pack(pretty(two)), []string{"1: " + rx1, "1: irrelevant"}},
		{"packed in spite of its name", "a.json", pack(order), []string{"1: " + rx1}},
		{"packed lines", "", pack(order+"\n") + pack(patient), []string{"1: " + rx1, "2: " + pat}},
		{"packed twice", "", pack(pack(order)), []string{"1: unsupported-encoding "}},
		{"cut", "", pack(pretty(two))[:60], []string{"1: unsupported-encoding "}},
		{"damaged head", "", "\x1f\x8b\x01\x02", []string{"1: unsupported-encoding "}},
		{"damaged sum", "", pack(order)[:len(pack(order))-6] + "123456", []string{"1: unsupported-encoding "}},
		{"bomb", "", pack(strings.Repeat(" ", 50<<20)), []string{"1: too-large "}},
		{"plain in spite of its name", "a.json.gz", "\ufeff " + order, []string{"1: " + rx1}},
		{
			"plain lines in spite of their name",
			"a.ndjson.gz",
			"\n" + patient + "\nnope",
			[]string{"2: " + pat, "3: invalid-json "},
		},
		{"broken in spite of its name", "a.json.gz", "\n{", []string{"1: invalid-json "}},
		{"gzip in name alone", "A.JSON.GZ", "\n\x00\x01\x08", []string{"1: unsupported-encoding "}},
		{"lines that are gzip in name alone", "a.ndjson.gz", "<a/>\n" + patient, []string{"1: unsupported-encoding "}},
		{"the same, named otherwise", "a.json", "\n\x00\x01\x08", []string{"1: invalid-json "}},
		{"nothing, packed in name alone", "a.json.gz", "", nil},
		{"zip", "a.zip", "PK\x03\x04...", []string{"1: unsupported-encoding "}},
		{
			"tar",
			"a.tar",
			"a.json" + strings.Repeat("\x00", 251) + "ustar\x0000" + strings.Repeat("\x00", 249),
			[]string{"1: unsupported-encoding "},
		},
		{"UTF-16 lines", "a.ndjson", "\xff\xfe{\x00}\x00\n\x00{\x00}\x00", []string{"1: unsupported-encoding "}},
	}
	o := DefaultOptions()
	o.MaxBytes = 100_000
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for way, in := range map[string]io.Reader{"whole": strings.NewReader(c.in),
				"by halves":     iotest.HalfReader(strings.NewReader(c.in)),
				"end with data": iotest.DataErrReader(strings.NewReader(c.in))} {
				got, err := stream(t, o, in, c.file)
				if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
					t.Errorf("%s: %v (-want +got):\n%s", way, err, diff)
				}
			}
			if got, err := oneByOne(t, o, strings.NewReader(c.in), c.file); err != nil || cmp.Diff(c.want, got) != "" {
				t.Errorf("one by one: %v (-want +got):\n%s", err, cmp.Diff(c.want, got))
			}
		})
	}
}

// A document without a resource is no event, and is distinguished from one with some.
func TestHollowDocuments(t *testing.T) {
	for name, c := range map[string]struct {
		in              string
		hollow, line, n int
	}{
		"none":            {patient + "\n" + order, 0, 0, 2},
		"an empty stream": {"\n \n", 0, 0, 0},
		"a Bundle":        {`{"resourceType":"Bundle","type":"collection"}`, 1, 1, 0},
		"an empty one":    {`{"resourceType":"Bundle","type":"searchset","entry":[]}`, 1, 1, 0},
		"lines": {patient + "\n" + `{"resourceType":"Bundle","type":"searchset"}` + "\n\n" +
			`{"resourceType":"Bundle","type":"batch"}` + "\n" + patient, 2, 2, 2},
		"what is no FHIR": {`{}`, 0, 0, 1},
		"what is broken":  {`{"resourceType":"Bundle",`, 0, 0, 1},
		"a Bundle inside": {bundle("batch", entryOf(order)), 0, 0, 1},
		"a CloudEvent of it": {`{"specversion":"1.0","id":"1","source":"s","type":"t",` +
			`"data":{"resourceType":"Bundle","type":"collection"}}`, 1, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := NewReader(DefaultOptions())
			for range 2 { // nothing is left of the previous stream
				n := 0
				if err := r.Stream(strings.NewReader(c.in), "",
					func(int, Resource) bool { n++; return true }); err != nil {
					t.Fatal(err)
				}
				if hollow, line := r.Hollow(); hollow != c.hollow || line != c.line || n != c.n {
					t.Errorf("%d hollow from line %d, %d events", hollow, line, n)
				}
			}
		})
	}
}

func TestLinesBeforeDamageAreKept(t *testing.T) {
	var lines strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&lines, `{"resourceType":"Patient","id":"p%d"}`+"\n", i*7919)
	}
	packed := pack(lines.String())
	got, err := stream(t, DefaultOptions(), strings.NewReader(packed[:len(packed)/2]), "a.ndjson")
	if n := len(got); err != nil || n < 5000 || !strings.HasSuffix(got[n-1], "unsupported-encoding ") ||
		strings.Count(strings.Join(got, " "), "unsupported") != 1 {
		t.Errorf("%d events, then %v", n, err)
	}
}

func TestFailureToReadIsNoFaultOfTheFile(t *testing.T) {
	broken := errors.New("broken disk")
	for name, in := range map[string]string{"plain": order[:50], "lines": patient + "\n" + patient + "\n{",
		"packed": pack(order)[:30], "at once": "", "packed head": "\x1f\x8b"} {
		got, err := stream(t, DefaultOptions(), io.MultiReader(strings.NewReader(in), iotest.ErrReader(broken)), "")
		if !errors.Is(err, broken) || strings.Contains(strings.Join(got, " "), "invalid") ||
			strings.Contains(strings.Join(got, " "), "unsupported") {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func TestStreamEndsWhenNobodyWantsMore(t *testing.T) {
	n := 0
	err := NewReader(
		DefaultOptions(),
	).Stream(
		strings.NewReader(patient+"\n"+patient),
		"",
		func(int, Resource) bool { n++; return false },
	)
	if n != 1 || err != nil {
		t.Errorf("%d events, %v", n, err)
	}
}

// TestMemoryDoesNotGrowWithTheStream reads 200 MB of lines and a one-line bomb.
func TestMemoryDoesNotGrowWithTheStream(t *testing.T) {
	o := DefaultOptions()
	o.MaxBytes = 1 << 20
	r := NewReader(o)
	line := `{"resourceType":"Encounter","x":"` + strings.Repeat("x", 100_000) + "\"}\n"
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, in := range []io.Reader{&repeat{text: line, n: 2000}, &repeat{text: strings.Repeat("[", 64<<10), n: 1000}} {
		if err := r.Stream(in, "a.ndjson", func(int, Resource) bool { return true }); err != nil {
			t.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 16<<20 {
		t.Errorf("%d bytes allocated", grown)
	}
}

type repeat struct {
	text string
	n, i int
}

func (r *repeat) Read(p []byte) (int, error) {
	if r.n == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.text[r.i:])
	if r.i += n; r.i == len(r.text) {
		r.i, r.n = 0, r.n-1
	}
	return n, nil
}

// Lines before the cut in a compressed file are whole: they count, and the cut is reported once.
func TestBufferedLinesBeforeDamageAreKept(t *testing.T) {
	const lines = 200
	var plain bytes.Buffer
	for i := range lines {
		fmt.Fprintf(
			&plain,
			`{"resourceType":"Patient","id":"p%d","birthDate":"1950-01-01","text":{"div":"%x"}}`+"\n",
			i,
			sha256.Sum256([]byte{byte(i)}),
		)
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write(plain.Bytes())
	z.Close()
	good, bad := 0, 0
	err := NewReader(
		DefaultOptions(),
	).Stream(
		bytes.NewReader(packed.Bytes()[:packed.Len()-40]),
		"x.ndjson.gz",
		func(_ int, res Resource) bool {
			switch {
			case res.Rejection == nil:
				good++
			case res.Rejection.Reason == UnsupportedEncoding:
				bad++
			default:
				t.Errorf("rejected as %v", res.Rejection)
			}
			return true
		},
	)
	if err != nil || good < lines/2 || bad != 1 {
		t.Errorf("%d lines and %d rejections before the cut, error %v", good, bad, err)
	}
}
