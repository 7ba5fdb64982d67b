package fhir

import (
	"bytes"
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"

	"github.com/rlsguard/rlsguard/fhir/scan"
)

const (
	gzipMagic   = "\x1f\x8b"
	damagedGzip = "damaged gzip"
)

// errorKeeper remembers a read failure, to distinguish it from damaged content.
type errorKeeper struct {
	in  io.Reader
	err error
}

func (k *errorKeeper) Read(p []byte) (int, error) {
	n, err := k.in.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		k.err = err
	}
	return n, err
}

// headSize is enough to recognise UTF-16, gzip, zip and tar.
const headSize = 512

// unpack inspects the beginning of the stream and decompresses gzip, one layer only. It returns the
// name of a format it cannot read, or "".
func (s *source) unpack() string {
	s.head()
	if b := s.have(); len(b) >= len(gzipMagic) && string(b[:len(gzipMagic)]) == gzipMagic {
		rest := io.MultiReader(bytes.NewReader(bytes.Clone(b)), s.in)
		z, err := gzip.NewReader(rest)
		switch {
		case err != nil && s.keeper.err != nil:
			s.failed = s.keeper.err
			return ""
		case err != nil:
			return damagedGzip
		}
		s.in, s.packed, s.eof, s.start, s.end = z, true, false, 0, 0
		s.head()
		if s.damaged != "" && s.start == s.end {
			return s.damaged
		}
	}
	return foreignEncoding(s.have())
}

// mayBeJSON reports whether a stream that begins with b can be JSON, sound or broken, or empty: a
// file with a gzip name may have been unpacked on its way.
func mayBeJSON(b []byte) bool {
	i := scan.PastBlanks(b, 0)
	return i == len(b) || bytes.IndexByte([]byte(`{["-0123456789tfn`+utf8BOM[:1]), b[i]) >= 0
}

func (s *source) head() {
	for s.end-s.start < headSize && s.fill() {
	}
}

// note classifies the error that ended the stream: its end, damage, or a read failure.
func (s *source) note(err error) {
	switch {
	case errors.Is(err, io.EOF):
	case s.packed && s.keeper.err == nil:
		s.damaged = damagedGzip
	case s.packed:
		s.failed = s.keeper.err
	default:
		s.failed = err
	}
}
