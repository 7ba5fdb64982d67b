package token

import (
	"crypto/sha256"
	"sync"
	"time"
)

// replayGuard remembers the tokens that were used, until they have expired.
type replayGuard struct {
	mu    sync.Mutex
	used  map[[16]byte]time.Time // when it expires
	swept time.Time
}

// sweepEvery is how often expired tokens are forgotten.
const sweepEvery = time.Minute

func newReplayGuard() *replayGuard { return &replayGuard{used: map[[16]byte]time.Time{}} }

// first tells that a token was not used before, and remembers it.
func (g *replayGuard) first(id string, expires, now time.Time) bool {
	sum := sha256.Sum256([]byte(id))
	key := [16]byte(sum[:16])
	g.mu.Lock()
	defer g.mu.Unlock()
	if now.Sub(g.swept) > sweepEvery {
		for k, until := range g.used {
			if !until.After(now) {
				delete(g.used, k)
			}
		}
		g.swept = now
	}
	if until, ok := g.used[key]; ok && until.After(now) {
		return false
	}
	g.used[key] = expires
	return true
}
