package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"slices"
	"strings"
	"unicode/utf8"
)

// widest is the number of columns that a line may have; a tab counts as four.
const widest = 120

type figures struct {
	files, names, fileLines, funcLines spread
	wide, idle                         int
	comments, tests                    float64 // per cent of non-blank lines; lines of tests for a line of code
}

// spread is how a figure is distributed.
type spread struct{ median, p90, most int }

func spreadOf(values []int) spread {
	if len(values) == 0 {
		return spread{}
	}
	slices.Sort(values)
	last := len(values) - 1
	return spread{values[last/2], values[last*9/10], values[last]}
}

func (m *module) figures() figures {
	var f figures
	var files, names, fileLines, funcLines []int
	var code, comments, tests int
	for _, p := range m.rooms() {
		files, names = append(files, len(p.files)), append(names, len(p.names()))
		f.idle += len(m.idle(p))
		for _, s := range p.files {
			fileLines = append(fileLines, len(s.lines))
			funcLines = append(funcLines, m.functions(s)...)
			code += s.filled()
			comments += m.commentLines(s)
		}
	}
	for _, s := range m.tests {
		tests += s.filled()
	}
	f.wide = len(m.wideLines())
	f.files, f.names, f.fileLines, f.funcLines = spreadOf(
		files,
	), spreadOf(
		names,
	), spreadOf(
		fileLines,
	), spreadOf(
		funcLines,
	)
	f.comments, f.tests = 100*float64(comments)/float64(code), float64(tests)/float64(code)
	return f
}

// filled counts the lines that are not blank.
func (s source) filled() (n int) {
	for _, l := range s.lines {
		if len(bytes.TrimSpace(l)) > 0 {
			n++
		}
	}
	return n
}

func (m *module) functions(s source) (lengths []int) {
	for _, d := range s.syntax.Decls {
		if f, ok := d.(*ast.FuncDecl); ok {
			lengths = append(lengths, m.fset.Position(f.End()).Line-m.fset.Position(f.Pos()).Line+1)
		}
	}
	return lengths
}

func (m *module) commentLines(s source) (n int) {
	for _, g := range s.syntax.Comments {
		n += m.fset.Position(g.End()).Line - m.fset.Position(g.Pos()).Line + 1
	}
	return n
}

// rawLines are the lines, from 1, that hold a part of a raw string: a struct tag with its help, a
// text that is wrapped for its reader, a document as it is sent. They cannot be broken.
func (m *module) rawLines(s source) map[int]bool {
	raw := map[int]bool{}
	ast.Inspect(s.syntax, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && strings.HasPrefix(lit.Value, "`") {
			for line := m.fset.Position(lit.Pos()).Line; line <= m.fset.Position(lit.End()).Line; line++ {
				raw[line] = true
			}
		}
		return true
	})
	return raw
}

// wideLines are the places of lines wider than a review screen, but for those of raw strings.
func (m *module) wideLines() (places []string) {
	look := func(s source) {
		raw := m.rawLines(s)
		for i, l := range s.lines {
			if !raw[i+1] && utf8.RuneCount(l)+3*bytes.Count(l, []byte("\t")) > widest {
				places = append(places, fmt.Sprintf("%s:%d", s.name, i+1))
			}
		}
	}
	for _, p := range m.packages {
		for _, s := range p.files {
			look(s)
		}
	}
	for _, s := range m.tests {
		look(s)
	}
	return places
}
