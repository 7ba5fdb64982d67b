package page_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/ahead"
	"github.com/rlsguard/rlsguard/checks/clears"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/consumers/page"
	"github.com/rlsguard/rlsguard/consumers/timeline"
)

var places = []string{"/", "/answers", "/you", "/live", "/patient/00", "/patient/00/leaflet", "/no-such-page"}

func TestWithoutTheLinkNobodyReads(t *testing.T) {
	c := startPage(t, &source{flags: []checks.Flag{aFlag(1)}})
	for _, p := range places {
		if answer, body := c.get(p); answer.StatusCode != http.StatusUnauthorized || strings.Contains(body, "p1") {
			t.Errorf("%s: %s\n%s", p, answer.Status, body)
		}
	}
	for range 3 {
		if answer, _ := c.get("/sign-in/0123456789abcdef"); answer.StatusCode != http.StatusForbidden ||
			len(answer.Cookies()) > 0 {
			t.Error(answer.Status, answer.Cookies())
		}
	}
	for range 20 {
		if answer, _ := c.get("/sign-in/guess"); answer.StatusCode == http.StatusTooManyRequests {
			return
		}
	}
	t.Error("one may guess as fast as one likes")
}

func TestHeaders(t *testing.T) {
	c := startPage(t, &source{flags: []checks.Flag{aFlag(1)}})
	signedIn, _ := c.get(c.page.SignIn())
	for _, k := range signedIn.Cookies() {
		if !k.HttpOnly || k.SameSite != http.SameSiteStrictMode || k.Path != "/" {
			t.Errorf("cookie %s", k)
		}
	}
	list := c.signIn()
	for _, p := range []string{"/", "/answers", "/patient/" + token(list), "/patient/00", "/static/page.js",
		"/static/page.css"} {
		answer, body := c.get(p)
		h := answer.Header
		policy := h.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") ||
			strings.Contains(policy, "http") {
			t.Errorf("%s: policy %q", p, policy)
		}
		if h.Get("Cache-Control") != "no-store" || h.Get("Referrer-Policy") != "no-referrer" ||
			h.Get("X-Frame-Options") != "DENY" {
			t.Errorf("%s: %v", p, h)
		}
		if !strings.HasPrefix(p, "/static/") &&
			regexp.MustCompile(`<script>|<style|\sstyle=|\son[a-z]+=|src="http|javascript:`).MatchString(body) {
			t.Errorf("%s has script or style of its own in it", p)
		}
	}
}

func TestOnlyThisMachineAndThisSite(t *testing.T) {
	s := &source{flags: []checks.Flag{aFlag(1)}}
	c := startPage(t, s)
	list := c.signIn()
	rebound := func(r *http.Request) { r.Host = "rebound.example.org" }
	if answer, _ := c.get("/", rebound); answer.StatusCode != http.StatusForbidden {
		t.Error("another name that leads here:", answer.Status)
	}
	path, form := "/patient/"+token(list)+"/answer", url.Values{"do": {"acknowledge"}, "flag": {aFlag(1).ID}}
	if answer, _ := c.send(http.MethodPost, path, form); answer.StatusCode != http.StatusForbidden {
		t.Error("without the token of the form:", answer.Status)
	}
	form.Set("csrf", csrf(list))
	for header, value := range map[string]string{"Sec-Fetch-Site": "cross-site",
		"Origin": "https://elsewhere.example.org"} {
		if answer, _ := c.send(http.MethodPost, path, form, func(r *http.Request) {
			r.Header.Set(header,
				value)
		}); answer.StatusCode != http.StatusForbidden {
			t.Errorf("%s %s: %s", header, value, answer.Status)
		}
	}
	if len(s.answers) > 0 {
		t.Error("answered", s.answers)
	}
	if answer, body := c.send(http.MethodPost, path, form); answer.StatusCode != http.StatusSeeOther ||
		len(s.answers) != 1 {
		t.Error("from the page itself:", answer.Status, body)
	}
}

func TestWithoutTheRightNobodyAnswers(t *testing.T) {
	for name, s := range map[string]*source{"reading only": {deny: true},
		"the server refuses": {fail: page.ErrNotAllowed}} {
		t.Run(name, func(t *testing.T) {
			s.flags = []checks.Flag{aFlag(1)}
			c := startPage(t, s)
			list := c.signIn()
			_, shown := c.get("/patient/" + token(list))
			if has := strings.Contains(shown, "Acknowledge"); has == s.deny {
				t.Error("buttons:", has)
			}
			answer, body := c.send(http.MethodPost, "/patient/"+token(list)+"/answer", url.Values{
				"csrf": {csrf(list)}, "do": {"acknowledge"}, "flag": {aFlag(1).ID},
			})
			if answer.StatusCode != http.StatusForbidden {
				t.Error(answer.Status, body)
			}
		})
	}
}

func TestAnAnswerIsTheFact(t *testing.T) {
	s := &source{flags: []checks.Flag{aFlag(1), aFlag(2)}}
	c := startPage(t, s)
	list := c.signIn()
	path := "/patient/" + token(list) + "/answer"
	form := url.Values{"csrf": {csrf(list)}, "flag": {aFlag(1).ID, aFlag(2).ID}}
	for problem, change := range map[string]url.Values{
		"Choose what to answer.":                  {"do": {"resolve"}},
		"Choose a reason to override.":            {"do": {"override"}, "reason": {"because"}},
		"The end of the answer is no date.":       {"do": {"acknowledge"}, "until": {"soon"}},
		"The end of the answer is over already.":  {"do": {"acknowledge"}, "until": {"2026-11-22"}},
		"The comment is longer than 500 letters,": {"do": {"acknowledge"}, "comment": {"a\u202eb"}},
		"A flag that was marked is not open":      {"do": {"acknowledge"}}, // of another patient
		"Mark the flags that you answer.":         {"do": {"acknowledge"}, "flag": {}},
	} {
		sent := url.Values{}
		for _, from := range []url.Values{form, change} {
			for k, v := range from {
				sent[k] = v
			}
		}
		if _, body := c.send(http.MethodPost, path, sent); !strings.Contains(body, problem) {
			t.Errorf("%v: %s, want %s", change, body, problem)
		}
	}
	s.answers = nil
	form["flag"] = []string{found(`href="/patient/`+token(list)+`"[^§]*?Patient p(\d)`, list)}
	id := aFlag(1).ID
	if form["flag"][0] == "2" {
		id = aFlag(2).ID
	}
	form["flag"] = []string{id}
	for k, v := range map[string]string{"do": "override", "reason": "will-monitor", "until": "2027-01-31",
		"comment": "with a word"} {
		form.Set(k, v)
	}
	if answer, body := c.send(http.MethodPost, path, form); answer.StatusCode != http.StatusSeeOther {
		t.Fatal(answer.Status, body)
	}
	a := s.answers[0].Ack
	if a == nil || a.FlagID != id || a.Basis != "b" || !a.Override || a.Reason != "will-monitor" ||
		a.Author != "Practitioner/7" ||
		a.Comment != "with a word" || a.Date.Date(time.UTC) != "2026-11-23" ||
		a.Until.Date(time.UTC) != "2027-01-31" {
		t.Errorf("%+v", a)
	}
}

func TestSessionsEnd(t *testing.T) {
	s := &source{flags: []checks.Flag{aFlag(1)}}
	c := startPage(t, s, func(c *page.Config) { c.Session = 2 * time.Second })
	list := c.signIn()
	if answer, _ := c.send(http.MethodPost, "/sign-out",
		url.Values{"csrf": {csrf(list)}}); answer.StatusCode != http.StatusSeeOther {
		t.Fatal(answer.Status)
	}
	if answer, _ := c.get("/"); answer.StatusCode != http.StatusUnauthorized {
		t.Error("after signing out:", answer.Status)
	}
	c.signIn()
	_, events := c.get("/live?number=0") // it ends with the session
	if !strings.Contains(events, "event: signed-out") {
		t.Error(events)
	}
	if answer, _ := c.get("/"); answer.StatusCode != http.StatusUnauthorized {
		t.Error("after its time:", answer.Status)
	}
}

func TestRates(t *testing.T) {
	c := startPage(t, &source{flags: []checks.Flag{aFlag(1)}})
	list := c.signIn()
	form := url.Values{"csrf": {csrf(list)}, "do": {"acknowledge"}, "flag": {aFlag(1).ID}}
	limited := func(do func() *http.Response) bool {
		for range 500 {
			if answer := do(); answer.StatusCode == http.StatusTooManyRequests ||
				answer.StatusCode == http.StatusForbidden {
				return true
			}
		}
		return false
	}
	if !limited(func() *http.Response {
		a, _ := c.send(http.MethodPost, "/patient/"+token(list)+"/answer", form)
		return a
	}) {
		t.Error("one may answer as fast as one likes")
	}
	if !limited(func() *http.Response { a, _ := c.get("/you"); return a }) {
		t.Error("one may ask as fast as one likes")
	}
}

// canary is what a payload may hold: markup, script, an end of attributes, controls that reverse
// the reading direction.
const canary = `Kanarie"'><script>alert(1)</script><img src=x onerror=alert(2)>{{.}}` +
	"\u202ekcab\u202c\u2066\u200f\u0007\x1b[31m"

// fill puts canaries into every string of v.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() || v.Type() == reflect.TypeFor[facts.Ref]() {
			v.SetString(canary)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() && v.Type() != reflect.TypeFor[time.Time]() {
				fill(v.Field(i))
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	}
}

func TestCanaries(t *testing.T) {
	var f checks.Flag
	var line timeline.Patient
	fill(reflect.ValueOf(&f).Elem())
	fill(reflect.ValueOf(&line).Elem())
	f.State, f.Severity, f.ID = checks.Open, checks.High, aFlag(1).ID
	f.Patient, f.AsOf, line.AsOf = "Patient/"+facts.Ref(canary), asOf, asOf
	line.Flags[0].ID, line.Flags[0].State = f.ID, checks.Open
	line.Zone = "UTC"
	answered := f
	answered.ID, answered.State = aFlag(2).ID, checks.Acknowledged
	c := startPage(t, &source{flags: []checks.Flag{f, answered}, line: &line}, func(c *page.Config) {
		c.Author, c.RecordURL = canary, "https://ehr.example.org/{type}/{id}"
	})
	list := c.signIn()
	bodies := map[string]string{"list": list}
	for _, p := range []string{"/answers", "/patient/" + token(list), "/patient/" + token(list) + "/leaflet"} {
		answer, body := c.get(p)
		bodies[p] = body
		for name, values := range answer.Header {
			if strings.Contains(strings.Join(values, ""), "Kanarie") {
				t.Errorf("%s: header %s: %v", p, name, values)
			}
		}
	}
	bodies["live"] = c.firstEvent("/live?number=0")
	for p, body := range bodies {
		if !strings.Contains(body, "Kanarie") {
			t.Errorf("%s shows nothing:\n%s", p, body)
		}
		for _, bad := range []string{"<script>alert", "<img", "\u202e", "\u202c", "\u2066", "\u200f", "\x07",
			"\x1b"} {
			if i := strings.Index(body, bad); i >= 0 {
				t.Errorf("%s has %q: …%s…", p, bad, body[max(0, i-200):min(len(body), i+100)])
			}
		}
	}
	if strings.Contains(c.log.String(), "Kanarie") {
		t.Error("the log:", c.log)
	}
}

// firstEvent is the first of a live list, as the script inserts it.
func (c *client) firstEvent(path string) string {
	c.t.Helper()
	ctx, stop := context.WithCancel(c.t.Context())
	defer stop()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+path, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	answer, err := c.Do(r)
	for err == nil && answer.StatusCode == http.StatusTooManyRequests { // a test asks faster than a page
		answer.Body.Close()
		time.Sleep(100 * time.Millisecond)
		answer, err = c.Do(r)
	}
	if err != nil {
		c.t.Fatal(err)
	}
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			var event struct {
				Bar  string
				Rows []struct{ HTML string }
			}
			if err := json.Unmarshal([]byte(data), &event); err != nil {
				c.t.Fatal(err)
			}
			for _, row := range event.Rows {
				event.Bar += row.HTML
			}
			return event.Bar
		}
	}
	c.t.Fatal("no event", lines.Err())
	return ""
}

// What would clear a flag, and what time does to it, is shown; patients can be filtered by the
// latter.
func TestClearsAndWhatComesNext(t *testing.T) {
	bare, f := aFlag(1), aFlag(2)
	day := asOf.Truncate(24*time.Hour).AddDate(0, 0, 20)
	f.Next = ahead.Next{At: moment.Time{Nanos: day.UnixNano(), Precision: moment.ToDay}, To: ahead.Worse}
	f.Clears = []clears.Change{{Kind: clears.Lab, Text: "a ferritin above 75 ng/mL"}}
	c := startPage(t, &source{flags: []checks.Flag{bare, f}})
	list := c.signIn()
	for patient, says := range map[string]bool{"p1": false, "p2": true} {
		_, body := c.get("/patient/" + found(`/patient/([0-9a-f]+)">[^/]*</span><span class="who">Patient `+patient+`<`, list))
		if !strings.Contains(body, "<h1>Patient "+patient) {
			t.Fatal(body)
		}
		for _, want := range []string{"Would clear it", "a ferritin above 75 ng/mL", "on 2026-12-13 it gets worse"} {
			if strings.Contains(body, want) != says {
				t.Errorf("%s says %q: %t", patient, want, !says)
			}
		}
	}
	for days, there := range map[string]bool{"7": false, "30": true} {
		if _, list := c.get("/?due=" + days); strings.Contains(list, "Patient p2") != there ||
			strings.Contains(list, "Patient p1") {
			t.Errorf("due within %s days: %t", days, !there)
		}
	}
}
