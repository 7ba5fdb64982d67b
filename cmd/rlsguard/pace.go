package main

import (
	"context"
	"math"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// paceRoom is how many bytes the heap of a process with a NATS server inside may grow, beyond a
	// share of what the collector has to look through, before it collects. Less costs processor time.
	paceRoom = 12 << 20
	// paceLeast and paceMost bound that share.
	paceLeast, paceMost = 0.4, 1.0
	// paceCost is the part of the processors' time up to which collecting may cost: where it costs
	// more, under much load, the share grows.
	paceCost = 0.04
	// paceEvery is how often that is worked out anew.
	paceEvery = time.Second
	// freeEvery is how often more than freeMost bytes that nothing uses are returned to the system. By
	// itself the runtime keeps a tenth of the heap, for which most of the buffers count.
	freeEvery = 5 * time.Second
	freeMost  = 12 << 20
)

// What pace reads of the runtime.
const (
	paceScan = iota
	paceLive
	paceFree
	paceAll
	paceAssist
	paceDedicated
	pacePause
)

// pace lets the collector run by what it has to look through, until ctx ends. By default it waits
// until the heap has doubled; but most of that are buffers of the server inside, which hold no
// pointers and cost it nothing, and which would buy as much garbage. Where the operator has set
// GOMEMLIMIT that rules.
func pace(ctx context.Context) {
	t := time.NewTicker(paceEvery)
	defer t.Stop()
	samples := []metrics.Sample{
		paceScan: {Name: "/gc/scan/heap:bytes"}, paceLive: {Name: "/gc/heap/live:bytes"},
		paceFree: {Name: "/memory/classes/heap/free:bytes"}, paceAll: {Name: "/cpu/classes/total:cpu-seconds"},
		// what runs on idle processors costs nobody anything
		paceAssist:    {Name: "/cpu/classes/gc/mark/assist:cpu-seconds"},
		paceDedicated: {Name: "/cpu/classes/gc/mark/dedicated:cpu-seconds"},
		pacePause:     {Name: "/cpu/classes/gc/pause:cpu-seconds"},
	}
	share, collecting, all, freed := paceMost, 0.0, 0.0, time.Now()
	for {
		metrics.Read(samples)
		nowCollecting, nowAll := 0.0, samples[paceAll].Value.Float64()
		for _, s := range samples[paceAssist:] {
			nowCollecting += s.Value.Float64()
		}
		if nowAll > all { // all are brought up to date by each collection
			share = paceShare(share, (nowCollecting-collecting)/(nowAll-all))
			collecting, all = nowCollecting, nowAll
		}
		debug.SetGCPercent(pacePercent(samples[paceScan].Value.Uint64(), samples[paceLive].Value.Uint64(), share))
		if time.Since(freed) > freeEvery && share < paceMost && samples[paceFree].Value.Uint64() > freeMost {
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

// paceShare is which share of what the collector has to look through the heap may grow by next, given
// what collecting cost of the processors' time at the share before.
func paceShare(before, cost float64) float64 {
	if cost > paceCost {
		return min(before*1.5, paceMost)
	}
	return max(before*0.9, paceLeast)
}

// pacePercent is by how much the heap may grow, given what of it may hold pointers and what was in
// use when it was last collected, in bytes.
func pacePercent(scan, live uint64, share float64) int {
	if live == 0 { // it was not yet
		return 100
	}
	return int(min(max(100*(share*float64(scan)+paceRoom)/float64(live), 5), 400))
}

// limited tells that the operator says how much memory the process may use.
func limited() bool { return debug.SetMemoryLimit(-1) != math.MaxInt64 }
