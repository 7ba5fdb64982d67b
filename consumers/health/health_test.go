package health

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// ready is a health that has got ready.
func ready(t *testing.T) *Health {
	t.Helper()
	h := New()
	if got := h.Reasons(); !slices.Equal(got, []string{Starting}) {
		t.Fatalf("a new one is %v", got)
	}
	h.ReadyIf(t.Context())
	return h
}

func (h *Health) want(t *testing.T, reasons ...string) {
	t.Helper()
	if got := h.Reasons(); !slices.Equal(got, reasons) {
		t.Errorf("the reasons are %v, not %v", got, reasons)
	}
}

// Every reason comes with its fault and goes with it, and several stand sorted.
func TestReasons(t *testing.T) {
	h := ready(t)
	h.want(t)
	h.Writing(false)
	h.Looked(errors.New("no answer"))
	h.Clock(false)
	h.Disk(false)
	h.Connected(false)
	h.want(t, WrongClock, NotConnected, NoDisk, NotLooking, NotWriting)
	h.Writing(true)
	h.Looked(nil)
	h.Clock(true)
	h.Disk(true)
	h.Connected(true)
	h.want(t)
}

// One durable that can be read says nothing about another.
func TestLostDurables(t *testing.T) {
	h := ready(t)
	h.Consuming("a", false)
	h.Consuming("b", false)
	h.Consuming("a", true)
	h.want(t, NoConsumer)
	h.Consuming("b", true)
	h.want(t)
}

// Why it started over stays a reason while it starts again, and until it is ready; a session that
// has ended cannot make it so.
func TestStartingOver(t *testing.T) {
	h := ready(t)
	h.Writing(false)
	h.StartOver(StateDamaged)
	h.Begin()
	h.want(t, Starting, StateDamaged) // what could not be written before says nothing about now
	h.Unready(Rebuilding)
	h.want(t, StateDamaged, Rebuilding)
	ended, end := context.WithCancel(t.Context())
	end()
	h.ReadyIf(ended)
	h.want(t, StateDamaged, Rebuilding)
	h.ReadyIf(t.Context())
	h.want(t)
	if h.StartOver(StartingOver); len(h.Reasons()) != 2 {
		t.Errorf("the reasons are %v", h.Reasons())
	}
}

// Trouble is news when it comes, when it is worded anew, and when it goes; OnTurn hears of turns
// alone.
func TestTroubleAndTurns(t *testing.T) {
	h := ready(t)
	var turns []int
	h.OnTurn(func(reasons []string) { turns = append(turns, len(reasons)) })
	for _, c := range []struct {
		detail string
		news   bool
	}{{"", false}, {"max_age", true}, {"max_age", false}, {"max_age and sealed", true}, {"", true}, {"", false}} {
		if news := h.Trouble(ChangedStream, c.detail); news != c.news {
			t.Errorf("%q is news: %v", c.detail, news)
		}
	}
	h.Writing(false)
	h.Disk(false)
	h.Writing(true)
	h.Disk(true)
	if !slices.Equal(turns, []int{1, 0, 1, 0}) {
		t.Errorf("it turned %v", turns)
	}
}

// /readyz gives 503 with reasons and their details, and 200 without; /healthz lives all the same.
func TestReadyz(t *testing.T) {
	h := ready(t)
	get := func(path string) (int, string) {
		w := httptest.NewRecorder()
		h.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w.Code, w.Body.String()
	}
	if code, body := get("/readyz"); code != http.StatusOK || body != `{"ready":true}`+"\n" {
		t.Errorf("%d %s", code, body)
	}
	h.Trouble(ChangedStream, "max_age is set")
	h.Notice("b", "second")
	h.Notice("a", "first")
	h.Notice("c", "gone")
	h.Notice("c", "")
	want := `{"ready":false,"reasons":["stream-settings"],"details":{"stream-settings":"max_age is set"},` +
		`"notices":["first","second"]}` + "\n"
	if code, body := get("/readyz"); code != http.StatusServiceUnavailable || body != want {
		t.Errorf("%d %s", code, body)
	}
	if code, _ := get("/healthz"); code != http.StatusOK {
		t.Errorf("/healthz is %d", code)
	}
}

// What cannot be read is absent from the metrics, as is what was read too long ago: a zero would say
// that all is well.
func TestSeen(t *testing.T) {
	h := ready(t)
	letters, lag := uint64(3), time.Duration(0)
	metrics := func() string {
		w := httptest.NewRecorder()
		h.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		return w.Body.String()
	}
	holds := func(name string, want bool) {
		t.Helper()
		if got := strings.Contains(metrics(), "\n"+name); got != want {
			t.Errorf("%q is there: %v", name, got)
		}
	}
	h.Pinned("me")
	h.See(time.Now(), &Waiting{Undecided: 7, Pin: "me"}, &letters, &lag, nil)
	holds("rlsguard_inbound_lag_messages 7\n", true)
	holds("rlsguard_oldest_undecided_seconds 0\n", true)
	holds("rlsguard_active 1\n", true)
	holds("rlsguard_dead_letters 3\n", true)
	holds("rlsguard_flags_copy_lag_seconds 0\n", true)
	holds("rlsguard_audit_lag_seconds", false)
	h.See(time.Now(), &Waiting{}, nil, nil, nil)
	holds("rlsguard_active 0\n", true)
	holds("rlsguard_dead_letters", false)
	h.See(time.Now().Add(-seenFor-time.Second), &Waiting{}, &letters, &lag, &lag)
	holds("rlsguard_inbound_lag_messages", false)
	h.See(time.Now(), &Waiting{}, &letters, &lag, &lag)
	h.Connected(false)
	holds("rlsguard_inbound_lag_messages", false)
	holds("rlsguard_ready 0\n", true)
	holds(`rlsguard_not_ready{reason="disconnected"} 1`, true)
	holds(`rlsguard_not_ready{reason="disk"} 0`, true)
}
