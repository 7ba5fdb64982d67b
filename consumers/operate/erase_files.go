package operate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/rlsguard/rlsguard/consumers/layout"
)

// ErasedFiles tells what became of messages that streams did not hold any more when a patient was
// erased, and whose bytes the server leaves in its files: it overwrites only what is deleted.
type ErasedFiles struct {
	Searched bool // by the server inside rlsguard; no other can be asked to
	Records  int  // overwritten
	Unread   int  // files that could not be read to their end
	Aside    bool // the data folder holds copies of damaged streams, which were not searched
}

// How long is waited for the server inside: to say that it is there, and to search its files.
const (
	wipePing    = 2 * time.Second
	wipeTimeout = 10 * time.Minute
	// wipeKeys is how many keys one request names, so that it fits a message of any server.
	wipeKeys = 10000
)

// Streams that replace messages, where those of a patient are told by their subjects; and those
// whose messages go one by one, where nobody misses what is gone.
var (
	replacing = []string{layout.StreamRLS, layout.StreamAudit, layout.StreamFlags}
	expiring  = []string{layout.StreamFHIR, layout.StreamDead, layout.StreamRejected, layout.StreamFeedback}
)

// wipe lets the server inside rlsguard overwrite what stands under keys in the files of streams
// that replace messages, and all that is gone from the others.
func (o *Operator) wipe(ctx context.Context, keys []string) (ErasedFiles, error) {
	var done ErasedFiles
	_, err := o.askWipe(ctx, layout.WipeRequest{}, wipePing)
	if errors.Is(err, nats.ErrNoResponders) || errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return done, nil
	}
	for whole := expiring; err == nil && len(keys) > 0; whole = nil {
		n := min(len(keys), wipeKeys)
		ask := layout.WipeRequest{Streams: replacing, Keys: keys[:n], Whole: whole}
		var told layout.WipeAnswer
		if told, err = o.askWipe(ctx, ask, wipeTimeout); err == nil {
			done.Searched = true
			done.Records += told.Records
			done.Unread, done.Aside = max(done.Unread, told.Unread), told.Aside
			keys = keys[n:]
		}
	}
	if err != nil {
		err = fmt.Errorf("overwriting what was replaced: %w; erase again", err)
	}
	return done, err
}

func (o *Operator) askWipe(ctx context.Context, ask layout.WipeRequest, wait time.Duration) (layout.WipeAnswer, error) {
	var told layout.WipeAnswer
	data, err := json.Marshal(ask)
	if err != nil {
		return told, err
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	m, err := o.nc.RequestWithContext(ctx, layout.SubjectWipe, data)
	if err != nil {
		return told, err
	}
	if err := json.Unmarshal(m.Data, &told); err != nil {
		return told, err
	}
	if told.Error != "" {
		return told, errors.New(told.Error)
	}
	return told, nil
}
