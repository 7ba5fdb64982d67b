package checks

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rlsguard/rlsguard/checks/exercise"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/checks/silence"
)

type scenario struct {
	*exercise.Case
	st State
}

func TestScenarios(t *testing.T) {
	seen := map[silence.Reason]bool{}
	eachScenario(t, func(s *scenario) {
		t.Run(s.Name(), func(t *testing.T) { runScenario(t, s) })
		for _, q := range Explain(&s.st, DefaultSettings(), s.AsOf) {
			seen[q.Reason] = true
		}
	})
	seen[silence.Off], seen[silence.NotApproved] = true, true // by settings: TestSilenceBySettings
	for _, r := range silence.Reasons() {
		if !seen[r] {
			t.Errorf("no scenario is silent because %s (%s)", r, r.Words())
		}
		delete(seen, r)
	}
	if len(seen) > 0 {
		t.Errorf("reasons outside the list: %v", seen)
	}
}

func eachScenario(t *testing.T, do func(*scenario)) {
	t.Helper()
	for _, c := range exercise.Cases() {
		do(scenarioOf(t, c))
	}
}

func TestSilenceBySettings(t *testing.T) {
	s := parseScenarios(t, "# one\nrls confirmed\nrequest active rx:312938 2026-10-14")[0]
	off := false
	for want, set := range map[silence.Reason]*Settings{
		silence.Off:         {Checks: map[string]CheckSetting{"rls-ssri": {Enabled: &off}}},
		silence.NotApproved: {RequireApproved: true},
	} {
		set.Iron, set.Renal, set.Orders = defaultIronSettings(), defaultRenalSettings(), DefaultSettings().Orders
		found := slices.ContainsFunc(
			Explain(&s.st, set, s.AsOf),
			func(q Silence) bool { return q.Check == "rls-ssri" && q.Reason == want },
		)
		if !found ||
			slices.ContainsFunc(Evaluate(&s.st, set, s.AsOf), func(f Finding) bool { return f.Check == "rls-ssri" }) {
			t.Errorf("rls-ssri is not silent because %s", want)
		}
	}
}

func runScenario(t *testing.T, s *scenario) {
	set := DefaultSettings()
	var got []string
	for _, f := range Evaluate(&s.st, set, s.AsOf) {
		got = append(
			got,
			strings.Join(
				strings.Fields(
					fmt.Sprintf("%s %s %s", f.Check, strings.ReplaceAll(f.Ingredient, " ", "_"), f.Severity),
				),
				" ",
			),
		)
		checkText(t, f)
	}
	slices.Sort(got)
	slices.Sort(s.Want)
	if diff := cmp.Diff(s.Want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	var silences []string
	for _, q := range Explain(&s.st, set, s.AsOf) {
		silences = append(silences, strings.TrimSpace(q.Check+" "+string(q.Reason)))
	}
	for _, want := range s.Silent {
		if !slices.Contains(silences, want) {
			t.Errorf("no silence %q among %q", want, silences)
		}
	}
}

// checkText checks a text against the wording rules: it never tells anyone to stop, gives dates
// rather than ages, and has a source.
func checkText(t *testing.T, f Finding) {
	t.Helper()
	all := f.Summary + " " + f.Action + " " + strings.Join(f.Alternatives, " ")
	if w := ordersAnEnd.FindString(all); w != "" {
		t.Errorf("%s says %q: %s", f.Check, w, all)
	}
	if strings.ContainsAny(all, "{}") || strings.Contains(all, "  ") || strings.Contains(all, " .") ||
		strings.Contains(all, "%!") {
		t.Errorf("%s is badly set: %q", f.Check, all)
	}
	if f.Summary == "" || f.Action == "" || len(f.Citations) == 0 || f.Basis == "" {
		t.Errorf("%s lacks summary, action, citation or basis: %+v", f.Check, f)
	}
}

func scenarioOf(t *testing.T, c *exercise.Case) *scenario {
	t.Helper()
	st, err := Exercised(c)
	if err != nil {
		t.Fatalf("%s: %v", c.Name(), err)
	}
	return &scenario{Case: c, st: st}
}

func parseScenarios(t *testing.T, text string) []*scenario {
	t.Helper()
	cases, err := exercise.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	var all []*scenario
	for _, c := range cases {
		all = append(all, scenarioOf(t, c))
	}
	return all
}

// day is a moment with the precision in which it is written.
func day(s string) moment.Time {
	at, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return moment.Time{Nanos: at.UnixNano(), Precision: moment.ToDay}
}
