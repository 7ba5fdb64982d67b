package embedded

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/layout"
)

// deadRecords are the records that are asked for and whose messages are gone, and how many files
// could not be read to their end.
func deadRecords(ctx context.Context, dir string, js jetstream.JetStream, ask *layout.WipeRequest) (
	found []wiped, unread int, err error,
) {
	keys := map[string]struct{}{}
	for _, k := range ask.Keys {
		keys[k] = struct{}{}
	}
	for _, stream := range ask.Streams {
		some, n, err := recordsOf(dir, stream, func(r record) bool { return hasPart(r.subject, keys) })
		if err == nil {
			some, err = left(ctx, js, stream, some)
		}
		if err != nil {
			return nil, 0, err
		}
		found, unread = append(found, some...), unread+n
	}
	for _, stream := range ask.Whole {
		held, err := notHeld(ctx, js, stream)
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			continue
		}
		if err != nil {
			return nil, 0, err
		}
		some, n, err := recordsOf(dir, stream, held)
		if err != nil {
			return nil, 0, err
		}
		found, unread = append(found, some...), unread+n
	}
	return found, unread, nil
}

// recordsOf are the sound records of a stream that one looks for, and how many files could not be
// read to their end.
func recordsOf(dir, stream string, wanted func(record) bool) (found []wiped, unread int, err error) {
	files, err := filepath.Glob(filepath.Join(streamDir(dir, stream), "msgs", "*.blk"))
	if err != nil {
		return nil, 0, err
	}
	for _, path := range files {
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return nil, 0, err
		}
		some, whole, err := recordsIn(path, wanted)
		if errors.Is(err, fs.ErrNotExist) {
			continue // the server removed it meanwhile
		}
		if err != nil {
			return nil, 0, fmt.Errorf("data folder: %w", err)
		}
		if !whole {
			unread++
		}
		for i := range some {
			some[i].File = filepath.ToSlash(name)
		}
		found = append(found, some...)
	}
	return found, unread, nil
}

func recordsIn(path string, wanted func(record) bool) (found []wiped, whole bool, err error) {
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
	h, err := recordHash(blockOf(path))
	if err != nil {
		return nil, false, err
	}
	for data, at := buf.Bytes(), 0; at < len(data); {
		size := sound(data[at:], h)
		if size == 0 {
			return found, cutShort(data[at:]), nil // one that is being written is none of those
		}
		if r := recordAt(data[at:]); r.seq&deletedBits == 0 && wanted(r) {
			found = append(found, wiped{At: int64(at), Size: uint32(size), Seq: r.seq})
		}
		at += size
	}
	return found, true, nil
}

func hasPart(subject string, keys map[string]struct{}) bool {
	for part := range strings.SplitSeq(subject, ".") {
		if _, ok := keys[part]; ok {
			return true
		}
	}
	return false
}

// left are the records of a stream whose messages it does not hold any more.
func left(ctx context.Context, js jetstream.JetStream, stream string, records []wiped) ([]wiped, error) {
	if len(records) == 0 {
		return nil, nil
	}
	s, err := js.Stream(ctx, stream)
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", stream, err)
	}
	var dead []wiped
	for _, r := range records {
		_, err := s.GetMsg(ctx, r.Seq)
		switch {
		case errors.Is(err, jetstream.ErrMsgNotFound):
			dead = append(dead, r)
		case err != nil:
			return nil, fmt.Errorf("stream %s: %w", stream, err)
		}
	}
	return dead, nil
}

// notHeld tells whether a message has left a stream, of which not many have from its middle.
func notHeld(ctx context.Context, js jetstream.JetStream, stream string) (func(record) bool, error) {
	s, err := js.Stream(ctx, stream)
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", stream, err)
	}
	info, err := s.Info(ctx, jetstream.WithDeletedDetails(true))
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", stream, err)
	}
	deleted := make(map[uint64]struct{}, len(info.State.Deleted))
	for _, seq := range info.State.Deleted {
		deleted[seq] = struct{}{}
	}
	return func(r record) bool {
		_, ok := deleted[r.seq]
		return ok || r.seq < info.State.FirstSeq
	}, nil
}
