package page

import (
	"context"
	"crypto/subtle"
	"net/http"
	"strings"
	"time"

	"github.com/rlsguard/rlsguard/consumers/cdshooks/token"
)

// policy lets a page load only from this server, and be changed only by our one script.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'; trusted-types rlsguard"

// guard wraps every answer: headers, names of this machine only, no other origin, and a session for
// everything except sign-in.
func (p *Page) guard(next http.Handler) http.Handler {
	cross := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer p.survive(w)
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("Cache-Control", "no-store")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		h.Set("X-Robots-Tag", "noindex")
		switch {
		case !token.LoopbackName(r.Host):
			http.Error(w, "this page answers under names of this machine only", http.StatusForbidden)
			return
		case cross.Check(r) != nil:
			http.Error(w, "another site may not send this", http.StatusForbidden)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, mostForm)
		if open(r) {
			next.ServeHTTP(w, r)
			return
		}
		s := p.sessionOf(r)
		switch {
		case s == nil:
			p.signedOut(w, r)
		case !s.limit.Allow():
			w.Header().Set("Retry-After", "1")
			http.Error(w, "too many requests: wait a moment", http.StatusTooManyRequests)
		case r.Method != http.MethodGet && r.Method != http.MethodHead && !s.meant(r):
			http.Error(w, "this form is out of date: load the page again", http.StatusForbidden)
		default:
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), sessionKey{}, s)))
		}
	})
}

// mostForm is the size of a form with every flag of a patient.
const mostForm = 1 << 20

// survive keeps one failed answer from ending the process. The cause may be about a patient, so it
// is not reported.
func (p *Page) survive(w http.ResponseWriter) {
	fault := recover()
	if fault == nil {
		return
	}
	if fault == http.ErrAbortHandler {
		panic(fault)
	}
	p.Log.Error().Msg("a page could not be made")
	http.Error(w, "this page could not be made; the log has a line about it", http.StatusInternalServerError)
}

// open reports what needs no session: signing in, and files shared by all pages.
func open(r *http.Request) bool {
	return strings.HasPrefix(r.URL.Path, "/sign-in/") || strings.HasPrefix(r.URL.Path, "/static/") ||
		r.URL.Path == "/signed-out"
}

type sessionKey struct{}

func (p *Page) sessionOf(r *http.Request) *session {
	c, err := r.Cookie(p.cookieName(r))
	if err != nil {
		return nil
	}
	return p.sessions.find(c.Value, time.Now())
}

// cookieName contains the port: cookies ignore ports, and pages of two servers on one machine would
// sign each other out.
func (p *Page) cookieName(r *http.Request) string {
	_, port, _ := strings.Cut(r.Host, ":")
	return cookieSession + "-" + port
}

// current is the session of an admitted request.
func current(r *http.Request) *session {
	s, _ := r.Context().Value(sessionKey{}).(*session)
	return s
}

// meant reports whether a form was sent from a page of this session.
func (s *session) meant(r *http.Request) bool {
	return subtle.ConstantTimeCompare([]byte(r.FormValue("csrf")), []byte(s.csrf)) == 1
}

// signedOut answers a request without a session.
func (p *Page) signedOut(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Accept") == "text/event-stream" || r.Header.Get("X-Requested-With") == "rlsguard" {
		http.Error(w, "signed out", http.StatusUnauthorized)
		return
	}
	p.show(w, http.StatusUnauthorized, "signed-out", nil)
}
