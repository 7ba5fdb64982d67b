package page_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/page"
)

// Flags opened or worsened since the last visit are marked, whoever saw them come, and can be
// filtered.
func TestSinceTheLastVisit(t *testing.T) {
	old, fresh, worse := aFlag(1), aFlag(2), aFlag(3)
	now := time.Now()
	old.AsOf, fresh.AsOf, worse.AsOf = now.Add(-72*time.Hour), now.Add(-time.Hour), now.Add(-time.Hour)
	worse.Change, worse.Number = checks.ChangeUpdated, 3
	before := worse
	before.Change, before.Severity, before.State, before.Number = checks.ChangeMoved, checks.Low, checks.Resolved, 2
	c := startPage(t, &source{flags: []checks.Flag{old, fresh, worse}, moved: []checks.Flag{before}},
		func(c *page.Config) { c.Now = time.Now })
	dayAgo := strconv.FormatInt(now.Add(-24*time.Hour).Unix(), 10)
	if answer, _ := c.get(c.page.SignIn(), func(r *http.Request) {
		r.AddCookie(&http.Cookie{Name: "rlsguard-seen", Value: dayAgo})
	}); answer.StatusCode != http.StatusOK {
		t.Fatal(answer.Status)
	}
	list := ""
	for range 500 {
		if _, list = c.get("/"); !strings.Contains(list, "The flags are being read") {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	for name, want := range map[string]string{"p1": "", "p2": "new", "p3": "worse"} {
		row := found(`Patient `+name+`</span><span class="when">(?:<b class="news">(\w+)</b> )?<time`, list)
		if row != want {
			t.Errorf("%s is %q, want %q", name, row, want)
		}
	}
	if !strings.Contains(list, `data-least>over 1 h`) {
		t.Error("the flag that got worse was open before, nobody knows since when")
	}
	defer func() {
		answer, body := c.send(http.MethodPost, "/seen?severity=moderate", url.Values{"csrf": {csrf(list)}})
		if answer.StatusCode != http.StatusSeeOther || answer.Header.Get("Location") != "/?severity=moderate" {
			t.Error(answer.Status, answer.Header, body)
		}
		if _, list := c.get("/"); strings.Contains(list, `class="news"`) || !strings.Contains(list, "Patient p2") {
			t.Error("all was seen", list)
		}
	}()
	if _, news := c.get("/?new=1"); strings.Contains(news, "Patient p1") || !strings.Contains(news,
		"Patient p2") || !strings.Contains(news, "Patient p3") {
		t.Error("the filter of what is new", news)
	}
}
