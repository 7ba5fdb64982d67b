package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

const (
	top       = "../.."     // of the repository
	firstPage = "README.md" // where everybody begins
)

// sheet is a document for people, as Markdown.
type sheet struct {
	source []byte
	root   ast.Node
}

// site is all pages by their paths from the top of the repository.
type site map[string]*sheet

func newSheet(source []byte) *sheet {
	markdown := goldmark.New(goldmark.WithExtensions(extension.GFM))
	return &sheet{source, markdown.Parser().Parse(text.NewReader(source))}
}

var readSite = sync.OnceValues(func() (site, error) {
	all := site{}
	err := filepath.WalkDir(top, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == ".git" || d.Name() == "node_modules" || d.Name() == "trial"):
			return filepath.SkipDir
		case d.IsDir() || filepath.Ext(name) != ".md" || filepath.Base(name) == "packet.md": // a template
			return nil
		}
		rel, err := filepath.Rel(top, name)
		if err != nil {
			return err
		}
		source, err := os.ReadFile(name)
		all[filepath.ToSlash(rel)] = newSheet(source)
		return err
	})
	return all, err
})

func pages(t *testing.T) site {
	t.Helper()
	all, err := readSite()
	if err != nil || len(all) < 20 {
		t.Fatalf("%d pages: %v", len(all), err)
	}
	return all
}

// paths are those of the pages, sorted.
func (s site) paths() []string { return slices.Sorted(maps.Keys(s)) }

// each calls do with every node of a page.
func (p *sheet) each(do func(ast.Node)) {
	_ = ast.Walk(p.root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			do(n)
		}
		return ast.WalkContinue, nil
	})
}

// words is the text of a node and of those in it.
func (p *sheet) words(n ast.Node) string {
	var b strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if t, ok := n.(*ast.Text); ok && entering {
			b.Write(t.Value(p.source))
			if t.SoftLineBreak() {
				b.WriteByte(' ')
			}
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}

// quoted are the texts in backticks.
func (p *sheet) quoted() (all []string) {
	p.each(func(n ast.Node) {
		if n.Kind() == ast.KindCodeSpan {
			all = append(all, p.words(n))
		}
	})
	return all
}

// block is an example: its language is "" where it is set off by blanks.
type block struct{ language, text string }

func (p *sheet) blocks() (all []block) {
	p.each(func(n ast.Node) {
		if n.Kind() != ast.KindFencedCodeBlock && n.Kind() != ast.KindCodeBlock {
			return
		}
		b := block{text: string(n.Lines().Value(p.source))}
		if fenced, ok := n.(*ast.FencedCodeBlock); ok {
			b.language = string(fenced.Language(p.source))
		}
		all = append(all, b)
	})
	return all
}

// anchors are the places inside a page that a link may lead to, as GitHub names them.
func (p *sheet) anchors() map[string]bool {
	all := map[string]bool{}
	p.each(func(n ast.Node) {
		if n.Kind() != ast.KindHeading {
			return
		}
		var b strings.Builder
		for _, r := range strings.ToLower(p.words(n)) {
			switch {
			case r == ' ':
				b.WriteByte('-')
			case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
				b.WriteRune(r)
			}
		}
		all[b.String()] = true
	})
	return all
}

// links are where a page leads to, pictures included.
func (p *sheet) links() (all []string) {
	p.each(func(n ast.Node) {
		switch n := n.(type) {
		case *ast.Link:
			all = append(all, string(n.Destination))
		case *ast.Image:
			all = append(all, string(n.Destination))
		}
	})
	return all
}

// local splits a link of a page into the path from the top and the anchor; ok is false where it
// leads elsewhere.
func local(from, link string) (to, anchor string, ok bool) {
	u, err := url.Parse(link)
	if err != nil || u.Scheme != "" || u.Host != "" {
		return "", "", false
	}
	if u.Path == "" {
		return from, u.Fragment, true
	}
	return path.Join(path.Dir(from), u.Path), u.Fragment, true
}

// tooLong: whoever opens a page reads it to its end.
func tooLong(s site) (faults []string) {
	for _, name := range s.paths() {
		most := 200
		switch name {
		case "CHANGELOG.md": // it only grows
			continue
		case firstPage:
			most = 150
		}
		if n := bytes.Count(s[name].source, []byte("\n")); n > most {
			faults = append(faults, fmt.Sprintf("%s has %d lines, at most %d fit", name, n, most))
		}
	}
	return faults
}

var reader = regexp.MustCompile(`(?m)^For [a-z][^.]{10,}`)

// withoutReader: a page says in its first lines for whom it is.
func withoutReader(s site) (faults []string) {
	for _, name := range s.paths() {
		if name == "CHANGELOG.md" || name == firstPage {
			continue
		}
		lines := bytes.SplitN(s[name].source, []byte("\n"), 7)
		if !reader.Match(bytes.Join(lines[:min(6, len(lines))], []byte("\n"))) {
			faults = append(faults, name+" does not say in its first lines for whom it is: For ...")
		}
	}
	if first := s[firstPage]; first != nil && !regexp.MustCompile(`It is for [a-z]`).Match(first.source) {
		faults = append(faults, firstPage+" does not say for whom it is")
	}
	return faults
}

// leadingNowhere: links lead to files, folders and headings that there are.
func leadingNowhere(s site) (faults []string) {
	for _, name := range s.paths() {
		for _, link := range s[name].links() {
			to, anchor, ok := local(name, link)
			if !ok {
				continue
			}
			if _, err := os.Stat(filepath.Join(top, filepath.FromSlash(to))); err != nil && s[to] == nil {
				faults = append(faults, fmt.Sprintf("%s: %s leads nowhere", name, link))
				continue
			}
			if anchor != "" && (s[to] == nil || !s[to].anchors()[anchor]) {
				faults = append(faults, fmt.Sprintf("%s: %s: there is no such heading", name, link))
			}
		}
	}
	return faults
}

// farAway: every page is at most two links from the first one.
func farAway(s site) (faults []string) {
	reached, now := map[string]bool{firstPage: true}, []string{firstPage}
	for range 2 {
		var next []string
		for _, name := range now {
			for _, link := range s[name].links() {
				if to, _, ok := local(name, link); ok && s[to] != nil && !reached[to] {
					reached[to] = true
					next = append(next, to)
				}
			}
		}
		now = next
	}
	for _, name := range s.paths() {
		if !reached[name] {
			faults = append(faults, name+" is further than two links from "+firstPage)
		}
	}
	return faults
}

// pageLaws are what every page keeps.
var pageLaws = map[string]func(site) []string{
	"short":           tooLong,
	"has a reader":    withoutReader,
	"links lead":      leadingNowhere,
	"near":            farAway,
	"commands parse":  wrongCommands,
	"programs exist":  wrongPrograms,
	"names are known": unknownNames,
	"json is valid":   brokenJSON,
}

func TestPagesKeepTheLaws(t *testing.T) {
	all := pages(t)
	for name, law := range pageLaws {
		t.Run(name, func(t *testing.T) {
			for _, fault := range law(all) {
				t.Error(fault)
			}
		})
	}
}
