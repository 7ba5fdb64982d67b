package embedded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/embedded/blocks"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

const (
	// keepEvery is how often the disk is tried and the ledger written.
	keepEvery = time.Second
	// keepTimeout bounds what the server is asked then.
	keepTimeout = 2 * time.Second
	// leastFree is the space on the disk below which a consumer is not ready, in bytes.
	leastFree = 1 << 20
	// probeBytes have to fit before a server whose writes failed is started again.
	probeBytes = 1 << 20
)

// writable tells why files in a folder, and those in it already, cannot be written.
func writable(dir string) error {
	f, err := os.CreateTemp(dir, ".writable.*")
	if err != nil {
		return err
	}
	if err := errors.Join(f.Close(), os.Remove(f.Name())); err != nil {
		return err
	}
	return filepath.WalkDir(filepath.Join(dir, "jetstream"), func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist) && path == filepath.Join(dir, "jetstream"):
			return nil
		case err != nil || !d.Type().IsRegular():
			return err
		}
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return f.Close()
	})
}

// warnShared says when others than its owner can get into a data folder: what is in it is patient
// data, the site key and a password for everything.
func warnShared(o Options) {
	info, err := os.Stat(o.Dir)
	if err != nil || runtime.GOOS == "windows" {
		return
	}
	mode := info.Mode().Perm()
	does := "can be read by others"
	switch {
	case mode&0o022 != 0:
		does = "can be changed by others"
	case mode&0o077 == 0:
		return
	}
	o.Log.Warn().Str("data", o.Dir).Str("mode", fmt.Sprintf("%04o", mode)).
		Msg("the data folder " + does + ": it holds patient data and the site key; chmod 700 it")
}

// keep watches over the disk until ctx ends. A server whose write failed stores nothing more, even
// when there is space again, and tells its clients nothing: it is started again, in this process,
// when writing works.
func (e *Embedded) keep(ctx context.Context) {
	defer close(e.kept)
	t := time.NewTicker(keepEvery)
	defer t.Stop()
	for failing := false; ; {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		err := e.tryDisk(ctx, failing)
		switch {
		case err != nil && !failing:
			e.options.Log.Error().Err(
				err,
			).Str(
				"data",
				e.options.Dir,
			).Msg(
				"cannot write to the disk; waiting until that works again",
			)
		case err == nil && failing:
			if err = e.reopen(ctx); err != nil {
				e.options.Log.Error().Err(err).Msg("cannot restart the embedded server yet")
			}
		}
		failing = err != nil
		e.tell(!failing, false)
	}
}

// errDiskFailed: a write of the server failed.
var errDiskFailed = errors.New("a write of the embedded server failed")

// tryDisk writes the ledger, and tells why the disk cannot be relied on. After a failure more has
// to fit, so that it does not go to and fro.
func (e *Embedded) tryDisk(ctx context.Context, failing bool) error {
	if !failing && e.log.diskFailed() {
		return errDiskFailed
	}
	least := uint64(leastFree)
	if failing {
		least += 2 * probeBytes
	}
	if free, err := freeBytes(e.options.Dir); err == nil && free < least {
		return fmt.Errorf("%d bytes are free, %d are needed", free, least)
	}
	if failing {
		return probe(e.options.Dir)
	}
	if err := e.note(ctx); err != nil && ctx.Err() == nil {
		e.options.Log.Debug().Err(err).Msg("ledger not brought up to date")
	}
	return e.writeLedger()
}

// writeLedger writes it, with the links to what it lists there before and what it does not list gone
// after.
func (e *Embedded) writeLedger() error {
	dir := e.options.Dir
	if err := e.ledger.keepBlocks(dir); err != nil {
		e.options.Log.Debug().Err(err).Msg("blocks cannot be linked")
	}
	if err := e.ledger.write(dir); err != nil {
		return err
	}
	if err := e.ledger.dropBlocks(dir); err != nil {
		e.options.Log.Debug().Err(err).Msg("links to blocks are left")
	}
	return nil
}

// probe writes for real, as much as a commit may need.
func probe(dir string) error {
	path := filepath.Join(dir, "probe")
	defer os.Remove(path)
	return WriteFile(path, make([]byte, probeBytes))
}

// note brings the ledger to what the server has.
func (e *Embedded) note(ctx context.Context) error {
	return e.ask(
		ctx,
		func(ctx context.Context, js jetstream.JetStream) error { return e.ledger.note(ctx, e.options.Dir, js) },
	)
}

// ask lets do talk to the server for a moment.
func (e *Embedded) ask(ctx context.Context, do func(context.Context, jetstream.JetStream) error) error {
	js, err := e.jetStream()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, keepTimeout)
	defer cancel()
	return do(ctx, js)
}

// jetStream is that of the server's own connection, which stays as long as the server does: it is
// used every second.
func (e *Embedded) jetStream() (jetstream.JetStream, error) {
	if e.own == nil || e.own.IsClosed() {
		nc, err := e.Connect(nats.NoReconnect())
		if err != nil {
			return nil, err
		}
		e.own = nc
	}
	return jet.New(e.own, e.Domain(), jetstream.WithDefaultTimeout(keepTimeout))
}

// hangUp ends the server's own connection.
func (e *Embedded) hangUp() {
	if e.own != nil {
		e.own.Close()
		e.own = nil
	}
}

// reopen starts the server again after the disk had failed it.
func (e *Embedded) reopen(ctx context.Context) error {
	if !e.log.diskFailed() && e.Current() != nil && e.Current().JetStreamEnabled() {
		return nil // it never tried to write meanwhile
	}
	e.tell(false, true)
	e.Starts.Add(1) // before a session may find the server as it was left
	e.down()
	// The copy of the flags does not sync what it writes, and does not notice what it lost: it is
	// copied again.
	if err := os.RemoveAll(blocks.StreamDir(e.options.Dir, layout.StreamFlags)); err != nil {
		return err
	}
	if err := e.open(ctx); err != nil {
		return err
	}
	e.options.Log.Info().Msg("the disk takes writes again; embedded server restarted")
	return nil
}

// close stops the server and notes what is in its store then.
func (e *Embedded) close() error {
	err := e.note(context.Background())
	e.down()
	if err != nil || e.log.diskFailed() {
		return nil // the last ledger stays, as after a crash
	}
	if e.ledger.Files, err = sizes(e.options.Dir); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	if err := e.ledger.write(e.options.Dir); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	if err := os.RemoveAll(filepath.Join(e.options.Dir, keptName)); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	return nil
}

// WatchDisk calls do with whether the disk can be relied on, from now on, and whether the server is
// about to be started again: what a session knows of it ends with that.
func (e *Embedded) WatchDisk(do func(fine, again bool)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.onDisk = do
}

func (e *Embedded) tell(fine, again bool) {
	e.mu.Lock()
	do := e.onDisk
	e.mu.Unlock()
	if do != nil {
		do(fine, again)
	}
}
