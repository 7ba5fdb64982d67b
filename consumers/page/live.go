package page

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// How often a live list is told that all is well, and how long changes are gathered first: a change
// of rules moves thousands.
const (
	beatEvery = 5 * time.Second
	gather    = 30 * time.Millisecond
)

// liveRow is a change of the list, for the page's script.
type liveRow struct {
	Token string `json:"token"`
	Key   string `json:"key,omitempty"`
	HTML  string `json:"html,omitempty"` // "" takes the row away
	High  bool   `json:"high,omitempty"` // somebody has to look
}

// serveLive streams changes to a browser, from the last one it knows, as server-sent events.
func (p *Page) serveLive(w http.ResponseWriter, r *http.Request) {
	s := current(r)
	if !s.joinLive(1) {
		w.Header().Set("Retry-After", "30")
		http.Error(w, "too many lists are open side by side", http.StatusTooManyRequests)
		return
	}
	defer s.joinLive(-1)
	known := r.Header.Get("Last-Event-ID")
	if known == "" {
		known = r.URL.Query().Get("number")
	}
	number, err := strconv.ParseUint(known, 10, 64)
	if err != nil {
		number = 0
	}
	w.Header().Set("Content-Type", "text/event-stream")
	out := &events{w: w, control: http.NewResponseController(w)}
	_ = out.control.SetWriteDeadline(time.Time{})
	changed, end := p.list.follow()
	defer end()
	beat := time.NewTicker(beatEvery)
	defer beat.Stop()
	left := time.NewTimer(time.Until(s.ends))
	defer left.Stop()
	f := readFilter(r.URL.Query())
	for {
		if number, err = p.tellChanges(out, s, f, number); err != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-s.done:
			out.event("signed-out", "", nil)
			return
		case <-left.C:
			p.sessions.end(s)
			out.event("signed-out", "", nil)
			return
		case <-beat.C:
		case <-changed:
			time.Sleep(gather)
		}
	}
}

// tellChanges sends the rows changed after a number, and the bar.
func (p *Page) tellChanges(out *events, s *session, f filter, number uint64) (uint64, error) {
	changed, now, ok := p.list.after(number)
	if !ok {
		return now, out.event("again", strconv.FormatUint(now, 10), nil)
	}
	s.mu.Lock()
	since := s.since
	s.mu.Unlock()
	var rows []liveRow
	for token, r := range changed {
		one := liveRow{Token: token}
		if r != nil && f.through(r, since, p.Now()) {
			var b bytes.Buffer
			p.writeRow(&b, r, since)
			one.Key, one.HTML = r.Key, b.String()
			one.High = r.High > 0 && r.Changed.After(since)
		}
		rows = append(rows, one)
	}
	var b bytes.Buffer
	if err := templates().ExecuteTemplate(&b, "bar", p.bar(s, f)); err != nil {
		return number, err
	}
	return now, out.event("change", strconv.FormatUint(now, 10), struct {
		Bar  string    `json:"bar"`
		Rows []liveRow `json:"rows,omitempty"`
	}{b.String(), rows})
}

// events writes server-sent events (HTML Standard, 9.2).
type events struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

// eventTimeout is how long a browser may take to read one.
const eventTimeout = 20 * time.Second

func (e *events) event(kind, id string, data any) error {
	var text bytes.Buffer
	write := json.NewEncoder(&text)
	write.SetEscapeHTML(false) // the script inserts it as HTML anyway
	if err := write.Encode(data); err != nil {
		return err
	}
	if id != "" {
		id = "id: " + id + "\n"
	}
	if err := e.control.SetWriteDeadline(time.Now().Add(eventTimeout)); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(e.w, "event: %s\n%sdata: %s\n\n", kind, id, bytes.TrimSpace(text.Bytes())); err != nil {
		return err
	}
	return e.control.Flush()
}
