package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/rlsguard/rlsguard/checks/terms"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/settings"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// versionFlag prints what this program is. It is put together only when somebody asks.
type versionFlag bool

// BeforeReset prints and ends, before the rest of the command line is looked at.
func (versionFlag) BeforeReset(app *kong.Kong) error {
	text, err := versionText()
	if err == nil {
		_, err = fmt.Fprint(app.Stdout, text)
	}
	if err == nil {
		app.Exit(0)
	}
	return err
}

// tableReleases are the releases that the embedded tables were made from, in the words of
// checks/terms/data/SOURCES.md, which a test compares.
var tableReleases = []struct{ table, release string }{
	{"RxNorm", "2025-10-06"},
	{"RxNorm codes", "February 2026"},
	{"NDC", "2025-10-06"}, // package codes as that release of RxNorm states them
	{"dm+d", "2023 and 2024"},
	{"ATC", "2021-12 to 2026-04"},
}

// versionText is the answer to --version.
func versionText() (string, error) {
	set, err := settings.Flag{}.Read()
	if err != nil {
		return "", err
	}
	b := buildOf()
	var text strings.Builder
	fmt.Fprintf(&text, "rlsguard %s\n", b.version)
	row := func(name, value string) { fmt.Fprintf(&text, "%-16s%s\n", name, value) }
	row("commit", b.commit)
	row("commit date", b.date)
	row("built with", fmt.Sprintf("%s for %s/%s", runtime.Version(), runtime.GOOS, runtime.GOARCH))
	row("stored format", fmt.Sprint(layout.StateFormat))
	row("ruleset", set.Ruleset+" (default settings)")
	row("tables", terms.Embedded().Fingerprint())
	for _, t := range tableReleases {
		row("  "+t.table, t.release)
	}
	return text.String(), nil
}

// build is where a program came from.
type build struct{ version, commit, date string }

// buildOf is what the Go command noted. The date is that of the commit: two builds of one commit
// are the same, byte for byte.
func buildOf() build {
	b := build{
		version: "(unknown version)",
		commit:  "unknown: built outside a checkout, or with -buildvcs=false",
		date:    "unknown",
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	b.version = info.Main.Version
	changed := false
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.commit = s.Value
		case "vcs.time":
			b.date = s.Value
		case "vcs.modified":
			changed = s.Value == "true"
		}
	}
	if changed {
		b.commit += ", with changes"
	}
	return b
}
