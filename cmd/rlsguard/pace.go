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
	paceLeast, paceMost = 0.25, 1.0
	// paceCost is the part of the processors' time up to which collecting may cost: where it costs
	// more, under much load, the share grows.
	paceCost = 0.04
	// paceEvery is how often that is worked out anew.
	paceEvery = time.Second
)

// pace lets the collector run by what it has to look through, until ctx ends. By default it waits
// until the heap has doubled; but most of that are buffers of the server inside, which hold no
// pointers and cost it nothing, and which would buy as much garbage. Where the operator has set
// GOMEMLIMIT that rules.
func pace(ctx context.Context) {
	t := time.NewTicker(paceEvery)
	defer t.Stop()
	samples := []metrics.Sample{
		{Name: "/gc/scan/heap:bytes"}, {Name: "/gc/heap/live:bytes"},
		{Name: "/cpu/classes/gc/total:cpu-seconds"}, {Name: "/cpu/classes/total:cpu-seconds"},
	}
	share, collecting, all := paceMost, 0.0, 0.0
	for {
		metrics.Read(samples)
		nowCollecting, nowAll := samples[2].Value.Float64(), samples[3].Value.Float64()
		if nowAll > all { // both are brought up to date by each collection
			share = paceShare(share, (nowCollecting-collecting)/(nowAll-all))
			collecting, all = nowCollecting, nowAll
		}
		debug.SetGCPercent(pacePercent(samples[0].Value.Uint64(), samples[1].Value.Uint64(), share))
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
