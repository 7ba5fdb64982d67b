// Command house counts what makes a module easy or hard to live in: names in a scope, files in a
// package, wide lines, exported names that nobody else uses, the length of functions, comments,
// tests. Its test holds the rules of the house.
//
//	go run ./deploy/house          figures of this module
//	go run ./deploy/house DIR      figures of the checkout in DIR, to compare with another commit
//
// It is no part of the product and imports none of it.
package main

import (
	"fmt"
	"os"
	"text/tabwriter"
)

func main() {
	dir := "."
	if len(os.Args) > 1 {
		dir = os.Args[1]
	}
	m, err := load(dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, "house:", err)
		os.Exit(1)
	}
	report(m)
}

func report(m *module) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "package\tfiles\tlines\tnames\texported\tidle")
	for _, p := range m.rooms() {
		fmt.Fprintf(
			w,
			"%s\t%d\t%d\t%d\t%d\t%d\n",
			p.short,
			len(p.files),
			p.lines(),
			len(p.names()),
			len(p.exported()),
			len(m.idle(p)),
		)
	}
	w.Flush()
	f := m.figures()
	fmt.Println()
	fmt.Fprintf(w, "files per package, median and most\t%d\t%d\n", f.files.median, f.files.most)
	fmt.Fprintf(w, "names per scope, median and most\t%d\t%d\n", f.names.median, f.names.most)
	fmt.Fprintf(
		w,
		"lines per file, median, p90 and most\t%d\t%d\t%d\n",
		f.fileLines.median,
		f.fileLines.p90,
		f.fileLines.most,
	)
	fmt.Fprintf(
		w,
		"lines per function, median, p90 and most\t%d\t%d\t%d\n",
		f.funcLines.median,
		f.funcLines.p90,
		f.funcLines.most,
	)
	fmt.Fprintf(w, "lines over %d columns, tests included\t%d\n", widest, f.wide)
	fmt.Fprintf(w, "exported names that no other package uses\t%d\n", f.idle)
	fmt.Fprintf(w, "comment share of non-blank lines\t%.1f %%\n", f.comments)
	fmt.Fprintf(w, "lines of tests for a line of code\t%.2f\n", f.tests)
	w.Flush()
}
