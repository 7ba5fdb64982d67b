package health

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Health tells how a consumer is doing: whether it lives, whether it is ready and if not why, and
// its metrics.
type Health struct {
	metrics *metrics

	mu      sync.Mutex
	reasons map[string]struct{} // why it is not ready
	details map[string]string   // of reasons that have some
	notices map[string]string   // what has to be seen though it may be ready
	lost    map[string]struct{} // durables that cannot be read
	state   string              // what it is doing instead of consuming
	cause   string              // why it started over; kept until it is ready again
	turned  func(reasons []string)
}

// Reasons of not being ready.
const (
	NotConnected = "disconnected"
	NoConsumer   = "consumer-lost"
	NotWriting   = "writes-fail"
	NotLooking   = "server-does-not-answer"
	NoDisk       = "disk"
	WrongClock   = "clock"

	Starting     = "starting"
	Stopping     = "stopping"
	Rebuilding   = "states-rebuilding" // what was lost is made again from the inbound stream
	CopyingFlags = "flags-copying"     // RLS_FLAGS does not show yet what was committed

	ChangedStream   = "stream-settings"   // a stream throws away, or does not take, what it has to keep
	ChangedConsumer = "consumer-settings" // a durable was changed and cannot be mended
	StatesMissing   = "states-missing"    // stored states vanished
	StreamReplaced  = "stream-replaced"
	StreamMissing   = "stream-missing"
	StateDamaged    = "state-damaged"
	ForeignMessages = "foreign-messages" // something in RLS was not written by rlsguard, and stands there still
	NoJetStream     = "jetstream-disabled"
	StartingOver    = "starting-over" // any other error
)

// NotReady are all reasons that /readyz and the metrics name, sorted. A test produces each one by
// its fault and holds that an alert fires.
var NotReady = []string{
	WrongClock, NoConsumer, ChangedConsumer, NotConnected, NoDisk, CopyingFlags, ForeignMessages, NoJetStream,
	NotLooking, Starting, StartingOver, StateDamaged, StatesMissing, Rebuilding, Stopping, StreamMissing,
	StreamReplaced, ChangedStream, NotWriting,
}

// ForeignKinds are what foreign messages stand in the place of, by layout.KindOfMessage.
var ForeignKinds = []string{"audit", "flag", "inputs", "other", "site", "state", "tally", "timer"}

// causes are those that reasonOf gives.
var causes = []string{StreamReplaced, StateDamaged, StreamMissing, NoJetStream, StartingOver}

// New is the health of a consumer that has not begun.
func New() *Health {
	h := &Health{metrics: newMetrics(), reasons: map[string]struct{}{}, lost: map[string]struct{}{},
		details: map[string]string{}, notices: map[string]string{}, state: Starting}
	h.metrics.registry.MustRegister(readyMetrics{h})
	return h
}

// Register adds metrics of others in the process to /metrics. Their labels have to come from closed
// lists too. A nil Health takes none.
func (h *Health) Register(c prometheus.Collector) error {
	if h == nil {
		return nil
	}
	return h.metrics.registry.Register(c)
}

// Reasons say why the consumer is not ready; none when it is.
func (h *Health) Reasons() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.all()
}

// all are the reasons, sorted, each once.
func (h *Health) all() []string {
	var all []string
	for _, r := range []string{h.state, h.cause} {
		if r != "" {
			all = append(all, r)
		}
	}
	for r := range h.reasons {
		all = append(all, r)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Handler answers /healthz, /readyz and /metrics.
func (h *Health) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /readyz", h.serveReady)
	mux.Handle("GET /metrics", promhttp.HandlerFor(h.metrics.registry, promhttp.HandlerOpts{}))
	return mux
}

func (h *Health) serveReady(w http.ResponseWriter, _ *http.Request) {
	reasons := h.Reasons()
	details, notices := h.told()
	w.Header().Set("Content-Type", "application/json")
	if len(reasons) > 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	json.NewEncoder(w).Encode(struct {
		Ready   bool              `json:"ready"`
		Reasons []string          `json:"reasons,omitempty"`
		Details map[string]string `json:"details,omitempty"` // by reason
		Notices []string          `json:"notices,omitempty"`
	}{len(reasons) == 0, reasons, details, notices})
}

func (h *Health) told() (details map[string]string, notices []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return maps.Clone(h.details), slices.Sorted(maps.Values(h.notices))
}

// Trouble is a reason that has to be described; "" when there is none. It tells whether that is
// news.
func (h *Health) Trouble(reason, detail string) (news bool) {
	h.change(func() {
		news = h.details[reason] != detail
		if detail == "" {
			delete(h.reasons, reason)
			delete(h.details, reason)
			return
		}
		h.reasons[reason], h.details[reason] = struct{}{}, detail
	})
	return news
}

// Notice is shown as long as it is not "". It tells whether that is news.
func (h *Health) Notice(about, text string) (news bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	news = h.notices[about] != text
	if delete(h.notices, about); text != "" {
		h.notices[about] = text
	}
	return news
}

// OnTurn calls do, one call at a time, whenever the consumer turns ready, with no reasons, or stops
// being so. do must not ask Health.
func (h *Health) OnTurn(do func(reasons []string)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.turned = do
}

// change makes a change and tells if it turned the consumer ready or unready.
func (h *Health) change(do func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	was := len(h.all()) == 0
	do()
	if now := h.all(); h.turned != nil && was != (len(now) == 0) {
		h.turned(now)
	}
}

func (h *Health) set(reason string, fine bool) {
	h.change(func() {
		if fine {
			delete(h.reasons, reason)
		} else {
			h.reasons[reason] = struct{}{}
		}
	})
}

// Running tells which rules the consumer goes by.
func (h *Health) Running(ruleset string) {
	h.metrics.mu.Lock()
	defer h.metrics.mu.Unlock()
	h.metrics.ruleset = ruleset
}

// Begin is that of a session. What the one before it could not do says nothing about this one.
func (h *Health) Begin() {
	h.change(func() {
		h.state = Starting
		clear(h.lost)
		for _, r := range []string{NoConsumer, NotWriting, NotLooking} {
			delete(h.reasons, r)
		}
	})
}

func (h *Health) Unready(state string) { h.change(func() { h.state = state }) }

// StartOver tells that a session ended with an error, and why. That stays a reason while the next
// ones begin: each of them ends before anybody looks where the fault lasts.
func (h *Health) StartOver(cause string) {
	h.change(func() { h.state, h.cause = Starting, cause })
	h.metrics.startsOver.WithLabelValues(cause).Inc()
}

// ReadyIf tells that it is ready, unless what the session knows is void by now.
func (h *Health) ReadyIf(ctx context.Context) {
	h.change(func() {
		if ctx.Err() == nil {
			h.state, h.cause = "", ""
		}
	})
}

func (h *Health) Connected(yes bool) {
	h.set(NotConnected, yes)
	if !yes {
		h.Blind()
	}
}

// Consuming tells of each durable whether it can be read: that one can says nothing about another.
func (h *Health) Consuming(durable string, yes bool) {
	h.change(func() {
		if yes {
			delete(h.lost, durable)
		} else {
			h.lost[durable] = struct{}{}
		}
		delete(h.reasons, NoConsumer)
		if len(h.lost) > 0 {
			h.reasons[NoConsumer] = struct{}{}
		}
	})
}

func (h *Health) Writing(yes bool) { h.set(NotWriting, yes) }

func (h *Health) Clock(fine bool) { h.set(WrongClock, fine) }

func (h *Health) Disk(fine bool) { h.set(NoDisk, fine) }

func (h *Health) Looked(err error) { h.set(NotLooking, err == nil) }

// Foreign counts a message that rlsguard did not write, by what it stands in the place of.
func (h *Health) Foreign(kind string) { h.metrics.foreign.WithLabelValues(kind).Inc() }
