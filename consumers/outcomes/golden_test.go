package outcomes

import (
	"encoding/csv"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/clears"
)

var update = flag.Bool("update", false, "write testdata anew")

// someReport has every kind of figure.
func someReport() *Report {
	c := New(november())
	take := func(stories ...*story) {
		for _, s := range stories {
			for i := range s.told {
				c.Add(&s.told[i])
			}
		}
	}
	id := 0
	flags := func(n int, check string, of func(*story)) {
		for range n {
			id++
			s := about(strconv.Itoa(id), check, strconv.Itoa(id%11))
			of(s)
			take(s)
		}
	}
	flags(9, "rls-ssri", func(s *story) { s.opened(day(2), orderEnd).resolved(day(6), orderStopped) })
	flags(5, "rls-ssri", func(s *story) {
		s.opened(day(2), orderEnd).resolved(day(20), checks.ReasonSupplyEnded).opened(day(25))
	})
	flags(7, "rls-ssri", func(s *story) { s.opened(day(4)).overridden(day(4).Add(3*time.Hour), "will-monitor") })
	flags(3, "rls-ssri", func(s *story) {
		s.opened(day(4)).overridden(day(5), "benefit-outweighs-risk")
	})
	flags(4, "gabapentinoid-respiratory-depression", func(s *story) {
		s.flag.Severity = checks.High
		s.opened(day(9))
	})
	flags(6, "gabapentinoid-renal-dose", func(s *story) {
		s.opened(day(1).AddDate(0, -1, 0), clears.Change{Kind: clears.Dose}).resolved(day(8), contextChanged)
	})
	flags(12, "iron-labs-missing", func(s *story) {
		noted := func(f *checks.Flag) { f.Clears = []clears.Change{wanted} }
		s.opened(day(3), wanted).
			then(checks.ChangeAcknowledged, checks.Acknowledged, day(3).Add(40*time.Minute), noted).
			resolved(day(12), checks.ReasonLabArrived)
	})
	flags(2, "iron-labs-missing", func(s *story) { s.opened(day(3), wanted).resolved(day(12), "ruleset-changed") })
	for i := range 8 {
		a := Answer{
			Card: strconv.Itoa(i), Flag: "draft " + strconv.Itoa(i), Check: "rls-antihistamine",
			Severity: checks.Moderate, Accepted: i < 5, At: day(7),
		}
		if !a.Accepted {
			a.Reason = "no-alternative"
		}
		c.AddAnswer(a)
	}
	c.AddAnswer(Answer{Card: "lost", At: day(7)})
	return c.Report()
}

// TestWrittenAsAgreed holds a report as people read it. Check each difference before updating.
func TestWrittenAsAgreed(t *testing.T) {
	forms := written(t, someReport())
	for i, name := range []string{"report.txt", "report.json", "report.csv", "report.html"} {
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, []byte(forms[i]), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), forms[i]); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if strings.Contains(forms[3], "<script") || !strings.Contains(forms[3], "default-src 'none'") {
		t.Error("the page is not safe by itself")
	}
	lines, err := csv.NewReader(strings.NewReader(forms[2])).ReadAll()
	if err != nil || slices.ContainsFunc(lines, func(l []string) bool { return len(l) != len(lines[0]) }) {
		t.Errorf("no table: %v", err)
	}
}

// TestNothing: a report on nothing says so.
func TestNothing(t *testing.T) {
	forms := written(t, New(Period{}).Report())
	for _, i := range []int{0, 3} {
		if !strings.Contains(forms[i], "No flag was open, and no card was answered.") {
			t.Error(forms[i])
		}
	}
}

// TestNumbersBeginAnew: if states were lost and rebuilt, a flag's numbers restart later.
func TestNumbersBeginAnew(t *testing.T) {
	c := New(november())
	for _, s := range []*story{
		about("a", "rls-ssri", "1").opened(day(2)).updated(day(3)).updated(day(4)),
		about("a", "rls-ssri", "1").opened(day(9), orderEnd).resolved(day(10), orderStopped),
	} {
		for i := range s.told {
			c.Add(&s.told[i])
		}
	}
	r := c.Report().All
	if r.Opened != 2 || r.Advised != 1 || r.OtherwiseBy[notKept] != 1 || r.Open != 0 {
		t.Errorf("%+v", r)
	}
}
