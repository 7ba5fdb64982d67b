package embedded

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/rlsguard/rlsguard/consumers/embedded/blocks"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// blocksOf are the numbers of the block files of every stream that syncs what it writes, in order.
func blocksOf(dir string, marks map[string]streamMark) (map[string][]int, error) {
	all := map[string][]int{}
	for stream := range marks {
		files, err := filepath.Glob(filepath.Join(blocks.StreamDir(dir, stream), "msgs", "*.blk"))
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			_, n := blocks.Of(f)
			all[stream] = append(all[stream], n)
		}
		slices.Sort(all[stream])
	}
	return all, nil
}

// lost are the block files that were there when the ledger was written, and the ends of streams,
// that are missing on disk after a crash. The server notices neither while it has an index that is
// older than the loss. It does remove a block itself once nothing in it counts any more; see
// keptName.
func (l *ledger) lost(dir string, reached map[string]uint64) ([]damage, error) {
	now, err := blocksOf(dir, l.Streams)
	if err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	var found []damage
	for _, stream := range slices.Sorted(maps.Keys(l.Streams)) {
		was := l.Streams[stream]
		if !blocks.CreatedOf(dir, stream).Equal(was.Created) {
			continue // gone, or made anew since: the server is asked
		}
		folder := filepath.Join(blocks.StreamDir(dir, stream), "msgs")
		missing := false
		for _, n := range l.Blocks[stream] {
			if slices.Contains(now[stream], n) || l.outlived(stream, n, now[stream]) {
				continue
			}
			fine := false
			if stream == layout.StreamRLS {
				if fine, err = emptied(dir, n); err != nil {
					return nil, fmt.Errorf("data folder: %w", err)
				}
			}
			if !fine {
				missing = true
				found = append(found, damage{stream, filepath.Join(folder, fmt.Sprintf("%d.blk", n)), "it is gone"})
			}
		}
		if !missing && reached[stream] < was.Last {
			last := folder
			if n := now[stream]; len(n) > 0 {
				last = filepath.Join(folder, fmt.Sprintf("%d.blk", n[len(n)-1]))
			}
			found = append(
				found,
				damage{stream, last, fmt.Sprintf("it ends at sequence %d, and reached %d", reached[stream], was.Last)},
			)
		}
	}
	return found, nil
}

// outlived tells whether the server may have removed a block that was the first one, as limits of
// the inbound stream and the age of the audit make it do. Whether what was in it had been decided is looked at when the
// server runs.
func (l *ledger) outlived(stream string, n int, now []int) bool {
	ages := stream == layout.StreamFHIR || stream == layout.StreamAudit
	return ages && !slices.ContainsFunc(now, func(other int) bool { return other < n }) &&
		len(now) > 0
}
