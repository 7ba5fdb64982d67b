package sim

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/audit"
	"github.com/rlsguard/rlsguard/consumers/commit"
	"github.com/rlsguard/rlsguard/consumers/fold"
)

// unheard takes no notice of how commits go.
type unheard struct{}

func (unheard) Conflict()                    {}
func (unheard) Writing(bool)                 {}
func (unheard) Committed(int, time.Duration) {}

// world is one run: the server, the processes, what is sent, and how much may go wrong.
type world struct {
	rand      *rand.Rand
	mutant    mutant
	engine    *fold.Engine
	before    *fold.Engine // of processes that began before an upgrade; nil without one
	server    *server
	frozen    time.Time // as-of time; zero when it moves with the clock
	instances []*instance
	late      []late
	trail     trail
	showing   showing

	// How it is drawn.
	inputs           []fold.Input
	most             int // inputs
	patients, orders int
	reorder          bool
	maxBatch         int  // messages of a batch; 0 is what a server takes
	damage           bool // the disk may cut batches short
	intruders        bool // others may write among the states
	faults           int  // how many more things may go wrong

	published int
	blackout  bool // everybody has to go down
	dead      map[string]int
	wrong     error // found while running

	trace func(format string, args ...any) // tells a run step by step; nil does not

	intruded, rebuilt, starts, sessions, crashes, conflicts, torn, startedOver, effects, versions, overlapped int
}

// Stats are what happened in a run.
type Stats struct {
	Intruded, Rebuilt, Inputs, Instances, Crashes, StartedOver, Conflicts, Torn, Effects, Transitions, Overlapped,
	Pruned, PassedOver, Left int
}

// maxSteps bounds a run: one that does not come to rest is as wrong as one that comes out wrong.
const maxSteps = 20_000

// Run is one run. Its error says what does not hold.
func Run(seed uint64) (Stats, error) { return run(seed, none, nil) }

func run(seed uint64, m mutant, trace func(string, ...any)) (Stats, error) {
	w := &world{
		rand:    rand.New(rand.NewPCG(seed, 1)),
		mutant:  m,
		server:  newServer(began),
		dead:    map[string]int{},
		trail:   trail{next: 1, purged: map[uint64]string{}},
		showing: showing{copies: map[string]audit.Shown{}, next: 1, left: map[uint64]struct{}{}},
		trace:   trace,
	}
	w.draw()
	w.generate()
	w.traceInputs()
	defer w.stopAll()
	err := w.simulate()
	if err == nil {
		err = w.check()
	}
	return Stats{
		w.intruded,
		w.rebuilt,
		len(w.inputs),
		len(w.instances),
		w.crashes,
		w.startedOver,
		w.conflicts,
		w.torn,
		w.effects,
		w.transitions(),
		w.overlapped,
		len(w.trail.purged),
		w.trail.passed,
		len(w.showing.left),
	}, err
}

// draw sets the scene.
func (w *world) draw() {
	settings := checks.DefaultSettings()
	w.most, w.patients, w.orders = 4+w.rand.IntN(24), 1+w.rand.IntN(4), 1+w.rand.IntN(4)
	w.engine = &fold.Engine{
		Settings: settings,
		Key:      []byte("key of the simulation, not secret"),
		Ruleset:  "r1",
		MaxTouch: w.rand.IntN(3),
	}
	if w.rand.IntN(4) == 0 { // few facts are kept
		few := func() int { return 1 + w.rand.IntN(4) }
		settings.Facts = checks.FactLimits{
			Conditions: few(),
			Orders:     few(),
			Results:    few(),
			Answers:    few(),
			Others:     few(),
			Marks:      few(),
		}
	}
	if w.rand.IntN(5) == 0 {
		off := false
		other := *settings
		other.Checks = map[string]checks.CheckSetting{
			"rls-iron-unchecked": {Enabled: &off},
			"rls-ssri":           {Severity: "high"},
		}
		w.before = &fold.Engine{Settings: &other, Key: w.engine.Key, Ruleset: "r0"}
	}
	if w.rand.IntN(3) == 0 {
		w.maxBatch = 2 + w.rand.IntN(8)
	}
	if w.rand.IntN(2) == 0 {
		w.frozen = began
	}
	w.reorder = w.rand.IntN(4) > 0
	w.faults = w.rand.IntN(12)
	w.damage = w.rand.IntN(6) == 0
	w.showing.slow = 1 + w.rand.IntN(2)*40
	w.intruders = w.rand.IntN(3) == 0
	if w.mutant == statesFirst {
		w.damage = true
	}
	for range 1 + w.rand.IntN(4) {
		w.instances = append(w.instances, w.start())
	}
}

// simulate runs until everything that was sent is acknowledged and nobody has anything left to
// mend.
func (w *world) simulate() error {
	for range maxSteps {
		if w.wrong != nil {
			return w.wrong
		}
		if w.blackout {
			w.blackout, w.late = false, nil
			for i := range w.instances {
				w.crash(i)
			}
		}
		if w.settled() {
			return nil
		}
		w.step()
	}
	return errors.New("does not come to rest")
}

// step does one thing.
func (w *world) step() {
	k := w.rand.IntN(len(w.instances))
	in := w.instances[k]
	switch w.rand.IntN(15) {
	case 0:
		for n := w.rand.IntN(4); n > 0 && w.published < len(w.inputs); n-- {
			w.published++
			w.server.inbound.add("", uint64(w.published))
		}
	case 1:
		d := time.Duration(w.rand.IntN(3000)) * time.Millisecond
		if w.frozen.IsZero() && w.server.now.Before(began.AddDate(0, 0, 4)) && w.rand.IntN(3) == 0 {
			d = time.Duration(w.rand.IntN(6*60)) * time.Minute
		}
		w.server.advance(d)
	case 2, 3:
		in.follow(1 + w.rand.IntN(8))
	case 4:
		if len(w.late) > 0 {
			w.arrive(w.rand.IntN(len(w.late)))
		}
	case 12:
		w.copySome(1 + w.rand.IntN(20))
		if w.rand.IntN(w.showing.slow) == 0 {
			w.showSome(1 + w.rand.IntN(20))
		}
	case 13:
		w.prune()
		w.leave()
	case 14:
		w.passOver()
	case 6:
		if w.faults > 0 && w.intruders && w.rand.IntN(4) == 0 {
			w.faults--
			w.intrude()
		}
	case 5:
		if w.faults > 0 && w.rand.IntN(4) == 0 {
			w.faults--
			if w.rand.IntN(2) == 0 {
				w.crash(k)
			} else {
				w.instances[k] = w.startOver(in)
			}
		}
	default:
		if !in.wake.After(w.server.now) {
			w.resume(k)
		}
	}
}

// resume lets a process go on to its next effect; one that ended starts over.
func (w *world) resume(k int) {
	if _, alive := w.instances[k].next(); !alive {
		w.instances[k] = w.startOver(w.instances[k])
	}
}

// crash kills a process and starts another in its place.
func (w *world) crash(k int) {
	w.crashes++
	w.tell(w.instances[k], "crashes", nil)
	w.instances[k].stop()
	w.instances[k] = w.start()
}

func (w *world) stopAll() {
	for _, in := range w.instances {
		in.stop()
	}
}

// settled tells that nothing is under way. The processes then get their last say, in turn, until
// none writes any more.
func (w *world) settled() bool {
	if w.published < len(w.inputs) || w.server.inbound.pending > 0 || w.server.due.pending > 0 || len(w.late) > 0 ||
		!w.rested() {
		return false
	}
	w.faults = 0
	for k, in := range w.instances {
		if in.old {
			w.before = nil
			w.crash(k)
			return false
		}
	}
	before := len(w.server.log)
	for k := range w.instances {
		w.instances[k].follow(len(w.server.log))
		w.instances[k].idle = false
		for n := 0; n < 2000 && !w.instances[k].idle; n++ {
			w.server.now = later(w.server.now, w.instances[k].wake)
			w.resume(k)
		}
		w.resume(k) // heals, and pulls nothing
		for n := 0; n < 2000 && !w.instances[k].idle; n++ {
			w.server.now = later(w.server.now, w.instances[k].wake)
			w.resume(k)
		}
	}
	if w.frozen.IsZero() { // what is about to go off has to
		for _, at := range w.server.timers {
			if at.Before(w.server.now.Add(time.Minute)) {
				w.server.advance(time.Minute)
				return false
			}
		}
	}
	for _, in := range w.instances {
		in.follow(len(w.server.log))
		in.holdsAll()
		if _, standing := in.c.States().Foreign(); standing > 0 {
			return false
		}
	}
	return len(w.server.log) == before && w.server.due.pending == 0 && w.wrong == nil
}

// rested tells that all are idle.
func (w *world) rested() bool {
	for _, in := range w.instances {
		if !in.idle {
			return false
		}
	}
	return true
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// outcome holds that every resource of a batch got exactly one outcome.
func (w *world) outcome(events []commit.Event, results []fold.Result) {
	n := make([]int, len(events))
	for i := range results {
		n[results[i].Input]++
		if results[i].Outcome == "" {
			w.wrong = errors.New("a resource without an outcome")
		}
	}
	for i := range events {
		if most := len(events[i].Input.Resources); n[i] != most {
			w.wrong = fmt.Errorf("input %d: %d outcomes of %d resources", events[i].Seq, n[i], most)
		}
	}
}

// asOf is the time that the flags hold for in the end.
func (w *world) asOf() time.Time {
	if !w.frozen.IsZero() {
		return w.frozen
	}
	return w.server.now
}
