package embedded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/rlsguard/rlsguard/consumers/embedded/blocks"
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

// scrub reads every record of every stream in a data folder and checks it. The server itself goes
// on without what it cannot read, and answers that it is not there; states that are missing without
// a word would be flags that never come. A record that is cut short at the very end, after all that
// the ledger knows of, is what a crash leaves of a message that was never acknowledged, and no
// damage. It also tells which sequence each stream reaches.
func scrub(ctx context.Context, dir string, l *ledger) ([]damage, map[string]uint64, error) {
	files, err := filepath.Glob(filepath.Join(blocks.AccountDir(dir, "*"), "*", "msgs", "*.blk"))
	if err != nil {
		return nil, nil, err
	}
	ends := map[string]uint64{}
	last := map[string]int{}
	for _, f := range files {
		stream, n := blocks.Of(f)
		last[stream] = max(last[stream], n)
	}
	seen := make([]blocks.Scrubbed, len(files))
	parallel.Do(len(files), func(i int) {
		if ctx.Err() == nil {
			seen[i] = blocks.Scrub(files[i])
		}
	})
	if ctx.Err() != nil {
		return nil, nil, fmt.Errorf("data folder: %w", ctx.Err())
	}
	var found []damage
	for i, b := range seen {
		if b.Err != nil {
			return nil, nil, fmt.Errorf("data folder: %w", b.Err)
		}
		stream, n := blocks.Of(files[i])
		ends[stream] = max(ends[stream], b.Reached)
		if b.At < 0 || b.Torn && n == last[stream] && b.Reached >= l.Streams[stream].Last {
			continue
		}
		found = append(
			found,
			damage{stream, files[i], fmt.Sprintf("the record at byte %d of %d cannot be read", b.At, b.Size)},
		)
	}
	return found, ends, nil
}

// sizes are those of the files that hold streams, by path below the data folder. They do not change
// while nothing runs.
func sizes(dir string) (map[string]int64, error) {
	all := map[string]int64{}
	accounts := filepath.Join(dir, "jetstream", "jetstream")
	err := filepath.WalkDir(accounts, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".blk" && !blocks.IsStreamMeta(path) {
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
