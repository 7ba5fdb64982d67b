package page

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"embed"
	"encoding/hex"
	"html/template"
	"io/fs"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/page/chart"
)

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed static
var staticFiles embed.FS

var templates = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("page").ParseFS(templateFiles, "templates/*.html"))
})

// token stands for a patient in addresses, for the life of this process.
func (p *Page) token(ref facts.Ref) string {
	h := hmac.New(sha256.New, p.key)
	h.Write([]byte(ref))
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func (p *Page) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /sign-in/{secret}", p.signIn)
	mux.HandleFunc("GET /signed-out", func(w http.ResponseWriter, _ *http.Request) {
		p.show(w, http.StatusOK,
			"signed-out", nil)
	})
	mux.HandleFunc("POST /sign-out", p.signOut)
	mux.HandleFunc("GET /you", func(w http.ResponseWriter, r *http.Request) { p.askAuthor(w, r, http.StatusOK, "") })
	mux.HandleFunc("POST /you", p.setAuthor)
	mux.HandleFunc("POST /seen", p.seen)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { p.serveList(w, r, "") })
	mux.HandleFunc("GET /live", p.serveLive)
	mux.HandleFunc("GET /patient/{token}", p.servePatient)
	mux.HandleFunc("POST /patient/{token}/answer", p.serveAnswer)
	mux.HandleFunc("GET /patient/{token}/leaflet", p.serveLeaflet)
	mux.HandleFunc("GET /answers", p.serveAnswers)
	mux.HandleFunc("GET /static/chart.css", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		_, _ = w.Write([]byte(chart.Style))
	})
	static, err := fs.Sub(staticFiles, "static")
	if err != nil {
		panic(err) // embedded
	}
	mux.Handle("GET /static/", http.StripPrefix("/static/", http.FileServerFS(static)))
	return mux
}

// show writes a page as a whole, so that half of one is never taken for all.
func (p *Page) show(w http.ResponseWriter, status int, name string, data any) {
	var b bytes.Buffer
	if err := templates().ExecuteTemplate(&b, name, data); err != nil {
		p.Log.Error().Str("page", name).Msg("a page could not be made")
		http.Error(w, "this page could not be made; the log has a line about it", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // whoever does not wait for it does not want it
}

// signIn admits whoever has the link. The cookie counts from the next page on: following a link
// from another site would not send it.
func (p *Page) signIn(w http.ResponseWriter, r *http.Request) {
	if subtle.ConstantTimeCompare([]byte(r.PathValue("secret")), []byte(p.secret)) != 1 {
		if !p.wrong.Allow() {
			w.Header().Set("Retry-After", "10")
			http.Error(w, "too many wrong links: wait a moment", http.StatusTooManyRequests)
			return
		}
		p.show(w, http.StatusForbidden, "signed-out", nil)
		return
	}
	now := time.Now()
	_, value := p.sessions.begin(now, seenBefore(r, now), p.Author)
	http.SetCookie(w, cookie(p.cookieName(r), value, p.Session))
	next := "/"
	if p.Author == "" && p.Source.MayAnswer() {
		next = "/you"
	}
	p.Log.Info().Msg("somebody signed in to the page")
	p.show(w, http.StatusOK, "signed-in", next)
}

func (p *Page) signOut(w http.ResponseWriter, r *http.Request) {
	p.sessions.end(current(r))
	http.SetCookie(w, cookie(p.cookieName(r), "", -time.Second))
	http.Redirect(w, r, "/signed-out", http.StatusSeeOther)
}

// youPage asks for the author of answers.
type youPage struct{ CSRF, Author, Problem string }

func (p *Page) askAuthor(w http.ResponseWriter, r *http.Request, status int, problem string) {
	if p.Author != "" || !p.Source.MayAnswer() {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	s := current(r)
	p.show(w, status, "you", youPage{s.csrf, s.who(), problem})
}

// longestAuthor is the maximum length of a name, in characters.
const longestAuthor = 100

func (p *Page) setAuthor(w http.ResponseWriter, r *http.Request) {
	author := strings.TrimSpace(r.FormValue("author"))
	if p.Author == "" {
		if author == "" || len([]rune(author)) > longestAuthor || strings.ContainsFunc(author, unprintable) {
			p.askAuthor(w, r, http.StatusUnprocessableEntity, "A name of up to 100 letters, on one line, is needed.")
			return
		}
		current(r).setAuthor(author)
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (s *session) setAuthor(author string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.author = author
}

// unprintable are characters no name or comment needs: control characters, and those that reverse
// the reading direction.
func unprintable(c rune) bool { return !unicode.IsPrint(c) && c != ' ' }

func (p *Page) seen(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	current(r).seenAll(now)
	noteSeen(w, now)
	http.Redirect(w, r, "/"+readFilter(r.URL.Query()).query(), http.StatusSeeOther)
}
