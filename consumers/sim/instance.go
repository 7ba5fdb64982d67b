package sim

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"

	"github.com/rlsguard/rlsguard/consumers/commit"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// errDown ends whatever an instance is doing, as kill -9 would.
var errDown = errors.New("crashed")

// instance is one session of a process. It runs as a coroutine that hands over before and after
// each effect, so that anything may happen between two.
type instance struct {
	w        *world
	process  string // it stays the same when an instance starts over
	name     string
	old      bool // began before the upgrade
	c        *commit.Committer
	known    *commit.Known // what it knows, as others read it
	followed int           // messages of the stream RLS that it has seen
	wake     time.Time
	ready    bool  // it has read what is stored, and nothing of its own is on its way
	idle     bool  // it found nothing to do
	broken   error // what it followed
	whole    bool  // it has read all that was written
	next     func() (struct{}, bool)
	stop     func()
	yield    func(struct{}) bool
}

// start begins a new process.
func (w *world) start() *instance {
	w.starts++
	return w.session(fmt.Sprint("instance-", w.starts), w.before != nil && w.rand.IntN(3) > 0)
}

// startOver begins a new session in the process of one that has ended, or ends here: what it has
// sent may still arrive.
func (w *world) startOver(in *instance) *instance {
	w.startedOver++
	w.tell(in, "starts over", nil)
	in.stop()
	return w.session(in.process, in.old && w.before != nil)
}

// session begins with nothing known.
func (w *world) session(process string, old bool) *instance {
	w.sessions++
	name := fmt.Sprint(process, "/", w.sessions)
	in := &instance{w: w, process: process, name: name, old: old}
	engine := w.engine
	if old {
		engine = w.before
	}
	in.c = commit.New(commit.Options{
		Engine: engine, MaxBatch: w.maxBatch, Store: in, AsOf: w.frozen,
		Now: func() time.Time { return w.server.now }, Sleep: in.sleep, By: name, Health: unheard{},
		Log: zerolog.Nop()})
	in.known = commit.NewKnown()
	in.known.Set(in.c.States())
	in.next, in.stop = iter.Pull(func(yield func(struct{}) bool) {
		defer func() {
			if p := recover(); p != nil && p != errDown {
				panic(p)
			}
		}()
		in.yield = yield
		in.run()
	})
	return in
}

// pause hands over; it does not come back where the process is killed meanwhile.
func (in *instance) pause() {
	if !in.yield(struct{}{}) {
		panic(errDown)
	}
}

func (in *instance) sleep(_ context.Context, d time.Duration) {
	in.wake = in.w.server.now.Add(d)
	in.pause()
}

// run reads the states, heals, and then takes what is delivered, until an error makes it start
// over.
func (in *instance) run() {
	ctx := context.Background()
	in.c.States().Trust(0, uint64(len(in.w.server.log)), nil)
	in.follow(len(in.w.server.log))
	err := in.begin(ctx)
	if err == nil {
		in.pause()
		err = in.applyRules(ctx)
	}
	if err == nil {
		err = in.heal(ctx)
	}
	onItsWay := false
	in.ready = err == nil
	for healed := in.w.server.now; err == nil; {
		if in.ready = !onItsWay; in.ready && in.w.rand.IntN(8) == 0 {
			in.holdsAll()
		}
		deliveries := in.pull()
		idle := len(deliveries) == 0
		if in.idle = idle; idle {
			in.pause()
		} else {
			if onItsWay {
				in.w.overlapped++
			}
			in.ready = false
			err = in.conclude(in.c.Begin(ctx, deliveries))
		}
		// otherwise the next batch is decided over this one
		if onItsWay = !idle && in.w.rand.IntN(3) > 0; err == nil && !onItsWay {
			err = in.conclude(in.c.Finish(ctx))
		}
		if err == nil && in.c.Reaching() && (idle || in.w.rand.IntN(2) == 0) { // they take turns with what comes
			onItsWay, in.idle = false, false
			err = in.conclude(in.c.ReachSome(ctx))
		}
		in.ready = !onItsWay
		err = cmp.Or(err, in.broken)
		if err == nil && (idle || in.w.server.now.Sub(healed) > 3*time.Second) {
			healed = in.w.server.now
			err = in.heal(ctx)
		}
	}
	in.whole = false
	in.w.tell(in, fmt.Sprint("ends: ", err), nil)
}

// applyRules reads the record of the site, and brings the states to this process's rules.
func (in *instance) applyRules(ctx context.Context) error {
	seal, err := commit.ReadSeal(ctx, in, layout.NewSigner(in.w.engine.Key))
	if err != nil {
		return err
	}
	have, err := seal.Record(in.w.engine.Key)
	if err != nil {
		return err
	}
	return in.c.ApplyRules(ctx, have, 0)
}

// begin settles with what was read. Where that lacks something all that was sent comes again.
func (in *instance) begin(ctx context.Context) error {
	w := in.w
	if err := in.c.States().Weigh(); err != nil {
		if w.holder(in) {
			in.sleep(ctx, time.Second) // who holds it stores it again
			return err
		}
		w.tell(in, fmt.Sprint("begins anew: ", err), nil)
		w.server.inbound.again()
		w.rebuilt++
	}
	err := in.c.Settle(ctx)
	if err == nil {
		err = in.replace(ctx)
	}
	in.whole = err == nil
	return err
}

// replace stores again what stands under something foreign.
func (in *instance) replace(ctx context.Context) error {
	if in.w.mutant == neverReplaces {
		return nil
	}
	_, err := in.c.Replace(ctx)
	return err
}

// conclude writes dead letters and acknowledges what was committed, also where what came after it
// failed.
func (in *instance) conclude(decided []commit.Decided, failed error) error {
	for _, d := range decided {
		if d.Events[0].Input != nil {
			in.reject(d.Events, d.Results)
		}
		for _, ev := range d.Events {
			_ = ev.Msg.Ack() // lost, it comes again
		}
	}
	return failed
}

func (in *instance) heal(ctx context.Context) error {
	if in.w.mutant == neverHeals {
		return nil
	}
	if err := in.replace(ctx); err != nil {
		return err
	}
	return in.c.Heal(ctx)
}

// follow takes in up to n messages that the stream has and that this process has not seen. What was
// overwritten is not there any more.
func (in *instance) follow(n int) {
	log := in.w.server.log
	for ; n > 0 && in.followed < len(log); n-- {
		m := &log[in.followed]
		in.followed++
		if in.w.server.last[m.subject] != uint64(in.followed) || in.passesOver(m) {
			continue
		}
		err := in.c.States().Take(m.subject, in.w.read(m.subject, uint64(in.followed)))
		if err != nil && !errors.Is(err, layout.ErrState) {
			panic(err)
		}
		in.broken = cmp.Or(in.broken, err)
	}
}

// pull takes a few messages, in any order.
func (in *instance) pull() []commit.Event {
	w := in.w
	most := 1 + w.rand.IntN(6)
	var got []commit.Event
	for _, q := range []*queue{w.server.inbound, w.server.due} {
		ready := q.ready(w.server.now)
		w.rand.Shuffle(len(ready), func(i, j int) {
			if w.reorder {
				ready[i], ready[j] = ready[j], ready[i]
			}
		})
		for _, i := range ready {
			if len(got) == most {
				break
			}
			got = append(got, in.deliver(q, i))
		}
	}
	return got
}

func (in *instance) deliver(q *queue, i int) commit.Event {
	it := &q.items[i]
	it.until, it.times = in.w.server.now.Add(ackWait), it.times+1
	ack := func() error { return in.w.acknowledge(in, q, i) }
	m := &message{subject: it.subject, header: nats.Header{}, ack: ack}
	in.w.tell(in, fmt.Sprint("gets ", it.subject, it.seq), nil)
	if q == in.w.server.due {
		tok, _ := layout.ParseToken(strings.TrimPrefix(it.subject, layout.SubjectDue))
		return commit.Event{Msg: m, Due: tok}
	}
	if in.w.mutant == acknowledgesFirst {
		q.ack(i)
	}
	input := in.w.inputs[it.seq-1]
	if in.w.mutant == lastProcessedWins {
		input = in.w.reversioned(input)
	}
	return commit.Event{Msg: m, Seq: it.seq, Input: &input}
}
