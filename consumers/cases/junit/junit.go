package junit

import (
	"encoding/xml"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/rlsguard/rlsguard/consumers/cases"
)

type suites struct {
	XMLName  xml.Name `xml:"testsuites"`
	Name     string   `xml:"name,attr"`
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Errors   int      `xml:"errors,attr"`
	Skipped  int      `xml:"skipped,attr"`
	Time     float64  `xml:"time,attr"`
	Suites   []suite  `xml:"testsuite"`
}

type suite struct {
	Name     string     `xml:"name,attr"`
	Tests    int        `xml:"tests,attr"`
	Failures int        `xml:"failures,attr"`
	Errors   int        `xml:"errors,attr"`
	Skipped  int        `xml:"skipped,attr"`
	Time     float64    `xml:"time,attr"`
	Cases    []testCase `xml:"testcase"`
}

type testCase struct {
	Name      string   `xml:"name,attr"`
	ClassName string   `xml:"classname,attr"`
	Time      float64  `xml:"time,attr"`
	Failure   *message `xml:"failure"`
	Error     *message `xml:"error"`
	Skipped   *message `xml:"skipped"`
}

type message struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// Write writes results in the form that build servers read, a suite for each path that was
// given.
func Write(w io.Writer, results []cases.Result) error {
	all := suites{Name: "rlsguard test"}
	for i := range results {
		r := &results[i]
		if n := len(all.Suites); n == 0 || all.Suites[n-1].Name != r.Case.Suite {
			all.Suites = append(all.Suites, suite{Name: r.Case.Suite})
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

func (s *suite) add(r *cases.Result) {
	c := testCase{Name: r.Case.Name, ClassName: s.Name, Time: r.Took.Seconds()}
	if r.Case.Title != "" {
		c.Name += ": " + r.Case.Title
	}
	switch {
	case r.Err != nil:
		c.Error = &message{Message: xmlText(r.Err.Error())}
		s.Errors++
	case len(r.Differences) > 0:
		var lines []string
		for _, d := range r.Differences {
			lines = append(lines, d.String())
		}
		c.Failure = &message{Message: xmlText(lines[0]), Text: xmlText(strings.Join(lines, "\n"))}
		s.Failures++
	case r.Skipped != "":
		c.Skipped = &message{Message: xmlText(r.Skipped)}
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
