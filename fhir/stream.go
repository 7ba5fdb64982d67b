package fhir

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/rlsguard/rlsguard/fhir/scan"
)

// Stream reads a file or standard input to its end: one document, or NDJSON (one value per line),
// either optionally gzipped, as Documents finds them. It yields each event with its line, from 1
// (always 1 for a single document); Entry counts through the whole stream. An unreadable line is
// rejected alone. yield returns false to stop early. The error is a read failure of in; events
// before it have been yielded.
//
// Memory is bounded by the largest value, which Options.MaxBytes limits.
func (r *Reader) Stream(in io.Reader, name string, yield func(line int, res Resource) bool) error {
	var entry uint32
	line, on := 0, true
	resource := func(res Resource) bool { return yield(line, res) }
	r.hollow, r.firstHollow = 0, 0
	return r.Documents(in, name, func(d Document) bool {
		line = d.Line
		if d.Rejection != nil {
			on = yield(line, Resource{Entry: entry, Rejection: d.Rejection})
			entry++
			return on
		}
		before := entry
		entry, on = r.document(d.Data, entry, resource)
		if entry == before {
			if r.hollow++; r.hollow == 1 {
				r.firstHollow = line
			}
		}
		return on
	})
}

// Hollow returns how many documents of the last Stream had no resource, such as a Bundle without
// entries, and the line of the first.
func (r *Reader) Hollow() (documents, line int) { return r.hollow, r.firstHollow }

// Document is one document of a stream, not yet read.
type Document struct {
	// Line it begins at, from 1; always 1 if the stream is one document.
	Line int
	// Data is the document without its line end. The next one overwrites it.
	Data []byte
	// Rejection is why there is no Data: too large, or in an unsupported packing or encoding.
	Rejection *Rejection
}

// Documents reads a file or standard input to its end and yields each document in it, for a Reader
// or a bus. It is NDJSON if name says so (.ndjson, .jsonl, also with .gz), or if the first line is
// a whole value and others follow. Blank lines are skipped. yield returns false to stop early. The
// error is a read failure of in.
func (r *Reader) Documents(in io.Reader, name string, yield func(Document) bool) error {
	s := &r.source
	s.open(in, r.options.MaxBytes)
	if what := s.unpack(); what != "" {
		yield(Document{Line: 1, Rejection: &Rejection{Reason: UnsupportedEncoding, Detail: what}})
		return s.ioError()
	}
	name, packed := strings.CutSuffix(strings.ToLower(name), ".gz")
	if packed && !s.packed && !mayBeJSON(s.have()) {
		yield(Document{Line: 1, Rejection: &Rejection{Reason: UnsupportedEncoding, Detail: damagedGzip}})
		return s.ioError()
	}
	if strings.HasSuffix(name, ".ndjson") || strings.HasSuffix(name, ".jsonl") || r.lines() {
		r.ndjson(yield)
	} else {
		r.single(yield)
	}
	return s.ioError()
}

// Holds reports whether a document has a resource in it or cannot be read. A Bundle without entries
// has none.
func (r *Reader) Holds(data []byte) bool {
	r.release()
	return r.read(data, "", true) != nil || len(r.index.nodes) > 0
}

// lines reports whether the stream is NDJSON, by its beginning.
func (r *Reader) lines() bool {
	s := &r.source
	for seen := 0; ; {
		b := s.have()
		if from := max(seen, scan.PastBlanks(b, 0)); from < len(b) {
			if i := bytes.IndexByte(b[from:], '\n'); i >= 0 {
				return r.whole(b[:from+i]) && s.moreThan(from+i)
			}
			seen = len(b)
		}
		if len(b) > r.options.MaxBytes || !s.fill() {
			return false
		}
	}
}

func (r *Reader) whole(b []byte) bool {
	b = bytes.TrimPrefix(b, []byte(utf8BOM))
	i := scan.PastBlanks(b, 0)
	r.index.Scanner.Reset(b, r.options.MaxDepth)
	end := r.index.Value(i)
	return end > 0 && scan.PastBlanks(b, end) == len(b)
}

func (r *Reader) single(yield func(Document) bool) {
	s := &r.source
	for len(s.have()) <= r.options.MaxBytes && s.fill() {
	}
	switch {
	case s.damaged != "":
		yield(Document{Line: 1, Rejection: &Rejection{Reason: UnsupportedEncoding, Detail: s.damaged}})
	case s.failed != nil:
	case len(s.have()) > r.options.MaxBytes:
		yield(Document{Line: 1, Rejection: tooLarge(r.options.MaxBytes)})
	case empty(s.have()):
	default:
		yield(Document{Line: 1, Data: s.have()})
	}
}

func empty(b []byte) bool {
	b = bytes.TrimPrefix(b, []byte(utf8BOM))
	return scan.PastBlanks(b, 0) == len(b)
}

func (r *Reader) ndjson(yield func(Document) bool) {
	s := &r.source
	for line, on := 1, true; on; line++ {
		b, size, ended := s.line()
		switch {
		case !ended && s.damaged != "":
			yield(Document{Line: line, Rejection: &Rejection{Reason: UnsupportedEncoding, Detail: s.damaged}})
			return
		case !ended && s.failed != nil || size == 0:
			return
		case b == nil:
			on = yield(Document{Line: line, Rejection: tooLarge(r.options.MaxBytes)})
		case !empty(b):
			on = yield(Document{Line: line, Data: b})
		}
	}
}

// source is the stream being read, with a reusable buffer.
type source struct {
	in         io.Reader
	keeper     *errorKeeper
	limit      int
	buf        []byte
	start, end int
	eof        bool
	packed     bool
	failed     error  // by the stream itself
	damaged    string // what is wrong with the compression
}

const chunk = 64 << 10

func (s *source) open(in io.Reader, limit int) {
	if s.buf == nil {
		s.buf = make([]byte, chunk)
	}
	keeper := &errorKeeper{in: in}
	*s = source{in: keeper, keeper: keeper, limit: limit, buf: s.buf}
}

// have is what was read but not yet used.
func (s *source) have() []byte { return s.buf[s.start:s.end] }

// fill reads more. It returns false at the end, or if the stream fails.
func (s *source) fill() bool {
	if s.eof {
		return false
	}
	if s.start > 0 && s.end == len(s.buf) {
		s.end = copy(s.buf, s.have())
		s.start = 0
	}
	if s.end == len(s.buf) {
		grown := make([]byte, min(2*len(s.buf), s.limit+2*chunk))
		copy(grown, s.buf[:s.end])
		s.buf = grown
	}
	for range 100 {
		n, err := s.in.Read(s.buf[s.end:])
		s.end += n
		if err != nil {
			s.eof = true
			s.note(err)
		}
		if n > 0 || err != nil {
			return n > 0
		}
	}
	s.eof, s.failed = true, io.ErrNoProgress
	return false
}

// line returns the next line without its end, its size, 0 at the end of the stream, and whether it
// has an end: lines before damage in the stream are whole. A line over the limit is nil.
func (s *source) line() (b []byte, size int, ended bool) {
	seen := 0
	for {
		have := s.have()
		if i := bytes.IndexByte(have[seen:], '\n'); i >= 0 {
			size += seen + i + 1
			s.start += seen + i + 1
			if size > s.limit+1 {
				return nil, size, true
			}
			return have[:seen+i], size, true
		}
		if seen = len(have); size+seen > s.limit+1 { // its end is not worth keeping
			size += seen
			s.start, s.end, seen = 0, 0, 0
		}
		if s.fill() {
			continue
		}
		size += seen
		s.start = s.end
		if size > s.limit {
			return nil, size, false
		}
		return have, size, false
	}
}

// moreThan reports whether anything but white space follows the first n bytes.
func (s *source) moreThan(n int) bool {
	for scan.PastBlanks(s.have(), n) == len(s.have()) {
		if n = len(s.have()); n > s.limit || !s.fill() {
			return false
		}
	}
	return true
}

// ioError is the read failure of the stream, if any.
func (s *source) ioError() error {
	if s.failed == nil {
		return nil
	}
	return fmt.Errorf("reading FHIR: %w", s.failed)
}
