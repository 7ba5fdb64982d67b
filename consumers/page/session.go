package page

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// session is a user who has signed in.
type session struct {
	id      [sha256.Size]byte // hash of the cookie
	csrf    string
	ends    time.Time
	limit   *rate.Limiter // of requests
	answers *rate.Limiter
	done    chan struct{} // closed at sign-out

	mu     sync.Mutex
	author string
	since  time.Time // later changes are new to this user
	seen   time.Time // time of the newest request
	live   int       // live connections
}

// Limits of a session, beyond any person's use.
const (
	mostRequests = 20 // a second
	mostAnswers  = 2  // a second, of the whole form
	mostLive     = 8  // live lists side by side
	mostSessions = 1000
)

// visitPause is how long nobody must look until changes since then are news again.
const visitPause = 30 * time.Minute

func (s *session) who() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.author
}

// sinceLastVisit is the time from which changes are new to this user; it moves when they return
// after a pause, or say they have seen everything.
func (s *session) sinceLastVisit(now time.Time) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Sub(s.seen) > visitPause {
		s.since = s.seen
	}
	s.seen = now
	return s.since
}

func (s *session) seenAll(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.since, s.seen = now, now
}

// joinLive counts a live connection; false if there are too many.
func (s *session) joinLive(n int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live+n > mostLive {
		return false
	}
	s.live += n
	return true
}

// sessions are the signed-in users, by the hash of their cookie: what is in memory lets nobody in.
type sessions struct {
	last time.Duration // of each
	mu   sync.Mutex
	byID map[[sha256.Size]byte]*session
}

func newSessions(last time.Duration) *sessions {
	return &sessions{last: last, byID: map[[sha256.Size]byte]*session{}}
}

// begin makes a session and its cookie. The oldest ends if there are too many.
func (s *sessions) begin(now, since time.Time, author string) (*session, string) {
	cookie := hex.EncodeToString(random(32))
	one := &session{
		id: sha256.Sum256([]byte(cookie)), csrf: hex.EncodeToString(random(16)), ends: now.Add(s.last),
		limit: rate.NewLimiter(mostRequests, 4*mostRequests), answers: rate.NewLimiter(mostAnswers, 10*mostAnswers),
		done: make(chan struct{}), author: author, since: since, seen: now,
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var oldest *session
	for _, have := range s.byID {
		if now.After(have.ends) {
			s.drop(have)
		} else if oldest == nil || have.ends.Before(oldest.ends) {
			oldest = have
		}
	}
	if len(s.byID) >= mostSessions {
		s.drop(oldest)
	}
	s.byID[one.id] = one
	return one, cookie
}

func (s *sessions) drop(one *session) {
	delete(s.byID, one.id)
	close(one.done)
}

func (s *sessions) end(one *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byID[one.id] == one {
		s.drop(one)
	}
}

func (s *sessions) find(cookie string, now time.Time) *session {
	id := sha256.Sum256([]byte(cookie))
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.byID[id]
	if one == nil || subtle.ConstantTimeCompare(one.id[:], id[:]) != 1 {
		return nil
	}
	if now.After(one.ends) {
		s.drop(one)
		return nil
	}
	return one
}

// Cookies hold a secret, and a time: when this browser last looked at the list.
const (
	cookieSession = "rlsguard-session"
	cookieSeen    = "rlsguard-seen"
)

func cookie(name, value string, age time.Duration) *http.Cookie {
	return &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: int(age / time.Second), HttpOnly: true,
		SameSite: http.SameSiteStrictMode,
	}
}

// seenBefore is when this browser last looked, by its cookie.
func seenBefore(r *http.Request, now time.Time) time.Time {
	c, err := r.Cookie(cookieSeen)
	if err != nil {
		return now
	}
	n, err := strconv.ParseInt(c.Value, 10, 64)
	if at := time.Unix(n, 0); err == nil && n > 0 && at.Before(now) {
		return at
	}
	return now
}

func noteSeen(w http.ResponseWriter, now time.Time) {
	http.SetCookie(w, cookie(cookieSeen, strconv.FormatInt(now.Unix(), 10), 365*24*time.Hour))
}
