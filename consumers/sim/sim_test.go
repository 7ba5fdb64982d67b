package sim

import (
	"flag"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var (
	oneSeed = flag.Uint64("sim.seed", 0, "run this seed alone")
	seeds   = flag.Int("sim.seeds", 10_000, "how many seeds are run")
	first   = flag.Uint64("sim.first", 1, "the first seed")
)

// TestSim runs many seeds. RLSGUARD_SOAK multiplies their number by a hundred.
func TestSim(t *testing.T) {
	if *oneSeed != 0 {
		if _, err := run(*oneSeed, none, t.Logf); err != nil {
			t.Fatal(err)
		}
		return
	}
	n := *seeds
	if os.Getenv("RLSGUARD_SOAK") != "" {
		n *= 100
	}
	if testing.Short() {
		n /= 20
	}
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	began := time.Now()
	var total Stats
	var mu sync.Mutex
	failed := each(n, *first, func(seed uint64) bool {
		s, err := Run(seed)
		mu.Lock()
		defer mu.Unlock()
		total.add(s)
		if err != nil {
			t.Errorf("seed %d: %v\nagain: go test ./consumers/sim -run TestSim -sim.seed=%d", seed, err, seed)
		}
		return err != nil
	})
	took := time.Since(began)
	t.Logf(
		"seeds %d to %d, %.0f a second, %d failed: %+v",
		*first,
		*first+uint64(n)-1,
		float64(n)/took.Seconds(),
		failed,
		total,
	)
	if failed == 0 && min(total.Crashes, total.StartedOver, total.Conflicts, total.Torn, total.Overlapped, total.Pruned,
		total.PassedOver, total.Left, total.Intruded, total.Rebuilt) == 0 {
		t.Error("something that can happen never did")
	}
}

func (s *Stats) add(o Stats) {
	s.Intruded += o.Intruded
	s.Rebuilt += o.Rebuilt
	s.Inputs += o.Inputs
	s.Instances += o.Instances
	s.Crashes += o.Crashes
	s.StartedOver += o.StartedOver
	s.Conflicts += o.Conflicts
	s.Torn += o.Torn
	s.Effects += o.Effects
	s.Transitions += o.Transitions
	s.Overlapped += o.Overlapped
	s.Pruned += o.Pruned
	s.PassedOver += o.PassedOver
	s.Left += o.Left
}

// each calls do for n seeds on all processors, until some have failed.
func each(n int, from uint64, do func(uint64) bool) int {
	var next, failed atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(n) && failed.Load() < 5; i = next.Add(1) - 1 {
				if do(from + uint64(i)) {
					failed.Add(1)
				}
			}
		})
	}
	wg.Wait()
	return int(failed.Load())
}

// A deliberate error has to be found, or the checks are worth nothing.
func TestMutantsAreCaught(t *testing.T) {
	for m, name := range mutantNames {
		t.Run(name, func(t *testing.T) {
			for seed := uint64(1); seed <= 5000; seed++ {
				if _, err := run(seed, m, nil); err != nil {
					t.Logf("caught at seed %d: %.200v", seed, err)
					return
				}
			}
			t.Error("not caught")
		})
	}
}
