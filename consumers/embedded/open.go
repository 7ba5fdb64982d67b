package embedded

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/embedded/blocks"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// ErrDamaged: the store of the embedded server lost something that cannot be made again.
var ErrDamaged = errors.New("the data folder is damaged")

// asideName is the folder for copies of damaged streams.
const asideName = "damaged"

// remade are the streams that can be made again while the inbound stream holds everything.
var remade = []string{
	layout.StreamRLS,
	layout.StreamAudit,
	layout.StreamFlags,
	layout.StreamDead,
	layout.StreamRejected,
}

// open starts the server once its store is known to be whole. What is damaged and can be made again
// is put aside, and the inbound stream is read again; else it stays as it is, and the error says
// what to do.
func (e *Embedded) open(ctx context.Context) error {
	dir := e.options.Dir
	err := e.finishWipes()
	if err != nil {
		return err
	}
	if e.ledger, err = readLedger(dir); errors.Is(err, ErrDamaged) && e.options.Repair {
		e.options.Log.Error().Err(err).Msg("damaged")
		e.ledger, err = &ledger{}, nil
	}
	if err != nil {
		return err
	}
	clean := e.ledger.Files != nil
	e.log.crashed = !clean
	if _, err := os.Stat(filepath.Join(dir, LedgerName)); err == nil && !clean && e.Starts.Load() == 0 {
		e.options.Log.Warn().Str("data", dir).Msg("not stopped cleanly the last time: reading everything again")
	}
	found, reached, err := scrub(ctx, dir, e.ledger)
	if err != nil {
		return err
	}
	gone, err := e.ledger.missing(dir)
	if err == nil && !clean {
		gone, err = e.ledger.lost(dir, reached)
	}
	if err != nil {
		return err
	}
	found = append(found, gone...)
	again := len(found) > 0
	if again {
		if err := e.mend(found); err != nil {
			return err
		}
	}
	if err := e.up(ctx); err != nil {
		return err
	}
	err = e.dropUnread(ctx)
	if err == nil {
		err = e.compare(ctx, &again)
	}
	if err != nil {
		e.down()
		return err
	}
	if err := e.resume(ctx, clean, again); err != nil {
		e.down()
		return fmt.Errorf("embedded server: %w", err)
	}
	e.ledger.Files = nil
	return nil
}

// mend puts streams aside whose store is damaged, or refuses.
func (e *Embedded) mend(found []damage) error {
	damaged := map[string]bool{}
	for _, d := range found {
		damaged[d.stream] = true
		e.options.Log.Error().Str("stream", d.stream).Str("file", d.file).Str("why", d.why).Msg("damaged")
	}
	// The audit is made again only together with the states that it tells of.
	if damaged[layout.StreamAudit] && !e.options.Repair {
		damaged[layout.StreamRLS] = true
	}
	switch {
	case e.options.Private:
		return fmt.Errorf(
			"%w: %s. Nothing was changed; rlsguard serve on it mends it or says what to do",
			ErrDamaged,
			found[0],
		)
	case !e.mendable(damaged) && !e.options.Repair:
		return refusal(e.options.Dir, found)
	}
	// a copy of what is not there any more
	damaged[layout.StreamFlags] = damaged[layout.StreamFlags] || damaged[layout.StreamRLS]
	for _, name := range slices.Sorted(maps.Keys(damaged)) {
		// what the server can still read of it stays
		keep := name == layout.StreamFHIR || !slices.Contains(remade, name) || !e.mendable(damaged)
		if err := e.putAside(name, keep); err != nil {
			return fmt.Errorf("data folder: %w", err)
		}
	}
	return nil
}

// mendable tells whether nothing is lost for good: flags are copied again from the states, states
// and dead letters are made again from an inbound stream that is whole, and that one is not needed
// any more once all that was in it has been decided.
func (e *Embedded) mendable(damaged map[string]bool) bool {
	for name := range damaged {
		switch name {
		case layout.StreamFlags:
		case layout.StreamRLS, layout.StreamAudit, layout.StreamDead, layout.StreamRejected:
			if damaged[layout.StreamFHIR] || !e.ledger.whole() {
				return false
			}
		case layout.StreamFHIR:
			if !e.ledger.decidedAll() {
				return false
			}
		default:
			return false
		}
	}
	return true
}

func refusal(dir string, found []damage) error {
	var lines []string
	for _, d := range found {
		lines = append(lines, d.String())
	}
	if len(lines) > 5 {
		lines = append(lines[:5], fmt.Sprintf("%d more", len(lines)-5))
	}
	return fmt.Errorf("%w, and the inbound stream does not hold everything needed to rebuild it: %s. "+
		"Restore a backup of %s, or start once with --repair: it keeps a copy of the damaged "+
		"files, continues with what can still be read, and reads the inbound stream again; "+
		"publish what is lost again", ErrDamaged, strings.Join(lines, "; "), dir)
}

// putAside moves the store of a stream out of the way, or copies it when what is left of it goes on
// being used.
func (e *Embedded) putAside(stream string, keep bool) error {
	from := blocks.StreamDir(e.options.Dir, stream)
	to := filepath.Join(e.options.Dir, asideName, stream+"-"+time.Now().UTC().Format("20060102T150405.000"))
	if _, err := os.Stat(from); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	e.options.Log.Warn().Str("stream", stream).Str("to", to).Msg("a copy of the damaged files is kept")
	if _, err := os.Stat(filepath.Join(from, "meta.inf")); keep && err == nil {
		return os.CopyFS(to, os.DirFS(from))
	}
	return os.Rename(from, to)
}

// compare holds what the server has against the ledger, and mends or refuses what is less.
func (e *Embedded) compare(ctx context.Context, again *bool) error {
	now, err := e.marks(ctx)
	if err != nil {
		return fmt.Errorf("embedded server: %w", err)
	}
	var found []damage
	for _, d := range e.ledger.behind(now) {
		_, aside := now[d.stream]
		if aside || !*again || !slices.Contains(remade, d.stream) { // those that were put aside are missing on purpose
			found = append(found, d)
		}
	}
	if len(found) == 0 {
		return e.refill(ctx, now)
	}
	*again = true
	e.down()
	if err := e.mend(found); err != nil {
		return err
	}
	if err := e.up(ctx); err != nil {
		return err
	}
	if now, err = e.marks(ctx); err != nil {
		return fmt.Errorf("embedded server: %w", err)
	}
	return e.refill(ctx, now)
}

func (e *Embedded) marks(ctx context.Context) (now map[string]streamMark, err error) {
	err = e.ask(ctx, func(ctx context.Context, js jetstream.JetStream) error {
		now, err = marksOf(ctx, js)
		return err
	})
	return now, err
}

// refill brings an inbound stream that lost its end back to the sequence that it had reached: a
// sequence that is used twice would make a new input look older than what is known, and a consumer
// pass it over.
func (e *Embedded) refill(ctx context.Context, now map[string]streamMark) error {
	was, is := e.ledger.Streams[layout.StreamFHIR], now[layout.StreamFHIR]
	if !is.Created.Equal(was.Created) || is.Last >= was.Last {
		return nil
	}
	e.options.Log.Error().Uint64("first", is.Last+1).Uint64("last", was.Last).Uint64("decided", e.ledger.Decided).
		Msg(
			"inputs are missing at the end of the inbound stream; publish those after \"decided\" " +
				"again",
		)
	js, err := e.jetStream()
	if err != nil {
		return err
	}
	stream, err := js.Stream(ctx, layout.StreamFHIR)
	if err != nil {
		return err
	}
	if err := js.DeleteConsumer(ctx, layout.StreamFHIR, layout.Durable); err != nil &&
		!errors.Is(err, jetstream.ErrConsumerNotFound) {
		return err
	}
	for seq := is.Last; seq < was.Last; {
		ack, err := js.PublishMsg(ctx, &nats.Msg{Subject: layout.SubjectInbound + "lost"})
		if err != nil {
			return err
		}
		// A sequence that the server holds for lost stays so, even when it is written anew.
		if err := stream.DeleteMsg(ctx, ack.Sequence); err != nil &&
			!errors.Is(err, jetstream.ErrMsgDeleteUnsuccessful) {
			return err
		}
		seq = ack.Sequence
	}
	return nil
}

// resume says where inputs are taken from: after a repair all of them come again, and after a crash
// those that were decided since the ledger was written, in case the disk lost a little of what they
// changed. They find what is known and change nothing more.
func (e *Embedded) resume(ctx context.Context, clean, again bool) error {
	if clean && !again {
		return nil
	}
	return e.ask(ctx, func(ctx context.Context, js jetstream.JetStream) error {
		if inbound, err := js.Stream(ctx, layout.StreamFHIR); again && err == nil {
			e.Rebuild.Store(inbound.CachedInfo().State.LastSeq)
		}
		cons, err := js.Consumer(ctx, layout.StreamFHIR, layout.Durable)
		if errors.Is(err, jetstream.ErrConsumerNotFound) || errors.Is(err, jetstream.ErrStreamNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		info := cons.CachedInfo()
		if !again && info.AckFloor.Stream <= e.ledger.Decided {
			return nil
		}
		if err := js.DeleteConsumer(ctx, layout.StreamFHIR, layout.Durable); err != nil {
			return err
		}
		cfg := info.Config
		cfg.DeliverPolicy, cfg.OptStartSeq = jetstream.DeliverAllPolicy, 0
		if !again && e.ledger.Decided > 0 {
			cfg.DeliverPolicy, cfg.OptStartSeq = jetstream.DeliverByStartSequencePolicy, e.ledger.Decided+1
		}
		_, err = js.CreateConsumer(ctx, layout.StreamFHIR, cfg)
		return err
	})
}
