package consumers

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/semaphore"

	"github.com/rlsguard/rlsguard/consumers/commit"
	"github.com/rlsguard/rlsguard/consumers/decided"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// unackedBytes bounds the payloads that were taken and not yet acknowledged.
const unackedBytes = 64 << 20

// unacked are the messages that this process has and has not acknowledged. While it has them it
// says so to the server: the time after which they would go to somebody else is short, so that the
// work of a dead instance is taken over soon.
type unacked struct {
	room *semaphore.Weighted
	mu   sync.Mutex
	msgs map[jetstream.Msg]time.Time
}

func newUnacked() *unacked {
	return &unacked{room: semaphore.NewWeighted(unackedBytes), msgs: map[jetstream.Msg]time.Time{}}
}

func weightOf(m jetstream.Msg) int64 { return min(int64(len(m.Data()))+512, unackedBytes) }

// add waits until there is room for a message.
func (h *unacked) add(ctx context.Context, m jetstream.Msg) error {
	h.mu.Lock()
	h.msgs[m] = time.Now()
	h.mu.Unlock()
	err := h.room.Acquire(ctx, weightOf(m))
	if err != nil {
		h.mu.Lock()
		delete(h.msgs, m)
		h.mu.Unlock()
	}
	return err
}

// drop forgets messages that were answered.
func (h *unacked) drop(batch []commit.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, ev := range batch {
		if _, ok := h.msgs[ev.Msg]; ok {
			delete(h.msgs, ev.Msg)
			h.room.Release(weightOf(ev.Msg))
		}
	}
}

// keepAlive tells the server until ctx ends that what takes its time is being worked on.
func (h *unacked) keepAlive(ctx context.Context) {
	t := time.NewTicker(ackWait / 4)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-t.C:
			for _, m := range h.olderThan(now.Add(-ackWait / 4)) {
				_ = m.InProgress() // what does not arrive lets the message come again, which changes nothing
			}
		}
	}
}

// inputs are the sequences of the inbound messages among them.
func (h *unacked) inputs() decided.Stretches {
	h.mu.Lock()
	defer h.mu.Unlock()
	var seqs []uint64
	for m := range h.msgs {
		if meta, err := m.Metadata(); err == nil && meta.Stream == layout.StreamFHIR {
			seqs = append(seqs, meta.Sequence.Stream)
		}
	}
	slices.Sort(seqs)
	var all decided.Stretches
	for _, seq := range seqs {
		all = all.Add(seq, seq)
	}
	return all
}

func (h *unacked) olderThan(t time.Time) []jetstream.Msg {
	h.mu.Lock()
	defer h.mu.Unlock()
	var old []jetstream.Msg
	for m, since := range h.msgs {
		if since.Before(t) {
			old = append(old, m)
		}
	}
	return old
}
