package cases

import (
	"encoding/xml"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// Result is how one case ended.
type Result struct {
	Case        *Case
	Got         *Got
	Differences []Difference
	Err         error  // the case could not be run
	Skipped     string // why it was not run, or not compared; "" when it was
	Variants    int    // shuffled ones that were run too
	Took        time.Duration
}

// Failed tells that something differs, or that the case could not be run.
func (r *Result) Failed() bool { return r.Err != nil || len(r.Differences) > 0 }

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Skipped  int          `xml:"skipped,attr"`
	Time     float64      `xml:"time,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Time     float64     `xml:"time,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name      string     `xml:"name,attr"`
	ClassName string     `xml:"classname,attr"`
	Time      float64    `xml:"time,attr"`
	Failure   *junitText `xml:"failure"`
	Error     *junitText `xml:"error"`
	Skipped   *junitText `xml:"skipped"`
}

type junitText struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// WriteJUnit writes results in the form that build servers read, a suite for each path that was
// given.
func WriteJUnit(w io.Writer, results []Result) error {
	all := junitSuites{Name: "rlsguard test"}
	for i := range results {
		r := &results[i]
		if n := len(all.Suites); n == 0 || all.Suites[n-1].Name != r.Case.Suite {
			all.Suites = append(all.Suites, junitSuite{Name: r.Case.Suite})
		}
		all.Suites[len(all.Suites)-1].add(r)
	}
	for _, s := range all.Suites {
		all.Tests += s.Tests
		all.Failures += s.Failures
		all.Errors += s.Errors
		all.Skipped += s.Skipped
		all.Time += s.Time
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (s *junitSuite) add(r *Result) {
	c := junitCase{Name: r.Case.Name, ClassName: s.Name, Time: r.Took.Seconds()}
	if r.Case.Title != "" {
		c.Name += ": " + r.Case.Title
	}
	switch {
	case r.Err != nil:
		c.Error = &junitText{Message: xmlText(r.Err.Error())}
		s.Errors++
	case len(r.Differences) > 0:
		var lines []string
		for _, d := range r.Differences {
			lines = append(lines, d.String())
		}
		c.Failure = &junitText{Message: xmlText(lines[0]), Text: xmlText(strings.Join(lines, "\n"))}
		s.Failures++
	case r.Skipped != "":
		c.Skipped = &junitText{Message: xmlText(r.Skipped)}
		s.Skipped++
	}
	c.Name = xmlText(c.Name)
	s.Tests++
	s.Time += c.Time
	s.Cases = append(s.Cases, c)
}

// xmlText leaves out what XML cannot hold, such as control characters.
func xmlText(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == utf8.RuneError || r == 0xFFFE || r == 0xFFFF {
			return '?'
		}
		return r
	}, s)
}
