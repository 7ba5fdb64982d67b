package embedded

import (
	"fmt"
	"path/filepath"

	"github.com/rlsguard/rlsguard/consumers/embedded/blocks"
)

// usedName is a file in a data folder that has held a store. It says so to whoever looks, and keeps
// a folder whose store is gone from looking like one that never had any.
const usedName = "used"

const usedText = "rlsguard serve has kept its store in this folder, and does not start here without it.\n"

// markUsed notes that the folder holds a store. Its ledger is there before.
func markUsed(dir string) error {
	if blocks.IsThere(filepath.Join(dir, usedName)) {
		return nil
	}
	if err := WriteFile(filepath.Join(dir, usedName), []byte(usedText)); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	return nil
}

// checkUsed refuses a folder that was used and has lost what was known of its store. With a ledger
// the store is held against that.
func checkUsed(o *Options) error {
	ledger, store := filepath.Join(o.Dir, LedgerName), filepath.Join(o.Dir, "jetstream")
	used, left := blocks.IsThere(filepath.Join(o.Dir, usedName)) ||
		blocks.IsThere(filepath.Join(o.Dir, passwordName)), hasStreams(o.Dir)
	switch {
	case blocks.IsThere(ledger):
	case !used:
		if !left {
			o.Log.Info().Str(
				"data",
				o.Dir,
			).Msg(
				"new data folder: starting with an empty store",
			)
		}
	case o.Repair, o.Fresh && !left:
		o.Log.Error().Str(
			"data",
			o.Dir,
		).Bool(
			"store",
			left,
		).Msg(
			"continuing with what is left of a used data folder",
		)
	case left:
		return fmt.Errorf(
			"%w: %s is gone, and without it nobody can tell whether the store is whole. Restore a "+
				"backup of %s, or start once with --repair to continue without it",
			ErrDamaged,
			ledger,
			o.Dir,
		)
	default:
		return fmt.Errorf(
			"%w: %s was used before, and its store %s is gone. Restore a backup of %s, import an "+
				"export with rlsguard import, or start empty with rlsguard serve --repair once and "+
				"publish everything again",
			ErrDamaged,
			o.Dir,
			store,
			o.Dir,
		)
	}
	return nil
}
