package embedded

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/rlsguard/rlsguard/consumers/parallel"
)

// damage is what is wrong with the store of a stream.
type damage struct {
	stream string
	file   string // "" when it is none in particular
	why    string
}

func (d damage) String() string {
	if d.file == "" {
		return "stream " + d.stream + ": " + d.why
	}
	return d.file + ": " + d.why
}

// Layout of a block file of nats-server: records of length (with a bit for headers), sequence,
// time, length of the subject, then subject, headers, payload, and a checksum over all but the
// lengths.
const (
	recordHeader = 22
	recordSum    = 8
	headersBit   = 1 << 31
	deletedBits  = 3 << 62 // of a sequence whose message was deleted
)

// scrub reads every record of every stream in a data folder and checks it. The server itself goes
// on without what it cannot read, and answers that it is not there; states that are missing without
// a word would be flags that never come. A record that is cut short at the very end, after all that
// the ledger knows of, is what a crash leaves of a message that was never acknowledged, and no
// damage. It also tells which sequence each stream reaches.
func scrub(ctx context.Context, dir string, l *ledger) ([]damage, map[string]uint64, error) {
	files, err := filepath.Glob(filepath.Join(accountDir(dir, "*"), "*", "msgs", "*.blk"))
	if err != nil {
		return nil, nil, err
	}
	ends := map[string]uint64{}
	last := map[string]int{}
	for _, f := range files {
		stream, n := blockOf(f)
		last[stream] = max(last[stream], n)
	}
	blocks := make([]scrubbed, len(files))
	parallel.Do(len(files), func(i int) {
		if ctx.Err() == nil {
			blocks[i] = scrubFile(files[i])
		}
	})
	if ctx.Err() != nil {
		return nil, nil, fmt.Errorf("data folder: %w", ctx.Err())
	}
	var found []damage
	for i, b := range blocks {
		if b.err != nil {
			return nil, nil, fmt.Errorf("data folder: %w", b.err)
		}
		stream, n := blockOf(files[i])
		ends[stream] = max(ends[stream], b.reached)
		if b.at < 0 || b.torn && n == last[stream] && b.reached >= l.Streams[stream].Last {
			continue
		}
		found = append(
			found,
			damage{stream, files[i], fmt.Sprintf("the record at byte %d of %d cannot be read", b.at, b.size)},
		)
	}
	return found, ends, nil
}

// scrubbed is what is known of a block file.
type scrubbed struct {
	size    int
	at      int    // where the first bad record begins; -1 when there is none
	reached uint64 // the last sequence before it
	torn    bool   // it may be a write that was cut short
	err     error
}

// scrubBuffers are as large as the blocks of the server: a new one for each would cost more than
// the reading.
var scrubBuffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func scrubFile(path string) (s scrubbed) {
	f, err := os.Open(path)
	if err != nil {
		return scrubbed{err: err}
	}
	defer f.Close()
	buf := scrubBuffers.Get().(*bytes.Buffer)
	defer scrubBuffers.Put(buf)
	buf.Reset()
	if _, err := buf.ReadFrom(f); err != nil {
		return scrubbed{err: err}
	}
	stream, n := blockOf(path)
	s.size = buf.Len()
	s.at, s.reached, s.torn = scrubBlock(buf.Bytes(), stream, n)
	return s
}

// blockOf is the stream and the number of a block file.
func blockOf(path string) (string, int) {
	n, err := strconv.Atoi(strings.TrimSuffix(filepath.Base(path), ".blk"))
	if err != nil {
		n = -1
	}
	return filepath.Base(filepath.Dir(filepath.Dir(path))), n
}

// scrubBlock returns where the first bad record begins, -1 when there is none, the last sequence
// before it, and whether it may be a write that was cut short.
func scrubBlock(data []byte, stream string, n int) (at int, reached uint64, torn bool) {
	h, err := recordHash(stream, n)
	if err != nil {
		return 0, 0, false
	}
	for at < len(data) {
		size := sound(data[at:], h)
		if size == 0 {
			return at, reached, cutShort(data[at:])
		}
		reached = max(reached, binary.LittleEndian.Uint64(data[at+4:])&^deletedBits)
		at += size
	}
	return -1, reached, false
}

// sound is the size of the record that data begins with; 0 when it is no sound one.
func sound(data []byte, h hash.Hash) int {
	if len(data) < recordHeader+recordSum {
		return 0
	}
	length, subject := binary.LittleEndian.Uint32(data), int(binary.LittleEndian.Uint16(data[20:]))
	size, from := int(length&^headersBit), recordHeader+subject
	if length&headersBit != 0 {
		from += 4 // the length of the headers is not part of the sum
	}
	if size > len(data) || from > size-recordSum {
		return 0
	}
	h.Reset()
	h.Write(data[4:20])
	h.Write(data[recordHeader : recordHeader+subject])
	h.Write(data[from : size-recordSum])
	var sum [recordSum]byte
	if !bytes.Equal(h.Sum(sum[:0]), data[size-recordSum:size]) {
		return 0
	}
	return size
}

// cutShort tells whether rest may be a record that was not written to its end: it reaches beyond
// the file, or is blank.
func cutShort(rest []byte) bool {
	if len(rest) < recordHeader+recordSum || !slices.ContainsFunc(rest, func(b byte) bool { return b != 0 }) {
		return true
	}
	return int(binary.LittleEndian.Uint32(rest)&^headersBit) > len(rest)
}

// sizes are those of the files that hold streams, by path below the data folder. They do not change
// while nothing runs.
func sizes(dir string) (map[string]int64, error) {
	all := map[string]int64{}
	accounts := filepath.Join(dir, "jetstream", "jetstream")
	err := filepath.WalkDir(accounts, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".blk" && !isStreamMeta(path) {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		all[name] = info.Size()
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return all, err
}

func isStreamMeta(path string) bool {
	return filepath.Base(path) == "meta.inf" && filepath.Base(filepath.Dir(filepath.Dir(path))) == "streams"
}
