package main

import (
	"context"
	"math"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// paceRoom is how many bytes the heap of a process with a NATS server inside may grow, beyond as much
	// again as the collector has to look through, before it collects. Less costs processor time.
	paceRoom = 12 << 20
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
	samples := []metrics.Sample{{Name: "/gc/scan/heap:bytes"}, {Name: "/gc/heap/live:bytes"}}
	for {
		metrics.Read(samples)
		debug.SetGCPercent(pacePercent(samples[0].Value.Uint64(), samples[1].Value.Uint64()))
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// pacePercent is by how much the heap may grow, given what of it may hold pointers and what was in
// use when it was last collected, in bytes.
func pacePercent(scan, live uint64) int {
	if live == 0 { // it was not yet
		return 100
	}
	return int(min(max(100*float64(scan+paceRoom)/float64(live), 5), 400))
}

// limited tells that the operator says how much memory the process may use.
func limited() bool { return debug.SetMemoryLimit(-1) != math.MaxInt64 }
