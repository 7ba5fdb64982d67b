package health

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// seenFor is how long what was seen of the server may be shown. What cannot be read is absent from
// the metrics: a zero, or the last value, would say that all is well.
const seenFor = 10 * time.Second

var (
	lagDesc = prometheus.NewDesc("rlsguard_inbound_lag_messages",
		"Inbound messages not acknowledged yet; absent while that cannot be read.", nil, nil)
	flightDesc = prometheus.NewDesc("rlsguard_inbound_in_flight_messages",
		"Inbound messages delivered but not acknowledged yet; absent while that cannot be read.", nil, nil)
	oldestDesc = prometheus.NewDesc(
		"rlsguard_oldest_undecided_seconds",
		"Age of the oldest input that is not decided, 0 when there is none; absent while that cannot be read.",
		nil,
		nil,
	)
	activeDesc = prometheus.NewDesc("rlsguard_active",
		"1 while the server hands this instance the inputs, 0 while it stands by or none has come; "+
			"absent while that cannot be read.", nil, nil)
	lettersDesc = prometheus.NewDesc("rlsguard_dead_letters",
		"Rejected inputs that are stored; absent while that cannot be read.", nil, nil)
	copyDesc = prometheus.NewDesc("rlsguard_flags_copy_lag_seconds",
		"Age of the oldest committed transition that RLS_FLAGS does not have, 0 when it has all; "+
			"absent while that cannot be read.", nil, nil)
	auditDesc = prometheus.NewDesc("rlsguard_audit_lag_seconds",
		"Age of the oldest transition for audit that has not left RLS for RLS_AUDIT, 0 when all have; "+
			"absent while that cannot be read.", nil, nil)
)

// Waiting is what is known of inputs that are not decided.
type Waiting struct {
	Undecided uint64
	InFlight  uint64
	Oldest    time.Duration // age of the oldest; 0 when there is none
	Pin       string        // names the instance that gets them; "" when none does
}

// seen is what was last seen of the server, each part nil where it could not be read.
type seen struct {
	mu      sync.Mutex
	at      time.Time
	pin     string // under which this instance got its last input
	waiting *Waiting
	letters *uint64
	copying *time.Duration
	audit   *time.Duration
}

// See tells what was seen of the server at a time; a part that could not be read is nil, and absent
// in the metrics.
func (h *Health) See(at time.Time, w *Waiting, letters *uint64, copying, audit *time.Duration) {
	s := h.metrics.seen
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at, s.waiting, s.letters, s.copying, s.audit = at, w, letters, copying, audit
}

// Blind tells that nothing of the server can be seen.
func (h *Health) Blind() { h.See(time.Time{}, nil, nil, nil, nil) }

// Pinned tells under which name the server hands this instance its inputs.
func (h *Health) Pinned(name string) {
	s := h.metrics.seen
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pin = name
}

// Describe implements prometheus.Collector.
func (s *seen) Describe(ch chan<- *prometheus.Desc) {
	all := []*prometheus.Desc{lagDesc, flightDesc, oldestDesc, activeDesc, lettersDesc, copyDesc, auditDesc}
	for _, d := range all {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (s *seen) Collect(ch chan<- prometheus.Metric) {
	s.mu.Lock()
	defer s.mu.Unlock()
	since := time.Since(s.at)
	if since > seenFor {
		return
	}
	gauge := func(d *prometheus.Desc, v float64) { ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v) }
	// ages go on while nobody looks
	age := func(d time.Duration) float64 {
		if d == 0 {
			return 0
		}
		return (d + since).Seconds()
	}
	if w := s.waiting; w != nil {
		gauge(lagDesc, float64(w.Undecided))
		gauge(flightDesc, float64(w.InFlight))
		gauge(oldestDesc, age(w.Oldest))
		gauge(activeDesc, oneIf(w.Pin != "" && w.Pin == s.pin))
	}
	if s.letters != nil {
		gauge(lettersDesc, float64(*s.letters))
	}
	if s.copying != nil {
		gauge(copyDesc, age(*s.copying))
	}
	if s.audit != nil {
		gauge(auditDesc, age(*s.audit))
	}
}
