package parallel

import (
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"
)

// Everything is done once, however much there is, and nothing is left when Do returns.
func TestDo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		times := make([]atomic.Int32, rapid.IntRange(0, 300).Draw(t, "n"))
		Do(len(times), func(i int) { times[i].Add(1) })
		for i := range times {
			if n := times[i].Load(); n != 1 {
				t.Fatalf("%d of %d is done %d times", i, len(times), n)
			}
		}
	})
}
