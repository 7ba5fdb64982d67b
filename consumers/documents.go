package consumers

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Documents reads a file or standard input and yields what goes into one message each, with the line that it begins at: the
// values of NDJSON, else all of it. gzip is unpacked; where that fails the bytes go as they are, so that the consumer says what
// is wrong with them. The rules are those of fhir.Reader.Stream. A value of more than most bytes is an error that names its
// line; the others are still yielded.
func Documents(in io.Reader, name string, most int, yield func(line int, data []byte) error) error {
	r := bufio.NewReaderSize(in, 64<<10)
	if head, _ := r.Peek(2); bytes.Equal(head, []byte{0x1f, 0x8b}) {
		return unpacked(r, name, most, yield)
	}
	return documents(r, name, most, yield)
}

// unpacked reads gzip. All of it is unpacked before anything is yielded, since only the end tells whether it is whole.
func unpacked(r io.Reader, name string, most int, yield func(line int, data []byte) error) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	z, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return yield(1, raw)
	}
	whole := func(line int, data []byte) error { return yield(line, data) }
	if _, err := io.Copy(io.Discard, z); err != nil {
		return yield(1, raw)
	}
	if err := z.Reset(bytes.NewReader(raw)); err != nil {
		return yield(1, raw)
	}
	return documents(bufio.NewReaderSize(z, 64<<10), strings.TrimSuffix(name, ".gz"), most, whole)
}

func documents(r *bufio.Reader, name string, most int, yield func(line int, data []byte) error) error {
	first, more, err := firstLine(r, most)
	if err != nil {
		return err
	}
	lower := strings.ToLower(name)
	ndjson := strings.HasSuffix(lower, ".ndjson") || strings.HasSuffix(lower, ".jsonl") || more && json.Valid(bytes.TrimPrefix(first, []byte("\ufeff")))
	if ndjson {
		return eachLine(first, r, most, yield)
	}
	rest, err := io.ReadAll(io.LimitReader(r, int64(most-min(most, len(first)))+1))
	if err != nil {
		return err
	}
	switch all := append(first, rest...); {
	case len(bytes.TrimSpace(all)) == 0:
		return nil
	case len(all) > most:
		return fmt.Errorf("line 1: more than %d bytes", most)
	default:
		return yield(1, all)
	}
}

// firstLine reads up to the end of the first line that is not blank; more tells that something follows it.
func firstLine(r *bufio.Reader, most int) (line []byte, more bool, err error) {
	for len(bytes.TrimSpace(line)) == 0 {
		part, err := readLine(r, most)
		line = append(line, part...)
		if errors.Is(err, io.EOF) || len(line) > most {
			return line, false, nil
		}
		if err != nil {
			return nil, false, err
		}
	}
	_, err = r.Peek(1)
	return line, err == nil, nil
}

// readLine reads a line with its end, but not more than a little above most bytes of it.
func readLine(r *bufio.Reader, most int) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		if !errors.Is(err, bufio.ErrBufferFull) || len(line) > most {
			if errors.Is(err, bufio.ErrBufferFull) {
				err = nil
			}
			return line, err
		}
	}
}

func eachLine(first []byte, r *bufio.Reader, most int, yield func(line int, data []byte) error) error {
	var bad []error
	line, n := first, 1+bytes.Count(bytes.TrimRight(first, "\n"), []byte("\n"))
	for {
		var err error
		switch value := bytes.TrimSpace(line); {
		case len(line) > most:
			bad = append(bad, fmt.Errorf("line %d: more than %d bytes", n, most))
			err = skipLine(line, r)
		case len(value) > 0:
			if err := yield(n, value); err != nil {
				return errors.Join(append(bad, err)...)
			}
		}
		if err == nil {
			line, err = readLine(r, most)
			n++
		}
		if err != nil && (len(line) == 0 || !errors.Is(err, io.EOF)) {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return errors.Join(append(bad, err)...)
		}
	}
}

// skipLine reads away what is left of a line that was begun.
func skipLine(begun []byte, r *bufio.Reader) error {
	for !bytes.HasSuffix(begun, []byte("\n")) {
		part, err := r.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
		begun = part
	}
	return nil
}
