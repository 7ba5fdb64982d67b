package cdshooks

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rlsguard/rlsguard/consumers/cdshooks/hook"
	"github.com/rlsguard/rlsguard/consumers/commit"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/ordercheck"
)

// slow takes its time; broken panics; unready knows nothing yet.
type slow struct{ until chan struct{} }

func (s slow) Read(func(fold.View) error) error { <-s.until; return nil }

type broken struct{}

func (broken) Read(func(fold.View) error) error { panic("boom") }

// blocked tells that it is read, and takes its time.
type blocked struct{ begun, until chan struct{} }

func (b blocked) Read(func(fold.View) error) error { b.begun <- struct{}{}; <-b.until; return nil }

// Beyond what is worked on at once, others wait, within their deadline; then they are told so. What
// nobody waits for any more counts until it is done.
func TestTooManyAtOnce(t *testing.T) {
	body := hookCall(hook.OrderSign, bundle(order("d1", "draft", "mirtazapine")), fullPrefetch(nil))
	store := blocked{make(chan struct{}, 100), make(chan struct{})}
	d := newDoor(t, store, func(c *Config) { c.AtOnce, c.Timeout = 1, 50*time.Millisecond })
	var first sync.WaitGroup
	first.Go(func() { d.cards(hook.OrderSign, body) })
	<-store.begun
	busy := "could not check: too many requests at once"
	if notes := notesOf(d.cards(hook.OrderSign, body)); len(notes) != 1 || !strings.Contains(notes[0], busy) {
		t.Errorf("notes %q", notes)
	}
	first.Wait()
	if notes := notesOf(d.cards(hook.OrderSign, body)); len(notes) != 1 || !strings.Contains(notes[0], busy) {
		t.Errorf("after the first has its answer, notes %q", notes)
	}
	close(store.until)
	for strings.Contains(strings.Join(notesOf(d.cards(hook.OrderSign, body)), " "), "could not check") {
		// The first makes room in its own time.
	}
}

func TestNeverSilent(t *testing.T) {
	body := hookCall(
		hook.OrderSign,
		bundle(order("d1", "draft", "mirtazapine")),
		fullPrefetch(map[string]string{hook.KeyConditions: bundle(rlsCondition)}),
	)
	wait := make(chan struct{})
	defer close(wait)
	for name, test := range map[string]struct {
		known ordercheck.Stored
		says  string
		flags string
	}{
		"too slow": {slow{wait}, "could not check: it took too long", ""},
		"a panic":  {broken{}, "could not check: an internal fault", ""},
		"not ready": {commit.NewKnown(), "the stored record could not be looked at",
			"rls-iron-unchecked, rls-tetracyclic mirtazapine"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoor(t, test.known, func(c *Config) {
				if name == "too slow" {
					c.Timeout = time.Millisecond
				}
			})
			cards := d.cards(hook.OrderSign, body)
			if notes := notesOf(cards); len(notes) != 1 || !strings.Contains(notes[0], test.says) {
				t.Errorf("notes %q", notes)
			}
			got := strings.Split(flagged(cards), ", ")
			slices.Sort(got)
			if strings.Join(got, ", ") != test.flags {
				t.Errorf("flags %q", got)
			}
		})
	}
}

func TestBehind(t *testing.T) {
	behind := true
	d := newDoor(t, stored(t, rlsCondition), func(c *Config) { c.Behind = func() bool { return behind } })
	body := hookCall(hook.OrderSign, bundle(order("d1", "draft", "mirtazapine")), "{}")
	if notes := notesOf(d.cards(hook.OrderSign, body)); len(notes) != 1 ||
		!strings.Contains(notes[0], "may be out of date") {
		t.Errorf("notes %q", notes)
	}
	behind = false
	if notes := notesOf(d.cards(hook.OrderSign, body)); notes != nil {
		t.Errorf("notes %q", notes)
	}
}

func TestRefusedRequests(t *testing.T) {
	d := newDoor(t, stored(t), func(c *Config) { c.MaxBytes = 1000 })
	sign := "/cds-services/rlsguard-order-sign"
	for name, test := range map[string]struct {
		method, path, body string
		header             []string
		status             int
	}{
		"no JSON":         {http.MethodPost, sign, "{", nil, http.StatusBadRequest},
		"an array":        {http.MethodPost, sign, "[]", nil, http.StatusBadRequest},
		"null":            {http.MethodPost, sign, "null", nil, http.StatusBadRequest},
		"too large":       {http.MethodPost, sign, strings.Repeat(" ", 1001), nil, http.StatusRequestEntityTooLarge},
		"no such service": {http.MethodPost, "/cds-services/order-sign", "{}", nil, http.StatusNotFound},
		"wrong method":    {http.MethodGet, sign, "", nil, http.StatusMethodNotAllowed},
		"another name":    {http.MethodPost, sign, "{}", []string{"Host", "rebound.example"}, http.StatusForbidden},
		"another origin": {http.MethodPost, sign, "{}", []string{"Origin", "https://evil.example"},
			http.StatusForbidden},
		"feedback": {http.MethodPost, sign + "/feedback", "{}", nil, http.StatusNotImplemented},
	} {
		if status, _, data := d.send(test.method, test.path, test.body, test.header...); status != test.status {
			t.Errorf("%s: status %d, want %d: %s", name, status, test.status, data)
		}
	}
}

func TestCORS(t *testing.T) {
	d := newDoor(t, stored(t), func(c *Config) { c.Origins = []string{"https://ehr.example"} })
	for _, origin := range []string{"https://ehr.example", "http://localhost:8080", "http://127.0.0.1:3000"} {
		status, h, _ := d.send(
			http.MethodOptions,
			"/cds-services/rlsguard-order-sign",
			"",
			"Origin",
			origin,
			"Access-Control-Request-Method",
			"POST",
			"Access-Control-Request-Headers",
			"authorization, content-type",
		)
		if status != http.StatusNoContent || h.Get("Access-Control-Allow-Origin") != origin ||
			!strings.Contains(h.Get("Access-Control-Allow-Headers"), "Authorization") ||
			!strings.Contains(h.Get("Access-Control-Allow-Methods"), "POST") ||
			h.Get("Vary") != "Origin" {
			t.Errorf("%s: status %d, header %v", origin, status, h)
		}
		if _, h, _ := d.send(http.MethodGet, "/cds-services", "", "Origin", origin); h.Get(
			"Access-Control-Allow-Origin",
		) != origin {
			t.Errorf("%s: header %v", origin, h)
		}
	}
	status, h, body := d.send(http.MethodOptions, "/cds-services", "", "Origin", "https://evil.example")
	if status != http.StatusForbidden || h.Get("Access-Control-Allow-Origin") != "" ||
		!strings.Contains(string(body), "--cds-origin") {
		t.Errorf("status %d, header %v, %s", status, h, body)
	}
}
