package page_test

import (
	"errors"
	"fmt"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/page"
)

// manyFlags are the open flags of a large site.
const manyFlags = 10_000

func many() *source {
	s := &source{sight: make(chan page.Sight, 1)}
	for n := range manyFlags {
		f := aFlag(n)
		f.Severity, f.AsOf = checks.Severity(1+n%3), asOf.Add(-time.Duration(n)*time.Minute)
		s.flags = append(s.flags, f)
	}
	return s
}

// A list of 10,000 patients appears soon and scrolls, and shows a change at once. How soon is
// reported, not asserted: build machines are busy.
func TestManyFlags(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long on a busy machine")
	}
	w := openWindow(t, 1280, 960)
	s := many()
	c := startPage(t, s)
	see := <-s.sight
	w.patience = 3 * time.Minute
	w.do(chromedp.Navigate(c.base + c.page.SignIn()))
	w.until("all rows are there", fmt.Sprintf(`document.querySelectorAll("#rows > li").length === %d`, manyFlags))
	var paint, whole float64
	w.do(
		chromedp.Navigate("about:blank"), chromedp.Navigate(c.base),
		chromedp.Evaluate(`performance.getEntriesByName("first-contentful-paint")[0].startTime`, &paint),
		chromedp.Evaluate(`performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd`, &whole),
	)
	w.until("it is live", `document.querySelector("#sight.live")`)
	w.do(chromedp.Evaluate(`new MutationObserver(() => { window.came ??= Date.now() }).observe(document.getElementById("rows"), { childList: true })`, nil))
	f := aFlag(manyFlags)
	f.Severity = checks.High
	f.AsOf = asOf.Add(-10_000 * time.Hour)
	at := time.Now()
	if err := see.Live(f); err != nil {
		t.Fatal(err)
	}
	w.until("the oldest of high severity is on top",
		fmt.Sprintf(`document.querySelector("#rows > li:first-child .who").innerText === "Patient p%d"`, manyFlags))
	var came float64
	w.do(chromedp.Evaluate(`window.came`, &came))
	var scrolled float64
	w.do(chromedp.Evaluate(scrollingFrames, &scrolled, awaited))
	w.until("the end can be scrolled to", `((list) => { list.scrollTop = 1e9; return list.scrollTop > 100000 })(document.getElementById("list"))`)
	w.shoot("many")
	t.Logf("%d open flags: first paint after %.0f ms, the whole list after %.0f ms, a change after %.0f ms, "+
		"slowest frame while scrolling %.0f ms",
		manyFlags, paint, whole, came-float64(at.UnixMilli()), scrolled)
}

// scrollingFrames scrolls through the list and returns the longest time between two frames.
const scrollingFrames = `new Promise((done) => {
	const list = document.getElementById("list");
	let last = performance.now(), worst = 0, n = 0;
	const step = (now) => {
		worst = Math.max(worst, now - last); last = now;
		list.scrollTop += 400;
		if (++n < 60) requestAnimationFrame(step); else done(worst);
	};
	requestAnimationFrame(step);
})`

// An hour of changes, and lists that come and go, leave nothing behind.
func TestChangesLeaveNothingBehind(t *testing.T) {
	s := many()
	c := startPage(t, s)
	see := <-s.sight
	list := c.signIn()
	heap := func() uint64 {
		runtime.GC()
		runtime.GC() // pooled memory goes with the second
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	hour := func(from int) {
		for n := range 3600 * 5 {
			f := s.flags[n%manyFlags]
			f.Number, f.Change = uint64(from+n), checks.ChangeUpdated
			f.Summary = strings.Repeat("x", 200+n%100) + f.Summary
			if n%2 == 1 { // a patient who comes and goes
				f = aFlag(manyFlags + from + n)
				if err := see.Live(f); err != nil {
					t.Fatal(err)
				}
				f.State, f.Change, f.Number = checks.Resolved, checks.ChangeResolved, 2
			}
			if err := see.Live(f); err != nil {
				t.Fatal(err)
			}
			if n%1000 == 0 {
				c.firstEvent("/live?number=0")
			}
		}
	}
	hour(10)
	before := heap()
	hour(100_000)
	hour(200_000)
	after := heap()
	t.Logf("%.1f MB after one round of changes, %.1f MB after three", float64(before)/1e6, float64(after)/1e6)
	if after > before+before/2 { // 1 kB for each of 36,000 changes would double it
		t.Errorf("%d bytes became %d", before, after)
	}
	if answer, _ := c.send("POST", "/sign-out", url.Values{"csrf": {csrf(list)}}); answer.StatusCode != 303 {
		t.Error(answer.Status)
	}
}

// A flag that cannot be shown is counted where everybody looks.
func TestWhatIsLeftOutIsSaid(t *testing.T) {
	s := many()
	c := startPage(t, s)
	see := <-s.sight
	if list := c.signIn(); strings.Contains(list, "left out") {
		t.Error("something is left out before anything was")
	}
	see.LeftOut(errors.New("sequence 7 of RLS_FLAGS cannot be read"))
	if _, list := c.send("GET", "/", nil); !strings.Contains(list, "1 left out") {
		t.Error("the list does not say that a flag is left out")
	}
}
