package operate

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"

	"github.com/nats-io/nats.go"

	"github.com/rlsguard/rlsguard/consumers/layout"
)

// An export is one gzip member around
//
//	header   a line of JSON: format, version, and what the states were made with
//	records  subject, headers, payload; each text behind its length, the headers behind twice their number
//	end      an empty subject, the number of records, SHA-256 of everything before the hash
//
// Numbers are unsigned varints. Records stand in the order of the stream: of two with one subject
// the later one counts.
const (
	exportFormat  = "rlsguard export"
	exportVersion = 1
	// exportLimit bounds one text of a record: a message is smaller than that on any server.
	exportLimit = 64 << 20
)

// ErrExport: a file is no export, or not a whole one.
var ErrExport = errors.New("this is not a complete export of rlsguard")

// exportHeader is the first line of an export.
type exportHeader struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
	Created string `json:"created"`
	States  int    `json:"states"` // layout of the states
	Key     string `json:"key"`    // fingerprint of the site key
	Ruleset string `json:"ruleset"`
	AsOf    string `json:"asOf,omitempty"`
}

// exportWriter writes an export.
type exportWriter struct {
	zip   *gzip.Writer
	out   io.Writer // zip and sum
	sum   hash.Hash
	buf   []byte
	count uint64
}

func newExportWriter(w io.Writer, h exportHeader) (*exportWriter, error) {
	e := &exportWriter{zip: gzip.NewWriter(w), sum: sha256.New()}
	e.out = io.MultiWriter(e.zip, e.sum)
	return e, json.NewEncoder(e.out).Encode(h)
}

func appendText[T string | []byte](b []byte, s T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func (e *exportWriter) Record(subject string, headers nats.Header, data []byte) error {
	e.count++
	e.buf = appendText(e.buf[:0], subject)
	e.buf = binary.AppendUvarint(e.buf, uint64(2*len(headers)))
	names := make([]string, 0, len(headers))
	for name := range headers {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		e.buf = appendText(appendText(e.buf, name), headers.Get(name))
	}
	e.buf = appendText(e.buf, data)
	_, err := e.out.Write(e.buf)
	return err
}

func (e *exportWriter) Close() error {
	if _, err := e.out.Write(binary.AppendUvarint([]byte{0}, e.count)); err != nil {
		return err
	}
	if _, err := e.zip.Write(e.sum.Sum(nil)); err != nil {
		return err
	}
	return e.zip.Close()
}

// exportReader reads an export.
type exportReader struct {
	header exportHeader
	in     *bufio.Reader
	sum    hash.Hash
	count  uint64
}

// newExportReader reads the header. An error wraps ErrExport or ErrNewerFormat, but for one of r's
// own.
func newExportReader(r io.Reader) (*exportReader, error) {
	z, err := gzip.NewReader(bufio.NewReaderSize(r, 64<<10))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrExport, err)
	}
	e := &exportReader{in: bufio.NewReaderSize(z, 64<<10), sum: sha256.New()}
	line, err := e.in.ReadSlice('\n')
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrExport, err)
	}
	e.sum.Write(line)
	if err := json.Unmarshal(line, &e.header); err != nil || e.header.Format != exportFormat {
		return nil, fmt.Errorf("%w: it does not begin as one", ErrExport)
	}
	if e.header.Version > exportVersion || e.header.States > layout.StateFormat {
		return nil, fmt.Errorf(
			"%w: an export of version %d with states of format %d, this one knows up to %d and %d",
			layout.ErrNewerFormat,
			e.header.Version,
			e.header.States,
			exportVersion,
			layout.StateFormat,
		)
	}
	return e, nil
}

// next is the next record; io.EOF after the last one, when the export is whole.
func (e *exportReader) next() (subject string, headers nats.Header, data []byte, err error) {
	defer func() {
		if err != nil && err != io.EOF {
			err = fmt.Errorf("%w: record %d: %w", ErrExport, e.count+1, err)
		}
	}()
	s, err := e.text()
	if err != nil {
		return "", nil, nil, noEnd(err)
	}
	if len(s) == 0 {
		return "", nil, nil, e.end()
	}
	n, err := e.number()
	if err != nil {
		return "", nil, nil, noEnd(err)
	}
	if n > 200 || n%2 != 0 {
		return "", nil, nil, errors.New("it has an impossible number of headers")
	}
	headers = nats.Header{}
	for range n / 2 {
		name, err := e.text()
		if err != nil {
			return "", nil, nil, noEnd(err)
		}
		value, err := e.text()
		if err != nil {
			return "", nil, nil, noEnd(err)
		}
		headers[string(name)] = []string{string(value)}
	}
	if data, err = e.text(); err != nil {
		return "", nil, nil, noEnd(err)
	}
	e.count++
	return string(s), headers, data, nil
}

// noEnd keeps a file that ends too early apart from one that ends well.
func noEnd(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (e *exportReader) end() error {
	n, err := e.number()
	if err != nil {
		return noEnd(err)
	}
	want := e.sum.Sum(nil)
	have := make([]byte, len(want))
	if _, err := io.ReadFull(e.in, have); err != nil {
		return noEnd(err)
	}
	if n != e.count || !bytes.Equal(have, want) {
		return errors.New("the checksum is wrong")
	}
	if _, err := e.in.ReadByte(); err != io.EOF {
		return errors.New("something follows its end")
	}
	return io.EOF
}

func (e *exportReader) number() (uint64, error) {
	n, err := binary.ReadUvarint(e.in)
	if err == nil {
		e.sum.Write(binary.AppendUvarint(nil, n))
	}
	return n, err
}

// text takes memory as it is read, so that a wrong length costs none.
func (e *exportReader) text() ([]byte, error) {
	n, err := e.number()
	if err != nil {
		return nil, err
	}
	if n > exportLimit {
		return nil, fmt.Errorf("a text of %d bytes", n)
	}
	var b bytes.Buffer
	if _, err := io.CopyN(io.MultiWriter(&b, e.sum), e.in, int64(n)); err != nil {
		return nil, noEnd(err)
	}
	return b.Bytes(), nil
}
