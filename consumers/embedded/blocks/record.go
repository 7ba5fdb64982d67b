package blocks

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/minio/highwayhash"

	"github.com/rlsguard/rlsguard/consumers/layout"
)

// Record is a message in a block file.
type Record struct {
	Subject string
	Seq     uint64
	stored  time.Time
	header  string // as it was sent: lines of name and value
}

// headerValue is that of a header; "" when there is none.
func (r *Record) headerValue(name string) string {
	for line := range strings.SplitSeq(r.header, "\r\n") {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// Outlived tells whether the time that a message was given is over.
func (r *Record) Outlived(now time.Time) bool {
	ttl, err := strconv.ParseInt(r.headerValue(layout.HeaderTTL), 10, 64)
	return err == nil && now.Sub(r.stored) >= time.Duration(ttl)*time.Second
}

// Copied is the message that one of RLS_AUDIT was copied from, as the server noted it: stream,
// sequence, filter, transform, subject.
func (r *Record) Copied() Record {
	fields := strings.Fields(r.headerValue("Nats-Stream-Source"))
	if len(fields) < 5 {
		return Record{}
	}
	seq, err := strconv.ParseUint(fields[1], 10, 64)
	if err != nil {
		return Record{}
	}
	return Record{Subject: fields[4], Seq: seq}
}

// Each calls do with the messages of a block file, up to the first that cannot be read, but for
// those that were erased. One that was deleted is there until the server compacts the block.
func Each(path string, do func(Record)) error {
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
		r := Record{Subject: string(data[recordHeader:end]), Seq: binary.LittleEndian.Uint64(data[4:])}
		r.stored = time.Unix(0, int64(binary.LittleEndian.Uint64(data[12:])))
		if length&headersBit != 0 && end+4 <= size-recordSum {
			n := int(binary.LittleEndian.Uint32(data[end:]))
			r.header = string(data[end+4 : min(end+4+n, size-recordSum)])
		}
		if r.Seq&deletedBits == 0 && r.Subject != "" {
			do(r)
		}
		data = data[size:]
	}
	return nil
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

func RecordsIn(path string, wanted func(Record) bool) (found []Place, whole bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, false, err
	}
	defer f.Close()
	buf := scrubBuffers.Get().(*bytes.Buffer)
	defer scrubBuffers.Put(buf)
	buf.Reset()
	if _, err := buf.ReadFrom(f); err != nil {
		return nil, false, err
	}
	h, err := RecordHash(Of(path))
	if err != nil {
		return nil, false, err
	}
	for data, at := buf.Bytes(), 0; at < len(data); {
		size := sound(data[at:], h)
		if size == 0 {
			return found, cutShort(data[at:]), nil // one that is being written is none of those
		}
		if r := recordAt(data[at:]); r.Seq&deletedBits == 0 && wanted(r) {
			found = append(found, Place{At: int64(at), Size: uint32(size), Seq: r.Seq})
		}
		at += size
	}
	return found, true, nil
}

// RecordHash is what the records of a block are summed with.
func RecordHash(stream string, n int) (hash.Hash, error) {
	key := sha256.Sum256(fmt.Appendf(nil, "%s-%d", stream, n))
	return highwayhash.NewDigest64(key[:])
}

// recordAt is the sound record that data begins with, without headers and time.
func recordAt(data []byte) Record {
	end := recordHeader + int(binary.LittleEndian.Uint16(data[20:]))
	return Record{Seq: binary.LittleEndian.Uint64(data[4:]), Subject: string(data[recordHeader:end])}
}
