package consumers

import (
	"time"

	"github.com/rlsguard/rlsguard/consumers/commit"
)

// clockLimit is how far the clocks of this machine and of the server may be apart. A wrong one here
// must not end or begin what time alone ends or begins.
const clockLimit = 5 * time.Minute

// timerDelay is how long a timer that went off is put back while the clocks are apart.
const timerDelay = 30 * time.Second

// compareClocks holds this machine's clock against the time at which the server answered.
func (s *session) compareClocks(server time.Time) {
	if server.IsZero() || !s.cfg.AsOf.IsZero() {
		return
	}
	apart := s.now().Sub(server)
	astray := apart.Abs() > clockLimit
	s.health.Clock(!astray)
	if s.clockSkewed.Swap(astray) != astray {
		s.log.Warn().Int64(
			"skew_ms",
			apart.Milliseconds(),
		).Bool(
			"exceeds_limit",
			astray,
		).Msg(
			"clock skew against the NATS server",
		)
	}
}

// withoutTimersIfSkewed leaves out the timers that went off while the clocks are apart; they come
// again.
func (s *session) withoutTimersIfSkewed(batch []commit.Event) []commit.Event {
	if !s.clockSkewed.Load() {
		return batch
	}
	var rest []commit.Event
	for _, ev := range batch {
		if ev.Input != nil {
			rest = append(rest, ev)
			continue
		}
		_ = ev.Msg.NakWithDelay(timerDelay) // what does not arrive comes again after AckWait
		s.unacked.drop([]commit.Event{ev})
	}
	return rest
}
