package embedded

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/rlsguard/rlsguard/consumers/layout"
)

// keptName is a folder with a second link to every block file of RLS that the ledger lists. The
// server removes a block once everything in it was replaced or purged, at any time. After a crash
// the link shows what was in a block that is gone: without it nobody could tell that from a loss.
const keptName = "blocks"

func keptPath(dir string, n int) string {
	return filepath.Join(dir, keptName, fmt.Sprintf("%d.blk", n))
}

// keepBlocks links the blocks of RLS that the ledger lists. Where the disk knows no links there are
// none, and a block that goes in the second of a crash is taken for lost.
func (l *ledger) keepBlocks(dir string) error {
	blocks := l.Blocks[layout.StreamRLS]
	if len(blocks) == 0 {
		return nil
	}
	if err := os.MkdirAll(filepath.Join(dir, keptName), 0o700); err != nil {
		return err
	}
	for _, n := range blocks {
		from, to := filepath.Join(streamDir(dir, layout.StreamRLS), "msgs", fmt.Sprintf("%d.blk", n)), keptPath(dir, n)
		is, err := os.Stat(from)
		if err != nil { // it went meanwhile, or is being rewritten
			continue
		}
		if was, err := os.Stat(to); err == nil && os.SameFile(is, was) {
			continue
		}
		if err := os.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := os.Link(from, to); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// dropBlocks removes the links of blocks that the ledger, as it was written, does not list.
func (l *ledger) dropBlocks(dir string) error {
	listed := map[string]bool{}
	for _, n := range l.Blocks[layout.StreamRLS] {
		listed[filepath.Base(keptPath(dir, n))] = true
	}
	found, err := os.ReadDir(filepath.Join(dir, keptName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, f := range found {
		if !listed[f.Name()] {
			err = errors.Join(err, os.Remove(filepath.Join(dir, keptName, f.Name())))
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// record is a message in a block file.
type record struct {
	subject string
	seq     uint64
	stored  time.Time
	header  string // as it was sent: lines of name and value
}

// emptied tells whether everything that a block of RLS held, which is gone, was replaced since, has
// outlived its time, or is held by RLS_AUDIT.
func emptied(dir string, n int) (bool, error) {
	open := map[string]record{} // the newest under each subject that is not accounted for
	err := eachRecord(keptPath(dir, n), func(r record) {
		timer := strings.HasPrefix(r.subject, layout.SubjectTimer) || strings.HasPrefix(r.subject, layout.SubjectDue)
		// what ends a flag is deleted before its time is over
		ends := strings.HasPrefix(r.subject, layout.SubjectCommitFlags) && r.headerValue(layout.HeaderTTL) != ""
		if !timer && !ends && !r.outlived(time.Now()) {
			open[r.subject] = r
		}
	})
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	for _, stream := range []string{layout.StreamRLS, layout.StreamAudit} {
		files, failed := filepath.Glob(filepath.Join(streamDir(dir, stream), "msgs", "*.blk"))
		err = errors.Join(err, failed)
		for _, f := range files {
			if err != nil || len(open) == 0 {
				break
			}
			err = eachRecord(f, func(r record) {
				if stream == layout.StreamAudit {
					r = r.copied()
				}
				if was, ok := open[r.subject]; ok && r.seq >= was.seq {
					delete(open, r.subject)
				}
			})
		}
	}
	return len(open) == 0, err
}

// headerValue is that of a header; "" when there is none.
func (r *record) headerValue(name string) string {
	for line := range strings.SplitSeq(r.header, "\r\n") {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// outlived tells whether the time that a message was given is over.
func (r *record) outlived(now time.Time) bool {
	ttl, err := strconv.ParseInt(r.headerValue(layout.HeaderTTL), 10, 64)
	return err == nil && now.Sub(r.stored) >= time.Duration(ttl)*time.Second
}

// copied is the message that one of RLS_AUDIT was copied from, as the server noted it: stream,
// sequence, filter, transform, subject.
func (r *record) copied() record {
	fields := strings.Fields(r.headerValue("Nats-Stream-Source"))
	if len(fields) < 5 {
		return record{}
	}
	seq, err := strconv.ParseUint(fields[1], 10, 64)
	if err != nil {
		return record{}
	}
	return record{subject: fields[4], seq: seq}
}

// eachRecord calls do with the messages of a block file, up to the first that cannot be read, but
// for those that were deleted.
func eachRecord(path string, do func(record)) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for len(data) >= recordHeader+recordSum {
		length, end := binary.LittleEndian.Uint32(data), recordHeader+int(binary.LittleEndian.Uint16(data[20:]))
		size := int(length &^ headersBit)
		if size > len(data) || end > size-recordSum {
			return nil
		}
		r := record{subject: string(data[recordHeader:end]), seq: binary.LittleEndian.Uint64(data[4:])}
		r.stored = time.Unix(0, int64(binary.LittleEndian.Uint64(data[12:])))
		if length&headersBit != 0 && end+4 <= size-recordSum {
			n := int(binary.LittleEndian.Uint32(data[end:]))
			r.header = string(data[end+4 : min(end+4+n, size-recordSum)])
		}
		if r.seq&deletedBits == 0 && r.subject != "" {
			do(r)
		}
		data = data[size:]
	}
	return nil
}
