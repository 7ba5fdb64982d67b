// Package pace lets the garbage collector run by what it has to look through. A NATS server inside
// the process keeps blocks of its streams in buffers, which hold no pointers and cost the collector
// nothing; by default they would buy as much garbage.
//
// The package must not know what the process does.
package pace

import (
	"context"
	"math"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// room is how many bytes the heap of a process with a NATS server inside may grow, beyond a
	// share of what the collector has to look through, before it collects. Less costs processor time.
	room = 12 << 20
	// least and most bound that share.
	least, most = 0.4, 1.0
	// mayCost is the part of the processors' time up to which collecting may cost: where it costs
	// more, under much load, the share grows.
	mayCost = 0.04
	// every is how often that is worked out anew.
	every = time.Second
	// freeEvery is how often more than freeMost bytes that nothing uses are returned to the system. By
	// itself the runtime keeps a tenth of the heap, for which most of the buffers count.
	freeEvery = 5 * time.Second
	freeMost  = 12 << 20
)

// What Keep reads of the runtime.
const (
	scan = iota
	live
	free
	all
	assist
	dedicated
	pause
)

// Keep does so until ctx ends. Where the operator has set GOMEMLIMIT that rules: see Limited.
func Keep(ctx context.Context) {
	t := time.NewTicker(every)
	defer t.Stop()
	samples := []metrics.Sample{
		scan: {Name: "/gc/scan/heap:bytes"}, live: {Name: "/gc/heap/live:bytes"},
		free: {Name: "/memory/classes/heap/free:bytes"}, all: {Name: "/cpu/classes/total:cpu-seconds"},
		// what runs on idle processors costs nobody anything
		assist:    {Name: "/cpu/classes/gc/mark/assist:cpu-seconds"},
		dedicated: {Name: "/cpu/classes/gc/mark/dedicated:cpu-seconds"},
		pause:     {Name: "/cpu/classes/gc/pause:cpu-seconds"},
	}
	share, collecting, processors, freed := most, 0.0, 0.0, time.Now()
	for {
		metrics.Read(samples)
		nowCollecting, nowAll := 0.0, samples[all].Value.Float64()
		for _, s := range samples[assist:] {
			nowCollecting += s.Value.Float64()
		}
		if nowAll > processors { // all are brought up to date by each collection
			share = nextShare(share, (nowCollecting-collecting)/(nowAll-processors))
			collecting, processors = nowCollecting, nowAll
		}
		debug.SetGCPercent(percent(samples[scan].Value.Uint64(), samples[live].Value.Uint64(), share))
		if time.Since(freed) > freeEvery && share < most && samples[free].Value.Uint64() > freeMost {
			debug.FreeOSMemory()
			freed = time.Now()
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// nextShare is which share of what the collector has to look through the heap may grow by next, given
// what collecting cost of the processors' time at the share before.
func nextShare(before, cost float64) float64 {
	if cost > mayCost {
		return min(before*1.5, most)
	}
	return max(before*0.9, least)
}

// percent is by how much the heap may grow, given what of it may hold pointers and what was in
// use when it was last collected, in bytes.
func percent(toScan, inUse uint64, share float64) int {
	if inUse == 0 { // it was not yet
		return 100
	}
	return int(min(max(100*(share*float64(toScan)+room)/float64(inUse), 5), 400))
}

// Limited tells that the operator says how much memory the process may use.
func Limited() bool { return debug.SetMemoryLimit(-1) != math.MaxInt64 }
