package embedded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/embedded/blocks"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// deadRecords are the records that are asked for and whose messages are gone, and how many files
// could not be read to their end.
func deadRecords(ctx context.Context, dir string, js jetstream.JetStream, ask *layout.WipeRequest) (
	found []blocks.Place, unread int, err error,
) {
	keys := map[string]struct{}{}
	for _, k := range ask.Keys {
		keys[k] = struct{}{}
	}
	for _, stream := range ask.Streams {
		some, n, err := recordsOf(dir, stream, func(r blocks.Record) bool { return hasPart(r.Subject, keys) })
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
func recordsOf(dir, stream string, wanted func(blocks.Record) bool) (found []blocks.Place, unread int, err error) {
	files, err := filepath.Glob(filepath.Join(blocks.StreamDir(dir, stream), "msgs", "*.blk"))
	if err != nil {
		return nil, 0, err
	}
	for _, path := range files {
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return nil, 0, err
		}
		some, whole, err := blocks.RecordsIn(path, wanted)
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

func hasPart(subject string, keys map[string]struct{}) bool {
	for part := range strings.SplitSeq(subject, ".") {
		if _, ok := keys[part]; ok {
			return true
		}
	}
	return false
}

// left are the records of a stream whose messages it does not hold any more.
func left(ctx context.Context, js jetstream.JetStream, stream string, records []blocks.Place) ([]blocks.Place, error) {
	if len(records) == 0 {
		return nil, nil
	}
	s, err := js.Stream(ctx, stream)
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", stream, err)
	}
	var dead []blocks.Place
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
func notHeld(ctx context.Context, js jetstream.JetStream, stream string) (func(blocks.Record) bool, error) {
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
	return func(r blocks.Record) bool {
		_, ok := deleted[r.Seq]
		return ok || r.Seq < info.State.FirstSeq
	}, nil
}
