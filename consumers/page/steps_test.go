package page_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// demo are the made-up patients of rlsguard demo.
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

// longPatient is one with three years on record.
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

// TestDay is a day of a pharmacist: sign in, look, answer.
func TestDay(t *testing.T) {
	w := openWindow(t, 1280, 960)
	s := startSite(t)
	documents := demo(t)
	s.signIn(w)
	s.Publish(documents[:3]...)
	w.until("the rows come live", `document.querySelectorAll("#rows > li").length === 3`)
	w.shoot("list")
	s.Publish(longPatient(t)...)
	w.until("the new row comes live", `document.querySelectorAll("#rows > li").length === 4`)
	w.do(chromedp.Click("#rows > li:first-child a.row"), chromedp.WaitVisible("article.patient"))
	w.do(chromedp.Click("details.flag:first-of-type summary"))
	w.shoot("patient")
	w.do(chromedp.Click("details[open] button.main"))
	w.until("acknowledged", `document.querySelector("details.flag.answered")`)
	w.shoot("acknowledged")
}
