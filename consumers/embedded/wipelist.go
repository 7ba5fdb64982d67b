package embedded

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/minio/highwayhash"
)

// wipesName is the file that lists which records are overwritten. It is written before that, so
// that the next start finishes what a crash cut short, and stays until the server has stopped:
// what a server has in memory may bring a block back as it was, when a single message in it is
// deleted.
const wipesName = "wipes.json"

// wiped is a record of a block file that has to be overwritten. It says nothing of what was in it.
type wiped struct {
	File string `json:"file"` // below the data folder
	At   int64  `json:"at"`   // bytes
	Size uint32 `json:"size"` // bytes
	Seq  uint64 `json:"seq"`
}

type wipeList []wiped

func readWipes(dir string) (wipeList, error) {
	path := filepath.Join(dir, wipesName)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	var l wipeList
	if err := json.Unmarshal(b, &l); err != nil {
		return nil, fmt.Errorf("%w: %s: %w; erase those patients again, then delete this file", ErrDamaged, path, err)
	}
	return l, nil
}

func (l wipeList) with(more []wiped) wipeList {
	known := map[wiped]struct{}{}
	for _, r := range l {
		known[r] = struct{}{}
	}
	for _, r := range more {
		if _, again := known[r]; !again {
			l = append(l, r)
		}
	}
	return l
}

func (l wipeList) write(dir string) error {
	if len(l) == 0 {
		return nil
	}
	b, err := json.Marshal(l)
	if err != nil {
		return err
	}
	if err := WriteFile(filepath.Join(dir, wipesName), append(b, '\n')); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	return nil
}

// overwrite fills the records of the list, where they still stand, as the server does with one that
// it erases, and syncs. It can be repeated.
func (l wipeList) overwrite(dir string) error {
	byFile := map[string][]wiped{}
	for _, r := range l {
		byFile[r.File] = append(byFile[r.File], r)
	}
	for name, records := range byFile {
		if !filepath.IsLocal(filepath.FromSlash(name)) {
			return fmt.Errorf("%w: %s names a file outside", ErrDamaged, filepath.Join(dir, wipesName))
		}
		err := overwriteIn(filepath.Join(dir, filepath.FromSlash(name)), records)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("data folder: %w", err)
		}
	}
	return nil
}

func overwriteIn(path string, records []wiped) (err error) {
	h, err := recordHash(blockOf(path))
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	for _, r := range records {
		var is [recordHeader]byte
		if _, err := f.ReadAt(is[:], r.At); errors.Is(err, io.EOF) {
			continue // the block was written anew, and is shorter
		} else if err != nil {
			return err
		}
		if length := binary.LittleEndian.Uint32(is[:]) &^ headersBit; length != r.Size ||
			binary.LittleEndian.Uint64(is[4:])&^erasedBit != r.Seq || r.Size < recordHeader+recordSum {
			continue // another one stands there now
		}
		if _, err := f.WriteAt(erasedRecord(r, h), r.At); err != nil {
			return err
		}
	}
	return f.Sync()
}

// erasedRecord is what the server puts in the place of a message that it erases: of the same length,
// marked, without subject and time, random.
func erasedRecord(r wiped, h hash.Hash) []byte {
	b := make([]byte, r.Size)
	binary.LittleEndian.PutUint32(b, r.Size)
	binary.LittleEndian.PutUint64(b[4:], r.Seq|erasedBit)
	data := b[recordHeader : len(b)-recordSum]
	rand.Read(data)
	h.Reset()
	h.Write(b[4:20])
	h.Write(data)
	copy(b[len(b)-recordSum:], h.Sum(nil))
	return b
}

// finishWipes overwrites once more what was to be overwritten, while no server runs, and forgets
// it.
func (e *Embedded) finishWipes() error {
	e.wiping.Lock()
	defer e.wiping.Unlock()
	dir := e.options.Dir
	l, err := readWipes(dir)
	if err != nil || l == nil {
		return err
	}
	if err := l.overwrite(dir); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(dir, wipesName)); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	return nil
}

// erasedBit marks the sequence of a record that was overwritten.
const erasedBit = 1 << 63

// recordHash is what the records of a block are summed with.
func recordHash(stream string, n int) (hash.Hash, error) {
	key := sha256.Sum256(fmt.Appendf(nil, "%s-%d", stream, n))
	return highwayhash.NewDigest64(key[:])
}

// recordAt is the sound record that data begins with, without headers and time.
func recordAt(data []byte) record {
	end := recordHeader + int(binary.LittleEndian.Uint16(data[20:]))
	return record{seq: binary.LittleEndian.Uint64(data[4:]), subject: string(data[recordHeader:end])}
}
