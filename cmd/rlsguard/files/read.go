package files

import (
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/fhir"
)

// batch is a part of one source's resources, in order.
type batch struct {
	resources []fhir.Resource
	lines     []int // of each resource
	last      bool  // of its source, with what follows
	err       error // the source could not be read to its end
	hollow    int   // documents without a resource
	line      int   // of the first of them
}

// batchSize keeps the cost of handing over small beside that of reading.
const batchSize = 256

// batches are those that were taken, for the next resources: most are irrelevant, and to make room
// for them anew would cost as much as a third of reading.
var batches = sync.Pool{New: func() any {
	return &batch{resources: make([]fhir.Resource, 0, batchSize), lines: make([]int, 0, batchSize)}
}}

func newBatch() *batch { return batches.Get().(*batch) }

// free gives a batch back. It forgets the facts, which whoever took them may have dropped.
func (b *batch) free() {
	clear(b.resources)
	*b = batch{resources: b.resources[:0], lines: b.lines[:0]}
	batches.Put(b)
}

// job is one source on its way through a reader. Its channel takes a few batches ahead of whoever
// takes them.
type job struct {
	source Source
	out    chan *batch
}

// readSources reads sources on all cores and hands what is in them to take, always in the order of
// sources and of the documents in them, so that nothing depends on which core was faster. n is the
// position of the source. take keeps no slice of a batch; where it returns false, reading ends.
func readSources(sources []Source, o fhir.Options, bar *terminal.Progress, take func(n int, b batch) bool) {
	var ended atomic.Bool
	workers := min(runtime.GOMAXPROCS(0), len(sources))
	work := make(chan job)
	order := make(chan job, 4*workers) // so far may reading be ahead
	go func() {
		defer close(order)
		defer close(work)
		for _, s := range sources {
			j := job{source: s, out: make(chan *batch, 4)}
			order <- j // before work: the first job in order is always one that a worker has or gets next
			work <- j
		}
	}()
	for range workers {
		go func() {
			r := fhir.NewReader(o)
			for j := range work {
				readSource(r, j, bar, &ended)
			}
		}()
	}
	n := 0
	for j := range order {
		for b := range j.out {
			if !ended.Load() && !take(n, *b) {
				ended.Store(true) // what is read by now is thrown away, so that nobody waits
			}
			b.free()
		}
		n++
	}
}

func readSource(r *fhir.Reader, j job, bar *terminal.Progress, ended *atomic.Bool) {
	defer close(j.out)
	if ended.Load() {
		return
	}
	in, err := j.source.Open()
	if err != nil {
		j.out <- &batch{last: true, err: SourceError(j.source.Name, err)}
		return
	}
	defer in.Close()
	b := newBatch()
	err = r.Stream(bar.Reader(in), j.source.Name, func(line int, res fhir.Resource) bool {
		b.resources, b.lines = append(b.resources, res), append(b.lines, line)
		if len(b.resources) == batchSize {
			j.out <- b
			b = newBatch()
		}
		return !ended.Load()
	})
	if err != nil {
		b.err = SourceError(j.source.Name, err)
	}
	b.last = true
	b.hollow, b.line = r.Hollow()
	j.out <- b
}

// SourceError names the source of an error once.
func SourceError(name string, err error) error {
	if wrong := (*fs.PathError)(nil); errors.As(err, &wrong) {
		err = wrong.Err
	}
	if strings.HasPrefix(err.Error(), name+": ") {
		return err
	}
	return fmt.Errorf("%s: %w", name, err)
}

// StartProgress begins a bar for reading sources, but not over what a person types.
func StartProgress(p *terminal.Program, verb string, sources []Source) *terminal.Progress {
	if slices.ContainsFunc(sources, func(s Source) bool { return s.typed }) {
		return nil
	}
	return terminal.StartProgress(p.Stderr, verb, totalSize(sources), terminal.Megabytes)
}

// totalSize is the number of bytes to read; 0 when one of the sources does not tell.
func totalSize(sources []Source) int64 {
	var total int64
	for _, s := range sources {
		if s.size == 0 {
			return 0
		}
		total += s.size
	}
	return total
}
