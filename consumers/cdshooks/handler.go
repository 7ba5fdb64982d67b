package cdshooks

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/rlsguard/rlsguard/consumers/cdshooks/hook"
	"github.com/rlsguard/rlsguard/consumers/cdshooks/token"
	"github.com/rlsguard/rlsguard/consumers/commit"
	"github.com/rlsguard/rlsguard/consumers/ordercheck"
	"github.com/rlsguard/rlsguard/fhir"
)

// defaultTimeout is within what CDS Hooks expects of a service: an answer in the order of 500 ms.
const defaultTimeout = 400 * time.Millisecond

// Config of a handler.
type Config struct {
	Checker  *ordercheck.Checker
	Verifier *token.Verifier     // nil: open, for development; then only requests to a loopback name are answered
	Bus      Bus                 // takes feedback; nil leaves it unsupported
	Reasons  []ordercheck.Reason // offered for overriding; nil: the default ones
	// of browsers that may call (CORS), such as https://ehr.example.org; * is any that has a token
	Origins  []string
	Behind   func() bool   // tells that what is stored may be out of date; nil: it never is
	Timeout  time.Duration // 0: DefaultTimeout
	MaxBytes int64         // of a request; 0: 16 MiB
	// answers that are worked on beside each other, others wait for their turn; 0: two a processor
	AtOnce  int
	Metrics *Metrics // count what is asked and shown; nil counts nothing
	Log     zerolog.Logger
}

// handler answers HTTP.
type handler struct {
	Config
	shown *shownCards
	now   func() time.Time
	room  chan struct{} // holds one for each answer that is worked on
	bulk  chan struct{} // holds one for each large request that is in memory
}

// A request above smallBytes is read only while fewer than mostLarge others are: clients that send
// slowly, or many at once, must not fill the memory.
const (
	smallBytes = 1 << 20
	mostLarge  = 8
)

// NewHandler makes the HTTP handler of /cds-services.
func NewHandler(c Config) http.Handler {
	c.Timeout = cmp.Or(c.Timeout, defaultTimeout)
	c.MaxBytes = cmp.Or(c.MaxBytes, 16<<20)
	c.AtOnce = cmp.Or(c.AtOnce, 2*runtime.GOMAXPROCS(0))
	if c.Reasons == nil {
		c.Reasons = ordercheck.DefaultReasons
	}
	h := &handler{
		Config: c, shown: newShownCards(), now: c.Checker.Instant, room: make(chan struct{}, c.AtOnce),
		bulk: make(chan struct{}, mostLarge),
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /cds-services", h.discover)
	mux.HandleFunc("GET /cds-services/{$}", h.discover)
	mux.HandleFunc("POST /cds-services/{id}", h.guarded(h.call))
	mux.HandleFunc("POST /cds-services/{id}/feedback", h.guarded(h.feedback))
	return h.browsers(mux)
}

// browsers adds what browsers need to call from another origin, and refuses those that may not: a
// page that an open door on this machine never heard of must neither read nor write.
func (h *handler) browsers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Cache-Control", "no-store")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Add("Vary", "Origin")
		if h.Verifier == nil && !token.LoopbackName(r.Host) {
			problem(w, http.StatusForbidden, "the open development mode answers on this machine only")
			return
		}
		if origin := r.Header.Get("Origin"); origin != "" {
			if !h.allowed(origin) {
				problem(w, http.StatusForbidden,
					"pages of this origin may not call: rlsguard serve --cds-origin names those that may")
				return
			}
			header.Set("Access-Control-Allow-Origin", origin)
			header.Set("Access-Control-Expose-Headers", "WWW-Authenticate")
		}
		if r.Method == http.MethodOptions {
			header.Set("Access-Control-Allow-Methods", "GET, POST, OPTIONS")
			header.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Accept")
			header.Set("Access-Control-Max-Age", "600")
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// allowed tells that a page of origin may call: one that is configured, and on an open door one of
// this machine.
func (h *handler) allowed(origin string) bool {
	if slices.Contains(h.Origins, origin) || h.Verifier != nil && slices.Contains(h.Origins, "*") {
		return true
	}
	u, err := url.Parse(origin)
	return h.Verifier == nil && err == nil && token.LoopbackName(u.Host)
}

func (h *handler) discover(w http.ResponseWriter, _ *http.Request) {
	h.write(w, http.StatusOK, map[string][]hook.Service{"services": hook.Services(h.Verifier == nil)})
}

// guarded lets only clients through that prove who they are, to services that there are.
func (h *handler) guarded(next func(http.ResponseWriter, *http.Request, *token.Client, []byte)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id := strings.TrimPrefix(r.PathValue("id"), hook.ServicePrefix)
		if !slices.Contains(hooks(), id) || hook.ServicePrefix+id != r.PathValue("id") {
			problem(w, http.StatusNotFound, "no such service: see /cds-services")
			return
		}
		began, client := time.Now(), &token.Client{}
		if h.Verifier != nil {
			var err error
			if client, err = h.Verifier.Verify(r.Context(), r.Header.Get("Authorization"), r.URL.Path); err != nil {
				h.Log.Warn().Str("service", id).Str("reason", token.Reason(err)).Msg("client refused")
				h.Metrics.called(r, outcomeRefused, began)
				w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
				problem(w, http.StatusUnauthorized, "the token is not accepted: "+token.Reason(err))
				return
			}
		}
		body, done, err := h.read(w, r)
		defer done()
		var large *http.MaxBytesError
		switch {
		case errors.Is(err, errCrowded):
			h.Log.Warn().Msg(err.Error())
			h.crowded(w, r, began)
		case errors.As(err, &large):
			h.Metrics.called(r, outcomeUnreadable, began)
			problem(w, http.StatusRequestEntityTooLarge, "the request is larger than this service takes")
		case err != nil:
			h.Metrics.called(r, outcomeUnreadable, began)
			problem(w, http.StatusBadRequest, "the request ends early")
		default:
			next(w, r, client, body)
		}
	}
}

// errCrowded: as many large requests as may be are in memory.
var errCrowded = errors.New("too many large requests at once")

// crowded answers a request that was not read to its end: whoever asks about an order is told so in
// a card, and feedback can be sent again.
func (h *handler) crowded(w http.ResponseWriter, r *http.Request, began time.Time) {
	if !strings.HasSuffix(r.URL.Path, "/feedback") {
		h.show(w, r, began, result{cards: []Card{notDone(errCrowded.Error())}, outcome: outcomeBusy})
		return
	}
	h.Metrics.called(r, outcomeBusy, began)
	w.Header().Set("Retry-After", "5")
	problem(w, http.StatusServiceUnavailable, errCrowded.Error())
}

// read reads the body of a request; done has to be called when it is not needed any more.
func (h *handler) read(w http.ResponseWriter, r *http.Request) (body []byte, done func(), err error) {
	done = func() {}
	in := http.MaxBytesReader(w, r.Body, h.MaxBytes)
	body, err = io.ReadAll(io.LimitReader(in, smallBytes))
	if err != nil || len(body) < smallBytes {
		return body, done, err
	}
	select {
	case h.bulk <- struct{}{}:
		done = func() { <-h.bulk }
	case <-time.After(h.Timeout):
		return nil, done, errCrowded
	case <-r.Context().Done():
		return nil, done, r.Context().Err()
	}
	rest, err := io.ReadAll(in)
	return append(body, rest...), done, err
}

// call answers a hook, in time: with cards, or with one that says why there are none.
func (h *handler) call(w http.ResponseWriter, r *http.Request, _ *token.Client, body []byte) {
	began := time.Now()
	ctx, cancel := context.WithTimeout(r.Context(), h.Timeout)
	defer cancel()
	select {
	case h.room <- struct{}{}:
	case <-ctx.Done():
		h.Log.Warn().Msg("too many order checks at once")
		h.show(w, r, began, result{cards: []Card{notDone("too many requests at once")}, outcome: outcomeBusy})
		return
	}
	answered := make(chan result, 1)
	go func() {
		defer func() { <-h.room }() // not before: a step that has begun goes on, also where nobody waits any more
		answered <- h.answer(ctx, body)
	}()
	select {
	case a := <-answered:
		if errors.Is(a.err, hook.ErrNoObject) {
			h.Metrics.called(r, a.outcome, began)
			problem(w, http.StatusBadRequest, "the body is not a JSON object: a CDS Hooks request is expected")
			return
		}
		h.show(w, r, began, a)
	case <-ctx.Done():
		h.Log.Warn().Msg("an order check took too long")
		h.show(w, r, began, tooLate())
	}
}

// show sends cards, and counts them.
func (h *handler) show(w http.ResponseWriter, r *http.Request, began time.Time, a result) {
	h.Metrics.called(r, a.outcome, began)
	h.Metrics.shown(a.cards)
	h.write(w, http.StatusOK, Response{Cards: a.cards})
}

func tooLate() result {
	return result{cards: []Card{notDone("it took too long")}, outcome: outcomeLate}
}

type result struct {
	cards   []Card
	outcome string
	err     error
}

// answer makes the cards. Whatever goes wrong inside becomes a card.
func (h *handler) answer(ctx context.Context, body []byte) (a result) {
	defer func() {
		if p := recover(); p != nil {
			h.Log.Error().Msg("an order check failed")
			a = result{cards: []Card{notDone("an internal fault")}, outcome: outcomeFailed}
		}
	}()
	var q *hook.Request
	var err error
	h.Checker.WithReader(func(r *fhir.Reader) { q, err = hook.Read(r, body) })
	switch {
	case err != nil:
		return result{err: err, outcome: outcomeUnreadable}
	case q.Fault != "":
		return result{cards: []Card{notDone(q.Fault)}, outcome: outcomeNotChecked}
	}
	advice, err := h.Checker.Advise(ctx, &q.Question)
	if err != nil && ctx.Err() == nil {
		if !errors.Is(err, commit.ErrNotReady) {
			h.Log.Error().Err(err).Msg("the stored states cannot be read")
		}
		advice, _ = h.Checker.AdviseAlone(ctx, &q.Question) // its error is that of ctx
	}
	if ctx.Err() != nil { // whoever asked has been told
		return tooLate()
	}
	m := cardMaker{
		key:      h.Checker.Engine.Key,
		reasons:  h.Reasons,
		request:  q,
		advice:   &advice,
		everyone: h.Checker.Engine.Settings.Everyone,
	}
	state, outcome := storeRead, outcomeAnswered
	switch {
	case err != nil:
		state, outcome = storeFailed, outcomeWithoutRecord
	case h.Behind != nil && h.Behind():
		state = storeBehind
	}
	cards := append(m.flagCards(), m.notes(state)...)
	h.shown.add(&m, h.now())
	if cards == nil {
		cards = []Card{}
	}
	return result{cards: cards, outcome: outcome}
}

func (h *handler) write(w http.ResponseWriter, status int, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		h.Log.Error().Err(err).Msg("an answer cannot be written")
		problem(w, http.StatusInternalServerError, "the answer cannot be written")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(data) // who does not wait for it does not want it
}

// problem says what is wrong with a request.
func problem(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": text})
}
