package embedded

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/embedded/blocks"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// The server leaves the bytes of a message in a block file after the message was replaced, purged
// or has expired, until less than half of the block is live; of the block that it writes to,
// always. Only the deletion of a single live message overwrites. So what is left of an erased
// patient is overwritten here, beside the running server: it never reads such a record again, it
// only appends to the file or puts a new one in its place.

const (
	wipeTimeout = 10 * time.Minute
	// wipeRounds is how often a store is searched for what is left: the server may replace a block
	// while it is written to.
	wipeRounds = 5
	// ledgerTurns is how often the ledger is written while it is waited for.
	ledgerTurns = 5
)

// answerWipes overwrites what it is asked to, until endWipes.
func (e *Embedded) answerWipes() error {
	nc, err := e.Connect(nats.MaxReconnects(-1), nats.RetryOnFailedConnect(true))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	js, err := jetstream.New(nc)
	if err == nil {
		_, err = nc.Subscribe(layout.SubjectWipe, func(m *nats.Msg) { _ = m.Respond(e.answerWipe(ctx, js, m.Data)) })
	}
	if err == nil {
		err = nc.Flush()
	}
	if err != nil {
		cancel()
		nc.Close()
		return err
	}
	e.endWipes = func() {
		cancel()
		nc.Close()
	}
	return nil
}

func (e *Embedded) answerWipe(ctx context.Context, js jetstream.JetStream, data []byte) []byte {
	var ask layout.WipeRequest
	var told layout.WipeAnswer
	ctx, cancel := context.WithTimeout(ctx, wipeTimeout)
	defer cancel()
	err := json.Unmarshal(data, &ask)
	if err == nil && len(ask.Keys) > 0 {
		told, err = e.wipe(ctx, js, &ask)
	}
	if err != nil {
		told.Error = err.Error()
	}
	answer, err := json.Marshal(told)
	if err != nil {
		return nil
	}
	return answer
}

// wipe overwrites the records of messages that are gone, and returns once none is left and the
// ledger knows which block files there are.
func (e *Embedded) wipe(ctx context.Context, js jetstream.JetStream, ask *layout.WipeRequest) (
	told layout.WipeAnswer, err error,
) {
	e.wiping.Lock()
	defer e.wiping.Unlock()
	dir := e.options.Dir
	told.Aside = blocks.IsThere(filepath.Join(dir, asideName))
	list, err := readWipes(dir)
	if err != nil {
		return told, err
	}
	for range wipeRounds {
		found, unread, err := deadRecords(ctx, dir, js, ask)
		if err != nil {
			return told, err
		}
		told.Records, told.Unread = told.Records+len(found), unread
		list = list.with(found)
		if err := list.write(dir); err != nil {
			return told, err
		}
		if err := list.overwrite(dir); err != nil {
			return told, err
		}
		if len(found) == 0 {
			return told, e.ledgerKnows(ctx)
		}
	}
	return told, errors.New("the server is still writing blocks: try again")
}

// ledgerKnows waits until the ledger has been written: no block file is missing that it names, and
// no link is left to one as it was. A deletion puts a new file in the place of a block, or empties
// it, and after a crash that one would be taken for lost.
func (e *Embedded) ledgerKnows(ctx context.Context) error {
	for range 10 * ledgerTurns {
		behind, err := e.ledgerBehind()
		if err != nil || !behind {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(keepEvery / 10):
		}
	}
	return errors.New("cannot write to the data folder")
}

func (e *Embedded) ledgerBehind() (bool, error) {
	dir := e.options.Dir
	l, err := readLedger(dir)
	if err != nil {
		return false, err
	}
	now, err := blocksOf(dir, l.Streams)
	if err != nil {
		return false, fmt.Errorf("data folder: %w", err)
	}
	for stream, blocks := range l.Blocks {
		for _, n := range blocks {
			if !slices.Contains(now[stream], n) {
				return true, nil
			}
		}
	}
	links, err := filepath.Glob(filepath.Join(dir, keptName, "*.blk"))
	if err != nil {
		return false, err
	}
	for _, link := range links {
		was, err := os.Stat(link)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		is, failed := os.Stat(filepath.Join(blocks.StreamDir(dir, layout.StreamRLS), "msgs", filepath.Base(link)))
		if err != nil || failed != nil || !os.SameFile(is, was) {
			return true, nil
		}
	}
	return false, nil
}
