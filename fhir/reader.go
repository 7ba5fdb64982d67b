package fhir

import (
	"bytes"
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/rlsguard/rlsguard/checks/terms"
	"github.com/rlsguard/rlsguard/fhir/scan"
)

// Reader turns documents into facts. It reuses its buffers, so it serves one goroutine at a time.
// Its results share no memory with the document, but short arrays with each other: keeping one
// keeps a few kilobytes of its neighbours, and appending to one changes no other.
type Reader struct {
	options  Options
	index    index
	decoder  decoder
	pointers []string // "/entry/0/resource" and so on
	source   source
	usage    usage

	hollow, firstHollow int // documents of the last Stream without a resource, and the line of the first
}

// NewReader returns a reader. A limit of o that is 0 or less means the default, nil Terms the
// embedded tables.
func NewReader(o Options) *Reader {
	d := DefaultOptions()
	for _, limit := range []struct{ given, other *int }{
		{&o.MaxBytes, &d.MaxBytes}, {&o.MaxDepth, &d.MaxDepth}, {&o.MaxEntries, &d.MaxEntries},
	} {
		if *limit.given <= 0 {
			*limit.given = *limit.other
		}
	}
	o.MaxBytes = min(o.MaxBytes, 1<<30) // offsets are 32 bits wide
	if o.Terms == nil {
		o.Terms = terms.Embedded()
	}
	r := &Reader{options: o}
	r.decoder.init(&r.options)
	return r
}

// Document reads one JSON value: a resource, a Bundle, Parameters, or a CloudEvent around one of
// them. It yields one Resource per event, in document order, with Entry counting from 0, until
// yield returns false. A document that cannot be read as a whole is one Resource with that
// Rejection.
func (r *Reader) Document(data []byte, yield func(Resource) bool) {
	r.document(data, 0, yield)
}

// Parameters are the names of the last document's parameters by position: "" for one without, empty
// if the document is no Parameters. They are valid until the next document is read.
func (r *Reader) Parameters() []string {
	var names []string
	for _, at := range r.index.named {
		names = append(names, string(r.index.raw(int(at))))
	}
	return names
}

// document is Document with Entry counting from entry. It returns the next number, and false if
// yield wants no more.
func (r *Reader) document(data []byte, entry uint32, yield func(Resource) bool) (uint32, bool) {
	r.release()
	if rej := r.read(data, "", true); rej != nil {
		return entry + 1, yield(Resource{Entry: entry, Rejection: rej})
	}
	r.decoder.begin(&r.index)
	for i := range r.index.nodes {
		n := &r.index.nodes[i]
		res := Resource{Entry: entry, Pointer: r.pointer(n), Type: n.typ}
		r.decoder.decode(n, &res)
		entry++
		if !yield(res) {
			return entry, false
		}
	}
	return entry, true
}

// read indexes data, which is at root; events allows unwrapping a CloudEvent.
func (r *Reader) read(data []byte, root string, events bool) *Rejection {
	if rej := r.encoding(data); rej != nil {
		return rej
	}
	x := &r.index
	whole := len(data)
	data = bytes.TrimPrefix(data, []byte(utf8BOM))
	x.reset(data, &r.options)
	x.Before = whole - len(data)
	x.root = root
	i := scan.PastBlanks(data, 0)
	if i == len(data) {
		return &Rejection{Reason: NotFHIR, Pointer: root, Detail: "an empty payload"}
	}
	inner, end := r.value(i, events)
	if end >= 0 {
		if end = scan.PastBlanks(data, end); end < len(data) {
			x.Fail(end, "a second value in one document")
		}
	}
	if (x.Err != nil || x.BeyondASCII()) && !utf8.Valid(data) {
		return &Rejection{
			Reason:  UnsupportedEncoding,
			Pointer: root,
			Detail:  fmt.Sprintf("invalid UTF-8 at byte %d", x.Before+invalidUTF8(data)),
		}
	}
	switch {
	case x.Err != nil:
		return x.broken(root)
	case inner != nil:
		return r.unwrap(inner)
	}
	return nil
}

// encoding rejects what is too large, or begins with an unsupported encoding.
func (r *Reader) encoding(b []byte) *Rejection {
	if len(b) > r.options.MaxBytes {
		return tooLarge(r.options.MaxBytes)
	}
	if what := foreignEncoding(b); what != "" {
		return &Rejection{Reason: UnsupportedEncoding, Detail: what}
	}
	return nil
}

func tooLarge(limit int) *Rejection {
	return &Rejection{Reason: TooLarge, Detail: fmt.Sprintf("more than %d bytes", limit)}
}

const utf8BOM = "\xef\xbb\xbf"

// foreignEncoding names the unsupported encoding with which b begins, or "".
func foreignEncoding(b []byte) string {
	if len(b) > 3 && b[0] == '{' && b[1] != 0 {
		return ""
	}
	begins := func(s string) bool { return bytes.HasPrefix(b, []byte(s)) }
	switch {
	case begins("\xff\xfe\x00\x00"), begins("\x00\x00\xfe\xff"), begins("\x00\x00\x00{"), begins("{\x00\x00\x00"):
		return "UTF-32"
	case begins("\xff\xfe"), begins("\xfe\xff"), begins("\x00{"), begins("{\x00"), begins("\x00["), begins("[\x00"):
		return "UTF-16"
	case begins(gzipMagic):
		return "gzip"
	case begins("PK\x03\x04"), begins("PK\x05\x06"):
		return "zip"
	case len(b) > 262 && string(b[257:262]) == "ustar":
		return "tar"
	}
	return ""
}

func invalidUTF8(b []byte) int {
	for i := 0; i < len(b); {
		c, n := utf8.DecodeRune(b[i:])
		if c == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(b)
}

// maxPointers bounds the pointers kept for the next document.
const maxPointers = 4096

func (r *Reader) pointer(n *node) string {
	switch {
	case n.container == "":
		return r.index.root
	case n.container != "/entry" || n.noResource || n.position >= maxPointers:
		return pointerOf(n)
	}
	for len(r.pointers) <= int(n.position) {
		r.pointers = append(r.pointers, "/entry/"+strconv.Itoa(len(r.pointers))+"/resource")
	}
	return r.pointers[n.position]
}

func pointerOf(n *node) string {
	s := n.container + "/" + strconv.Itoa(int(n.position))
	if n.noResource {
		return s
	}
	return s + "/resource"
}
