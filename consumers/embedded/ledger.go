package embedded

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/embedded/blocks"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// ledger is what an embedded server is known to have stored, kept beside its store: without it
// nobody could tell a store that lost something from one that never had it.
type ledger struct {
	Streams map[string]streamMark `json:"streams"`
	// Decided is the inbound sequence up to which everything was decided, and what that changed was
	// stored.
	Decided uint64 `json:"decided"`
	// Blocks are the numbers of the block files of each stream while it runs.
	Blocks map[string][]int `json:"blocks,omitempty"`
	// Files are the sizes of the store's files after a clean stop; nil while it runs.
	Files map[string]int64 `json:"files,omitempty"`
}

// streamMark is how far a stream was that syncs every write.
type streamMark struct {
	Created time.Time `json:"created"`
	First   uint64    `json:"first"`
	Last    uint64    `json:"last"`
	Deleted int       `json:"deleted,omitempty"`
}

// LedgerName is the ledger's file in the data folder.
const LedgerName = "ledger.json"

func readLedger(dir string) (*ledger, error) {
	path := filepath.Join(dir, LedgerName)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &ledger{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	l := &ledger{}
	if err := json.Unmarshal(b, l); err != nil {
		return nil, fmt.Errorf("%w: %s: %w; start once with --repair to go on without it", ErrDamaged, path, err)
	}
	return l, nil
}

func (l *ledger) write(dir string) error {
	b, err := json.Marshal(l)
	if err != nil {
		return err
	}
	return WriteFile(filepath.Join(dir, LedgerName), append(b, '\n'))
}

// decidedAll tells whether every input that was stored had been decided, and what it changed was
// stored.
func (l *ledger) decidedAll() bool {
	m, ok := l.Streams[layout.StreamFHIR]
	return ok && l.Decided >= m.Last
}

// whole tells whether the inbound stream held everything that was ever published.
func (l *ledger) whole() bool {
	m, ok := l.Streams[layout.StreamFHIR]
	return ok && m.First <= 1 && m.Deleted == 0
}

// note brings l to what the server has now. Decided is read first, so that it never runs ahead of
// what the streams hold.
func (l *ledger) note(ctx context.Context, dir string, js jetstream.JetStream) error {
	decided := uint64(0)
	cons, err := js.Consumer(ctx, layout.StreamFHIR, layout.Durable)
	switch {
	case err == nil:
		decided = cons.CachedInfo().AckFloor.Stream
	case !errors.Is(err, jetstream.ErrConsumerNotFound) && !errors.Is(err, jetstream.ErrStreamNotFound):
		return err
	}
	marks, err := marksOf(ctx, js)
	if err != nil {
		return err
	}
	blocks, err := blocksOf(dir, marks)
	if err != nil {
		return err
	}
	l.Streams, l.Decided, l.Blocks = marks, decided, blocks
	return nil
}

func marksOf(ctx context.Context, js jetstream.JetStream) (map[string]streamMark, error) {
	marks := map[string]streamMark{}
	streams, err := jet.Streams(ctx, js)
	for _, info := range streams {
		if info.Config.Storage == jetstream.MemoryStorage || info.Config.PersistMode == jetstream.AsyncPersistMode {
			continue // they may lose their end, and whoever made them knows it
		}
		marks[info.Config.Name] = streamMark{
			Created: info.Created,
			First:   info.State.FirstSeq,
			Last:    info.State.LastSeq,
			Deleted: info.State.NumDeleted,
		}
	}
	return marks, err
}

// missing compares the files of a store that was stopped cleanly with those that are there.
func (l *ledger) missing(dir string) ([]damage, error) {
	if l.Files == nil {
		return nil, nil
	}
	now, err := sizes(dir)
	if err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	var found []damage
	for _, name := range slices.Sorted(maps.Keys(l.Files)) {
		at := moved(dir, name)
		d := damage{stream: blocks.StreamOfFile(name), file: filepath.Join(dir, at)}
		switch size, there := now[at]; {
		case at == "": // copied again
			continue
		case !there:
			d.why = "it is gone"
		case size != l.Files[name]:
			d.why = fmt.Sprintf("it has %d bytes, and had %d when the server stopped", size, l.Files[name])
		default:
			continue
		}
		found = append(found, d)
	}
	return found, nil
}

// behind compares what the server has with what it was known to have.
func (l *ledger) behind(now map[string]streamMark) []damage {
	var found []damage
	for _, name := range slices.Sorted(maps.Keys(l.Streams)) {
		was := l.Streams[name]
		switch is, there := now[name]; {
		case !there:
			found = append(found, damage{stream: name, why: "it is gone"})
		case is.Created.Equal(was.Created) && is.Last < was.Last:
			found = append(
				found,
				damage{stream: name, why: fmt.Sprintf("it ends at sequence %d, and reached %d", is.Last, was.Last)},
			)
		case is.Created.Equal(was.Created) && name == layout.StreamFHIR && is.First > max(was.First, l.Decided+1):
			found = append(
				found,
				damage{
					stream: name,
					why: fmt.Sprintf(
						"it begins at sequence %d, and only those up to %d had been decided",
						is.First,
						l.Decided,
					),
				},
			)
		}
	}
	return found
}
