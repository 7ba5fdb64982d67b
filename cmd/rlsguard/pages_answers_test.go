package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
)

// replayed are the flags that replay prints for files.
func replayed(t *testing.T, files ...string) (flags []map[string]any) {
	t.Helper()
	var out, errs bytes.Buffer
	p := &terminal.Program{Stdout: bufio.NewWriter(&out), Stderr: &errs, Now: time.Now}
	args := append([]string{"replay", "--format", "json", "--as-of", "2026-11-23T10:00:00Z"}, files...)
	if code := execute(p, args); code != terminal.ExitDone {
		t.Fatalf("exit %d: %s", code, errs.String())
	}
	for line := range strings.Lines(out.String()) {
		var flag map[string]any
		if err := json.Unmarshal([]byte(line), &flag); err != nil {
			t.Fatal(err)
		}
		flags = append(flags, flag)
	}
	return flags
}

// The answers that fhir/flags.md shows count: one acknowledges, the other overrides.
func TestPageAnswers(t *testing.T) {
	anna := filepath.Join("demo", "1-anna.json")
	before := replayed(t, anna)
	if len(before) != 1 || before[0]["state"] != "open" {
		t.Fatalf("%v", before)
	}
	fill := strings.NewReplacer(`"FLAG"`, `"`+before[0]["id"].(string)+`"`, `"BASIS"`, `"`+before[0]["basis"].(string)+`"`)
	var states []string
	for _, b := range pages(t)["fhir/flags.md"].blocks() {
		if b.language != "json" {
			continue
		}
		answer := filepath.Join(t.TempDir(), "answer.json")
		if err := os.WriteFile(answer, []byte(fill.Replace(b.text)), 0o600); err != nil {
			t.Fatal(err)
		}
		after := replayed(t, anna, answer)
		if len(after) != 1 {
			t.Fatalf("%v", after)
		}
		states = append(states, after[0]["state"].(string))
	}
	if got := strings.Join(states, " "); got != "acknowledged overridden" {
		t.Errorf("the answers lead to: %s", got)
	}
}

// The Bundle that fhir/input.md shows deletes what it says.
func TestPageDelete(t *testing.T) {
	for _, b := range pages(t)["fhir/input.md"].blocks() {
		if b.language != "json" {
			continue
		}
		gone := filepath.Join(t.TempDir(), "gone.json")
		if err := os.WriteFile(gone, []byte(b.text), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, files := range [][]string{{"demo/1-anna.json", gone}, {gone, "demo/1-anna.json"}} {
			if flags := replayed(t, files...); len(flags) != 0 {
				t.Errorf("%v: still open: %v", files, flags)
			}
		}
		return
	}
	t.Error("the page shows no deletion")
}

// What fhir/flags.md calls a key of JSON is one.
func TestPageKeysOfFlags(t *testing.T) {
	seen := map[string]bool{"ack": true} // of an answered one
	for _, flag := range replayed(t, "demo/1-anna.json", "demo/2-bert.json", "demo/3-carla.json") {
		for key := range flag {
			seen[key] = true
		}
	}
	_, table, _ := strings.Cut(readPage(t, "fhir/flags.md"), "| DetectedIssue | JSON |")
	table, _, _ = strings.Cut(table, "\n\n")
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		if len(cells) < 4 || strings.HasPrefix(cells[1], "---") {
			continue
		}
		for _, key := range newSheet([]byte(cells[2])).quoted() {
			if !seen[key] {
				t.Errorf("no flag has the key %s", key)
			}
		}
	}
}

// The test in Go that cmd/rlsguard/test.md shows is one that runs.
func TestPageTestInGo(t *testing.T) {
	source, err := os.ReadFile("../../consumers/rlsguardtest/shown_test.go")
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Replace(string(source), "package rlsguardtest_test", "package mine_test", 1)
	for _, b := range pages(t)["cmd/rlsguard/test.md"].blocks() {
		if b.language == "go" && b.text == want {
			return
		}
	}
	t.Error("cmd/rlsguard/test.md shows another program than consumers/rlsguardtest/shown_test.go")
}

// firstCells are the names that a table of a page has in the first column of its rows.
func firstCells(t *testing.T, page, heading string) (all []string) {
	t.Helper()
	_, table, ok := strings.Cut(readPage(t, page), heading)
	table, _, _ = strings.Cut(table, "\n\n")
	if !ok {
		t.Fatalf("%s has no table %s", page, heading)
	}
	for line := range strings.Lines(table) {
		if cells := strings.Split(line, "|"); len(cells) > 2 {
			all = append(all, newSheet([]byte(cells[1])).quoted()...)
		}
	}
	slices.Sort(all)
	return all
}

// deploy/roles.md tells of every user of accounts.conf, and of no other.
func TestPageRoles(t *testing.T) {
	conf, err := os.ReadFile(filepath.Join(top, "deploy/accounts.conf"))
	if err != nil {
		t.Fatal(err)
	}
	var users []string
	for _, m := range regexp.MustCompile(`(?m)^\s*[^#\n]*\buser: "?(\w+)`).FindAllStringSubmatch(string(conf), -1) {
		users = append(users, m[1])
	}
	slices.Sort(users)
	got := firstCells(t, "deploy/roles.md", "| user | publishes | reads |")
	if diff := cmp.Diff(slices.Compact(users), got); diff != "" {
		t.Errorf("accounts.conf has other users (-want +got)\n%s", diff)
	}
}

// fhir/input.md tells of every reason to reject an input, and of no other.
func TestPageReasons(t *testing.T) {
	source, err := os.ReadFile(filepath.Join(top, "fhir/fhir.go"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{}
	for _, m := range regexp.MustCompile(`Reason += "([a-z-]+)"`).FindAllStringSubmatch(string(source), -1) {
		want = append(want, m[1])
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, firstCells(t, "fhir/input.md", "| reason | why |")); diff != "" {
		t.Errorf("the reasons are others (-want +got)\n%s", diff)
	}
}
