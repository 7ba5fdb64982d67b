package exercise

import (
	"embed"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/rlsguard/rlsguard/checks/facts"
)

//go:embed cases/*.txt
var files embed.FS

// Patient is the subject of every case.
const Patient facts.Ref = "Patient/1"

var usualAsOf = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

// Case is one case: facts, a moment, and what is expected.
type Case struct {
	File   string // file name without extension; "" if not from a file
	Title  string
	Lines  []string // the facts as written
	Facts  []facts.Fact
	Cut    []string // kinds of facts whose older ones were left out
	AsOf   time.Time
	Want   []string // findings: check, ingredient and severity
	Silent []string // check and reason
}

// Name is the file and the title, unique among Cases.
func (c *Case) Name() string { return c.File + "/" + c.Title }

func (c *Case) add(f facts.Fact) { c.Facts = append(c.Facts, f) }

// Cases lists all cases, by file and in file order. They are shared and must not be changed.
var Cases = sync.OnceValue(func() []*Case {
	entries, err := files.ReadDir("cases")
	if err != nil {
		panic(err) // embedded
	}
	var all []*Case
	for _, entry := range entries {
		name := entry.Name()
		text, err := files.ReadFile("cases/" + name)
		if err != nil {
			panic(err) // embedded
		}
		cases, err := Read(string(text))
		if err != nil {
			panic(fmt.Sprintf("%s: %v", name, err)) // a test reads every file
		}
		for _, c := range cases {
			c.File = strings.TrimSuffix(name, ".txt")
		}
		all = append(all, cases...)
	}
	return all
})

// Read reads the cases of one text. Errors name the line.
func Read(text string) ([]*Case, error) {
	var all []*Case
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, ";"):
		case strings.HasPrefix(line, "# "):
			all = append(all, &Case{Title: line[2:], AsOf: usualAsOf})
		case len(all) == 0:
			return nil, fmt.Errorf("line %d: %q stands before the first title", n+1, line)
		default:
			if err := all[len(all)-1].read(line); err != nil {
				return nil, fmt.Errorf("line %d: %q: %w", n+1, line, err)
			}
		}
	}
	return all, nil
}

func (c *Case) read(line string) error {
	if !strings.HasPrefix(line, "->") && !strings.HasPrefix(line, "silent ") {
		c.Lines = append(c.Lines, line)
	}
	return c.line(line)
}
