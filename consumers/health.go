package consumers

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"sync"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Health tells how a consumer is doing: whether it lives, whether it is ready and if not why, and its metrics.
type Health struct {
	metrics *metrics

	mu      sync.Mutex
	reasons map[string]struct{} // why it is not ready
	details map[string]string   // of reasons that have some
	notices map[string]string   // what has to be seen though it may be ready
	state   string              // what it is doing instead of consuming
}

// Reasons of not being ready.
const (
	notConnected = "disconnected"
	noConsumer   = "consumer-lost"
	notWriting   = "writes-fail"
	notLooking   = "server-does-not-answer"
	noDisk       = "disk"
	wrongClock   = "clock"

	rebuilding   = "states-rebuilding" // what was lost is made again from the inbound stream
	copyingFlags = "flags-copying"     // RLS_FLAGS does not show yet what was committed

	changedStream   = "stream-settings"   // a stream throws away, or does not take, what it has to keep
	changedConsumer = "consumer-settings" // a durable was changed and cannot be mended
	statesMissing   = "states-missing"    // stored states vanished
)

// NewHealth is that of a consumer that has not begun.
func NewHealth() *Health {
	return &Health{metrics: newMetrics(), reasons: map[string]struct{}{}, details: map[string]string{}, notices: map[string]string{}, state: "starting"}
}

// Reasons say why the consumer is not ready; none when it is.
func (h *Health) Reasons() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []string
	if h.state != "" {
		all = append(all, h.state)
	}
	for r := range h.reasons {
		all = append(all, r)
	}
	slices.Sort(all)
	return all
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

// trouble is a reason that has to be described; "" when there is none. It tells whether that is news.
func (h *Health) trouble(reason, detail string) (news bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	news = h.details[reason] != detail
	if detail == "" {
		delete(h.reasons, reason)
		delete(h.details, reason)
		return news
	}
	h.reasons[reason] = struct{}{}
	h.details[reason] = detail
	return news
}

// notice is shown as long as it is not "".
func (h *Health) notice(about, text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if delete(h.notices, about); text != "" {
		h.notices[about] = text
	}
}

func (h *Health) set(reason string, fine bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if fine {
		delete(h.reasons, reason)
	} else {
		h.reasons[reason] = struct{}{}
	}
}

func (h *Health) unready(state string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.state = state
}

// readyIf tells that it is ready, unless what the session knows is void by now.
func (h *Health) readyIf(ctx context.Context) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if ctx.Err() == nil {
		h.state = ""
	}
}

// begin is for a session that knows nothing yet: what was wrong with the one before says nothing about it.
func (h *Health) begin() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.state = "starting"
	for _, r := range []string{noConsumer, notWriting, notLooking} {
		delete(h.reasons, r)
	}
}

func (h *Health) connected(yes bool) { h.set(notConnected, yes) }
func (h *Health) consuming(yes bool) { h.set(noConsumer, yes) }
func (h *Health) writing(yes bool)   { h.set(notWriting, yes) }
func (h *Health) clock(fine bool)    { h.set(wrongClock, fine) }
func (h *Health) disk(fine bool)     { h.set(noDisk, fine) }
func (h *Health) looked(err error)   { h.set(notLooking, err == nil) }

// failed tells of an error that made a session start over.
func (h *Health) failed(err error) {
	h.unready(reasonOf(err))
	if wrong := unfit(""); errors.As(err, &wrong) {
		h.trouble(changedStream, string(wrong))
	}
}

// reasonOf names an error that made a session start over, from a closed list.
func reasonOf(err error) string {
	switch {
	case errors.Is(err, errReplaced):
		return "stream-replaced"
	case errors.Is(err, errState):
		return "state-damaged"
	case errors.Is(err, jetstream.ErrStreamNotFound):
		return "stream-missing"
	case errors.Is(err, jetstream.ErrJetStreamNotEnabled), errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount):
		return "jetstream-disabled"
	default:
		return "starting-over"
	}
}
