package page_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// demo are the invented patients of rlsguard demo.
func demo(t *testing.T) (documents []string) {
	t.Helper()
	names, err := filepath.Glob("../../cmd/rlsguard/demo/[1-5]-*.json")
	if err != nil || len(names) == 0 {
		t.Fatal("no demo files", err)
	}
	for _, n := range names {
		data, err := os.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		documents = append(documents, string(data))
	}
	return documents
}

// longPatient has three years on record.
func longPatient(t *testing.T) (documents []string) {
	t.Helper()
	data, err := os.ReadFile("../timeline/testdata/patient.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if !strings.Contains(line, `"DetectedIssue"`) { // they answer flags of another key
			documents = append(documents, line)
		}
	}
	return documents
}

// row is the row of a patient.
func row(id string) string {
	return `[...document.querySelectorAll("#rows > li")].find((li) => li.querySelector(".who").innerText === "Patient ` + id + `")`
}

// openPatient clicks the row of a patient.
func (w *window) openPatient(id string) {
	w.t.Helper()
	w.until("the row of "+id, `((li) => li && (li.firstElementChild.click(), true))(`+row(id)+`)`)
	w.until("the patient "+id, `document.querySelector("article.patient h1")?.innerText === "Patient `+id+`"`)
}

// names matches addresses and titles that name a patient.
var names = regexp.MustCompile(`(?i:anna|bert|carla|dora|4711-B)|Patient/`)

// namesNobody checks that address and title name nobody.
func (w *window) namesNobody() {
	w.t.Helper()
	var url, title string
	w.do(chromedp.Location(&url), chromedp.Title(&title))
	if names.MatchString(url) || names.MatchString(title) {
		w.t.Errorf("address %s, title %q", url, title)
	}
}

// TestDay is a pharmacist's day, step by step, in one window.
func TestDay(t *testing.T) {
	w := openWindow(t, 1280, 960)
	s := startSite(t)
	documents := demo(t)
	step := func(name string, do func(w *window)) {
		t.Helper()
		if !t.Run(name, func(t *testing.T) { do(&window{w.Context, t, patience}) }) {
			t.FailNow() // the next steps begin where this one ends
		}
	}
	step("without the link nobody reads", func(w *window) {
		w.do(chromedp.Navigate(s.url), chromedp.WaitVisible("body.plain"))
		if text := w.text("body"); !strings.Contains(text, "You are signed out") {
			w.t.Error(text)
		}
	})
	step("sign in", func(w *window) { s.signIn(w) })
	step("live change", func(w *window) {
		s.Publish(documents...)
		w.until("four rows", `document.querySelectorAll("#rows > li").length === 4`)
		s.Publish(longPatient(w.t.(*testing.T))...)
		w.until("the fifth row", `document.querySelectorAll("#rows > li").length === 5`)
		w.until("it is new", row("4711-B")+`.querySelector(".news")`)
	})
	step("list", func(w *window) {
		w.until("the worst are on top", `[...document.querySelectorAll("#rows > li .severity")].map((e) => e.innerText.trim().toLowerCase()).join()`+
			` === "high,high,moderate,moderate,low"`)
		if text := w.text("#rows"); !strings.Contains(text, "gabapentin + oxycodone · ferritin 41 ng/mL") {
			w.t.Error(text)
		}
		if text := w.text("#bar"); !strings.Contains(text, "7 of 7 rules not reviewed") {
			w.t.Error(text)
		}
		w.shoot("list")
	})
	step("filter", filters)
	step("open a patient", func(w *window) {
		w.openPatient("4711-B")
		w.namesNobody()
		w.until("a figure is drawn, and only one is seen",
			`[...document.querySelectorAll(".chart svg")].filter((e) => e.getBoundingClientRect().width > 300).length === 1`)
		for _, want := range []string{"ferritin", "88", "1800 mg a day"} {
			if text := w.text(".chart svg"); !strings.Contains(text, want) {
				w.t.Errorf("no %s in %s", want, text)
			}
		}
		w.shoot("plot")
		w.do(chromedp.Click("details.flag.high summary"), chromedp.WaitVisible("details.flag.high dl"))
		for _, want := range []string{"What to do", "Source", "rule not yet reviewed", "History", "opened"} {
			if text := w.text("details.flag.high"); !strings.Contains(text, want) {
				w.t.Errorf("no %s in %s", want, text)
			}
		}
		if text := w.text("article.patient"); strings.Count(text, "Exercise and stretching help") != 1 {
			w.t.Error("the counsel is not said once", text)
		}
		w.shoot("patient")
		pictureForReaders(w.t)
		w.until("the same is in a table", `[...document.querySelectorAll(".tl-tables td")].some((e) => e.textContent === "33")`)
	})
	step("why silent", func(w *window) {
		w.do(chromedp.Evaluate(`[...document.querySelectorAll("details.more")].find((d) => d.innerText.includes("silent")).open = true`, nil))
		if text := w.text("article.patient"); !strings.Contains(text, "an ordinary drug, in none of our classes") {
			w.t.Error(text)
		}
	})
	step("acknowledge", func(w *window) {
		w.do(chromedp.Click(`details.flag.high button.main`))
		w.until("it comes back by the stream", `document.querySelector("details.flag.answered")`)
		if text := w.text("details.flag.answered .short"); text != "Acknowledged, by Pharmacist 7, on 2026-11-23" {
			w.t.Error(text)
		}
		w.until("the row is of the next flag", row("4711-B")+`.querySelector(".severity.moderate")`)
	})
	step("override several", func(w *window) {
		w.do(chromedp.Evaluate(`for (const d of [...document.querySelectorAll("details.flag.moderate")].slice(0, 2)) `+
			`{ d.open = true; d.querySelector("input[name=flag]").checked = true }`, nil))
		w.do(
			chromedp.Click(`#answer button[value="override"]`), chromedp.WaitVisible(".problem"),
		)
		if text := w.text(".problem"); text != "Choose a reason to override." {
			w.t.Error(text)
		}
		w.do(
			chromedp.Evaluate(`for (const d of [...document.querySelectorAll("details.flag.moderate")].slice(0, 2)) `+
				`d.querySelector("input[name=flag]").checked = true; `+
				`for (const [name, value] of [["reason", "already-ordered"], ["until", "2026-12-01"], `+
				`["comment", "seen <b>again</b> in May"]]) { const e = document.querySelector("#answer [name=" + name + "]"); `+
				`e.value = value; e.dispatchEvent(new Event("input", { bubbles: true })) }`, nil),
			chromedp.Click(`#answer button[value="override"]`),
		)
		w.until("both come back", `document.querySelectorAll("details.flag.answered").length === 3`)
		w.shoot("answered")
	})
	step("answers soon to lapse", func(w *window) {
		w.do(chromedp.Navigate(s.url+"/answers"), chromedp.WaitVisible("table.answers"))
		text := w.text("table.answers")
		for _, want := range []string{"Overridden: The test or treatment is ordered already", "Pharmacist 7",
			"2026-12-01", "lapses soon", "what it rests on gets worse", "seen <b>again</b> in May"} {
			if !strings.Contains(text, want) {
				w.t.Errorf("no %s in %s", want, text)
			}
		}
		w.shoot("answers")
	})
	step("server away and back", func(w *window) {
		w.do(chromedp.Navigate(s.url+"/"), chromedp.WaitVisible("#rows"))
		s.wire.set(true)
		w.until("it says since when it is old",
			`/^not connected since \d\d:\d\d:\d\d: the list may be old$/.test(document.querySelector("#sight.old")?.innerText.trim())`)
		w.shoot("away")
		s.wire.set(false)
		w.until("it is live again", `document.querySelector("#sight.live")`)
		data, err := os.ReadFile("../../cmd/rlsguard/demo/6-anna-again.json")
		if err != nil {
			w.t.Fatal(err)
		}
		s.Publish(string(data))
		w.until("what came since is shown", `!(`+row("anna")+`)`)
	})
	step("keyboard only", func(w *window) { byKeyboard(w, s) })
	step("print", func(w *window) { printed(w) })
	step("narrow and wide, dark and light", func(w *window) { looks(w, s) })
	step("sign out", func(w *window) {
		w.do(chromedp.Navigate(s.url+"/"), chromedp.WaitVisible("#rows"), chromedp.Click(`#bar form button`),
			chromedp.WaitVisible("body.plain"))
		w.do(chromedp.Navigate(s.url+"/"), chromedp.WaitVisible("body.plain"))
		if text := w.text("body"); !strings.Contains(text, "You are signed out") {
			w.t.Error(text)
		}
	})
	if found := names.FindString(s.log.String()); found != "" {
		t.Errorf("the log names %s", found)
	}
}

// filters sets and clears filters.
func filters(w *window) {
	w.do(chromedp.Click(`//a[@class="chip" and text()="High"]`, chromedp.BySearch), chromedp.WaitVisible("#rows"))
	w.until("two rows", `document.querySelectorAll("#rows > li").length === 2`)
	var url string
	w.do(chromedp.Location(&url))
	if !strings.HasSuffix(url, "/?severity=high") {
		w.t.Error(url)
	}
	w.namesNobody()
	w.do(chromedp.SetValue("select[name=check]", "iron-low"), chromedp.Click(".picks button"))
	w.until("both have it", `location.search.includes("check=iron-low") && document.querySelectorAll("#rows > li").length === 2`)
	w.do(chromedp.Click(`//a[@class="chip" and text()="Answered"]`, chromedp.BySearch))
	w.until("none", `document.querySelector("#empty")?.innerText && !document.querySelector("#rows > li")`)
	if text := w.text("#empty"); !strings.Contains(text, "No patient fits these filters") {
		w.t.Error(text)
	}
	w.do(chromedp.Click("#empty a"))
	w.until("all again", `document.querySelectorAll("#rows > li").length === 5`)
}

// byKeyboard goes the whole way without a mouse.
func byKeyboard(w *window, s *site) {
	w.do(chromedp.Navigate(s.url+"/"), chromedp.WaitVisible("#rows"))
	w.do(chromedp.KeyEvent(kb.Tab))
	w.until("a way past the list", `document.activeElement.className === "skip"`)
	for range 40 {
		w.do(chromedp.KeyEvent(kb.Tab))
		var there bool
		if w.do(chromedp.Evaluate(`document.activeElement.matches("#rows a.row")`, &there)); there {
			break
		}
	}
	w.do(chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent(kb.Home),
		chromedp.KeyEvent(kb.ArrowDown))
	w.until("the second row", `document.activeElement === document.querySelectorAll("#rows a.row")[1]`)
	w.do(chromedp.KeyEvent(kb.Enter))
	w.until("a patient, with the focus on it",
		`document.activeElement.id === "patient" && document.querySelector("details.flag")`)
	for range 40 {
		w.do(chromedp.KeyEvent(kb.Tab))
		var there bool
		if w.do(chromedp.Evaluate(`document.activeElement.matches("details.flag summary")`, &there)); there {
			break
		}
	}
	w.do(chromedp.KeyEvent(kb.Enter))
	w.until("it opens", `document.activeElement.parentElement.open`)
	w.do(chromedp.KeyEvent(kb.Tab))
	for range 20 {
		var there bool
		if w.do(chromedp.Evaluate(`document.activeElement.matches("button.main")`, &there)); there {
			break
		}
		w.do(chromedp.KeyEvent(kb.Tab))
	}
	w.do(chromedp.KeyEvent(kb.Enter))
	w.until("it is answered", `document.querySelector("details.flag.answered")`)
	w.do(chromedp.KeyEvent(kb.Escape))
	w.until("back in the list", `document.activeElement.matches("#rows a.row")`)
}

// printed prints a leaflet and the patient's flags to PDF.
func printed(w *window) {
	w.openPatient("4711-B")
	var leaflet string
	w.do(chromedp.Evaluate(`[...document.querySelectorAll("a")].find((a) => a.innerText.includes("leaflet")).href`, &leaflet))
	w.do(chromedp.Navigate(leaflet), chromedp.WaitVisible("ol.points"))
	text := w.text("main")
	for _, banned := range []string{"moderate", "4711", "MedicationRequest", "AASM", "doi"} {
		if strings.Contains(strings.ToLower(text), strings.ToLower(banned)) {
			w.t.Errorf("a leaflet says %s:\n%s", banned, text)
		}
	}
	w.shoot("leaflet")
	var pdf []byte
	w.do(chromedp.ActionFunc(func(ctx context.Context) (err error) {
		pdf, _, err = page.PrintToPDF().WithPaperWidth(8.27).WithPaperHeight(11.69).Do(ctx)
		return err
	}))
	if pages := len(regexp.MustCompile(`/Type\s*/Page\b[^s]`).FindAll(pdf, -1)); pages != 1 {
		w.t.Errorf("the leaflet takes %d pages", pages)
	}
}

// looks checks that nothing sticks out, and that axe-core finds no serious barrier, at both widths
// and in both colour schemes.
func looks(w *window, s *site) {
	axe, err := os.ReadFile("testdata/axe/axe.min.js")
	if err != nil {
		w.t.Fatal(err)
	}
	sum := sha256.Sum256(axe)
	if got := hex.EncodeToString(sum[:]); got != "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c" {
		w.t.Fatal("axe.min.js is not the one of the package", got)
	}
	for _, width := range []int64{1280, 390} {
		for _, scheme := range []string{"light", "dark"} {
			w.do(
				chromedp.EmulateViewport(width, 900),
				emulation.SetEmulatedMedia().WithFeatures(
					[]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
				),
			)
			for _, place := range []string{"list", "patient", "answers"} {
				w.do(chromedp.Navigate(s.url+map[string]string{"answers": "/answers"}[place]),
					chromedp.WaitVisible("#bar"))
				if place == "patient" {
					w.openPatient("4711-B")
					w.do(chromedp.Evaluate(`document.querySelectorAll("details").forEach((d) => { d.open = true })`, nil))
				}
				name := fmt.Sprintf("%s-%d-%s", place, width, scheme)
				w.shoot(name)
				w.until(name+": nothing sticks out", fmt.Sprintf(`document.documentElement.scrollWidth <= %d`, width))
				w.barriers(name, string(axe))
			}
		}
	}
	w.do(chromedp.EmulateViewport(1280, 960), emulation.SetEmulatedMedia())
}

// barriers lists the serious or critical findings of axe-core.
func (w *window) barriers(name, axe string) {
	w.t.Helper()
	var found []string
	w.do(
		chromedp.Evaluate(axe+"; undefined", nil),
		chromedp.Evaluate(`axe.run().then((r) => r.violations.filter((v) => ["serious", "critical"].includes(v.impact))`+
			`.map((v) => v.id + ": " + v.nodes.slice(0, 3).map((n) => n.html + " " + n.failureSummary).join("; ")))`, &found, awaited),
	)
	for _, f := range found {
		w.t.Errorf("%s: %s", name, f)
	}
}

// awaited waits for a promise.
func awaited(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }

var picture = flag.Bool("picture", false, "take the picture of the README anew")

// pictureForReaders is the one in the README: small enough for everybody who clones.
func pictureForReaders(t testing.TB) {
	t.Helper()
	const file, most = "testdata/page.png", 200_000
	if *picture {
		data, err := os.ReadFile(filepath.Join(screenshots(t), "plot.png"))
		if err == nil {
			err = os.WriteFile(file, data, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(file)
	if err != nil || !bytes.HasPrefix(data, []byte("\x89PNG")) || len(data) > most {
		t.Errorf("%s: %d bytes, %v: take it again with -picture", file, len(data), err)
	}
}
