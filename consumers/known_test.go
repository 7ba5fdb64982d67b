package consumers

import (
	"errors"
	"testing"

	"github.com/rlsguard/rlsguard/consumers/commit"
	"github.com/rlsguard/rlsguard/consumers/fold"
)

// Who reads beside the consumer sees what was committed, and nothing before the states are read or
// after the consumer has ended.
func TestKnown(t *testing.T) {
	b := newBench(t)
	cfg := b.config()
	cfg.Known = commit.NewKnown()
	if err := cfg.Known.Read(func(fold.View) error { t.Error("read before the states are"); return nil }); !errors.Is(
		err,
		commit.ErrNotReady,
	) {
		t.Errorf("error %v before the states are read", err)
	}
	stop := b.serve(cfg)
	<-cfg.Known.Filled()
	mine := errors.New("mine")
	if err := cfg.Known.Read(func(fold.View) error { return mine }); !errors.Is(err, mine) {
		t.Errorf("error %v instead of the reader's", err)
	}
	stop()
	if err := cfg.Known.Read(func(fold.View) error { return nil }); !errors.Is(err, commit.ErrNotReady) {
		t.Errorf("error %v after the end", err)
	}
}
