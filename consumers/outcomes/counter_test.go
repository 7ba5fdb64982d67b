package outcomes

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/ahead"
	"github.com/rlsguard/rlsguard/checks/clears"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
)

func day(n int) time.Time { return time.Date(2026, 11, n, 12, 0, 0, 0, time.UTC) }

func november() Period {
	return Period{
		From:   time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC),
		Before: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC),
	}
}

// story writes the transitions of one flag.
type story struct {
	flag checks.Flag
	told []checks.Flag
}

func about(id, check, patient string) *story {
	return &story{flag: checks.Flag{ID: id, Finding: checks.Finding{
		Check: check, Patient: facts.Ref("Patient/" + patient), Severity: checks.Moderate,
		Implicated: []facts.Ref{"MedicationRequest/1"}, Evidence: []facts.Ref{"Condition/1"},
	}}}
}

func (s *story) then(c checks.Change, st checks.FlagState, at time.Time, more func(*checks.Flag)) *story {
	f := s.flag
	f.Number, f.Change, f.State, f.AsOf = uint64(len(s.told)+1), c, st, at
	if more != nil {
		more(&f)
	}
	s.told = append(s.told, f)
	return s
}

func (s *story) opened(at time.Time, named ...clears.Change) *story {
	return s.then(checks.ChangeOpened, checks.Open, at, func(f *checks.Flag) { f.Clears = named })
}

func (s *story) updated(at time.Time, named ...clears.Change) *story {
	return s.then(checks.ChangeUpdated, checks.Open, at, func(f *checks.Flag) { f.Clears = named })
}

func (s *story) resolved(at time.Time, reason checks.Reason) *story {
	return s.then(checks.ChangeResolved, checks.Resolved, at, func(f *checks.Flag) { f.Reason = reason })
}

func (s *story) overridden(at time.Time, reason string) *story {
	return s.then(checks.ChangeOverridden, checks.Overridden, at, func(f *checks.Flag) {
		f.Ack = &facts.Acknowledgement{Override: true, Reason: reason, Author: "Dr. Geheim"}
	})
}

func report(p Period, stories ...*story) *Report {
	c := New(p)
	for _, s := range stories {
		for i := range s.told {
			c.Add(&s.told[i])
		}
	}
	return c.Report()
}

var (
	orderEnd = clears.Change{Kind: clears.OrderEnd, Targets: []facts.Ref{"MedicationRequest/1"}}
	result   = clears.Change{Kind: clears.Lab}
	wanted   = clears.Change{Kind: clears.Lab, Wanted: true}
	refuted  = clears.Change{Kind: clears.Diagnosis, Value: "refuted"}
)

// TestAdvised: only a reason named by the newest open transition makes it so.
func TestAdvised(t *testing.T) {
	tail, elsewhere := orderEnd, orderEnd
	tail.Days = 35
	elsewhere.Targets = []facts.Ref{"MedicationRequest/2"}
	fading := func(f *checks.Flag) {
		f.Clears = []clears.Change{result}
		f.Next = ahead.Next{At: moment.Instant(day(4)), To: ahead.Resolved}
	}
	ssri := func(named ...clears.Change) *story { return about("a", "rls-ssri", "1").opened(day(2), named...) }
	fade := func() *story {
		return about("a", "rls-ssri", "1").then(checks.ChangeOpened, checks.Open, day(2), fading)
	}
	dose, drug := clears.Change{Kind: clears.Dose}, clears.Change{Kind: clears.Medication}
	route := clears.Change{Kind: clears.Route}
	for name, test := range map[string]struct {
		story *story
		want  end
	}{
		"order ended as named":           {ssri(orderEnd).resolved(day(3), orderStopped), advised},
		"the end of another order named": {ssri(elsewhere).resolved(day(3), orderStopped), otherwise},
		"the end of an order not named":  {ssri(refuted).resolved(day(3), orderStopped), otherwise},
		"time ended the supply":          {ssri(orderEnd).resolved(day(3), checks.ReasonSupplyEnded), otherwise},
		"withdrawn":                      {ssri(orderEnd).resolved(day(3), checks.ReasonEnteredInError), otherwise},
		"named, and the drug acts on": {
			ssri(tail).updated(day(3), refuted).resolved(day(28), orderStopped), advised,
		},
		"named once, and no more": {
			ssri(orderEnd).updated(day(3), refuted).resolved(day(4), orderStopped), otherwise,
		},
		"a result came":                    {ssri(result).resolved(day(3), checks.ReasonLabArrived), advised},
		"a result came that was not named": {ssri(refuted).resolved(day(3), checks.ReasonLabArrived), otherwise},
		"RLS refuted":                      {ssri(refuted).resolved(day(3), rlsRefuted), advised},
		"context changed":                  {ssri(dose).resolved(day(3), contextChanged), perhaps},
		"context changed, nothing named":   {ssri().resolved(day(3), contextChanged), otherwise},
		"drug identified":                  {ssri(drug).resolved(day(3), drugChanged), advised},
		"route stated, or another drug":    {ssri(route).resolved(day(3), drugChanged), perhaps},
		"other rules":                      {ssri(orderEnd).resolved(day(3), "ruleset-changed"), otherwise},
		"before its time":                  {fade().resolved(day(3), checks.ReasonLabArrived), advised},
		"its time had come":                {fade().resolved(day(4), checks.ReasonLabArrived), otherwise},
	} {
		r := report(november(), test.story).All
		got := [3]int{r.Otherwise, r.Perhaps, r.Advised}
		if got[test.want] != 1 || got[0]+got[1]+got[2] != 1 {
			t.Errorf("%s: otherwise, perhaps, advised: %v", name, got)
		}
	}
	for _, reason := range []checks.Reason{orderStopped, drugChanged, rlsRefuted, contextChanged, superseded} {
		if !slices.Contains(checks.Reasons(), reason) {
			t.Errorf("no flag is resolved for %q", reason)
		}
	}
}

// TestSuperseded: a wanted result came if iron-low opens at the same time.
func TestSuperseded(t *testing.T) {
	missing := func(id, patient string) *story {
		return about(id, "rls-iron-unchecked", patient).opened(day(2), wanted).resolved(day(5), superseded)
	}
	r := report(november(), missing("a", "1"), about("b", checkLow, "1").opened(day(5)), missing("c", "2"))
	if r.All.Perhaps != 1 || r.All.Otherwise != 1 {
		t.Errorf("%+v", r.All)
	}
}

// TestAnswerHoldsOn: an answer still in force when a flag reopens is not another one; a new one is.
func TestAnswerHoldsOn(t *testing.T) {
	same := func(f *checks.Flag) {
		f.Ack = &facts.Acknowledgement{Override: true, Reason: "will-monitor", Author: "Dr. Geheim"}
	}
	s := about("a", "rls-ssri", "1").opened(day(2)).overridden(day(3), "will-monitor").resolved(day(4), orderStopped).
		then(checks.ChangeOpened, checks.Overridden, day(5), same)
	r := report(november(), s)
	if r.All.Overridden != 1 || r.All.Open != 1 || r.All.Unanswered != 0 {
		t.Errorf("%+v", r.All)
	}
	if r := report(november(), s.overridden(day(6), "other")); r.All.Overridden != 2 {
		t.Errorf("%+v", r.All)
	}
}

// TestByHand: the figures of a month, as counted by hand.
func TestByHand(t *testing.T) {
	october := time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)
	c := New(november())
	for _, s := range []*story{
		// Ended, came back twice, stands.
		about("a", "rls-ssri", "1").opened(october, orderEnd).resolved(day(3), orderStopped).
			opened(day(5), orderEnd).resolved(day(7), checks.ReasonSupplyEnded).opened(day(9), orderEnd),
		// Overridden and open; got worse, which is no end.
		about("b", "rls-ssri", "2").opened(day(10)).overridden(day(12), "will-monitor"),
		about("c", "rls-ssri", "2").opened(day(10), orderEnd).
			then(checks.ChangeMoved, checks.Resolved, day(11), nil).
			then(checks.ChangeUpdated, checks.Open, day(11), func(f *checks.Flag) {
				f.Severity, f.Clears = checks.High, []clears.Change{orderEnd}
			}).
			then(checks.ChangeAcknowledged, checks.Acknowledged, day(14), func(f *checks.Flag) {
				f.Severity = checks.High
			}),
		// Over before the period; opened after it; opened before what is kept.
		about("d", "rls-ssri", "3").opened(october).resolved(october.AddDate(0, 0, 3), orderStopped),
		about("e", "rls-ssri", "3").opened(day(31)),
		{told: about("f", "rls-ssri", "4").opened(october).resolved(day(20), "patient-died").told[1:]},
	} {
		for i := range s.told {
			c.Add(&s.told[i])
		}
	}
	accepted := func(card, flag string, at time.Time) Answer {
		return Answer{Card: card, Flag: flag, Check: "rls-ssri", Severity: checks.Moderate, Accepted: true, At: at}
	}
	refused := func(card, flag, reason string) Answer {
		return Answer{Card: card, Flag: flag, Check: "rls-ssri", Severity: checks.Moderate, Reason: reason, At: day(12)}
	}
	for _, a := range []Answer{
		accepted("1", "a", day(10)), // while it stands
		accepted("2", "x", day(10)), // it never opened
		refused("3", "b", "will-monitor"), refused("4", "y", "Erika Mustermann"),
		{Card: "5", At: day(12)}, accepted("6", "a", october),
	} {
		c.AddAnswer(a)
		c.AddAnswer(a)
	}
	r := c.Report()
	seconds := func(days int64) *int64 { s := days * 86_400; return &s }
	share := func(of, all float64) *float64 { s := of / all; return &s }
	want := []Row{
		{
			Check: "rls-ssri", Severity: "high", Opened: 1, Open: 1, Acknowledged: 1, Patients: 1,
			Medians: Medians{Acknowledged: seconds(4)},
		},
		{
			Check: "rls-ssri", Severity: "moderate", OpenBefore: 2, Opened: 3,
			Advised: 1, Otherwise: 2, OtherwiseBy: map[string]int{"supply-ended": 1, "patient-died": 1},
			Overridden: 1, OverriddenBy: map[string]int{"will-monitor": 1}, Open: 2, Unanswered: 1,
			Medians:  Medians{Advised: seconds(33), Otherwise: seconds(2), Overridden: seconds(2)},
			Returned: 2, Patients: 2, PerPatient: 1, MostOften: 2,
			Cards:     Cards{Accepted: 2, Overridden: 2, OverriddenBy: map[string]int{"will-monitor": 1, noCode: 1}},
			ActedUpon: 3, Settled: 7, Share: share(3, 7), ShareAtMost: share(3, 7),
		},
	}
	empty := cmp.Transformer("nil", func(m map[string]int) map[string]int {
		if m == nil {
			return map[string]int{}
		}
		return m
	})
	if diff := cmp.Diff(want, r.Rows, empty); diff != "" {
		t.Error(diff)
	}
	if r.Unclear != 1 || r.From != "2026-11-01" || r.To != "2026-11-30" || r.All.Opened != 4 || r.All.Patients != 2 {
		t.Errorf("%+v", r)
	}
	for _, out := range written(t, r) {
		for _, secret := range []string{"Geheim", "Mustermann", "Patient/", "MedicationRequest"} {
			if strings.Contains(out, secret) {
				t.Errorf("%s is in\n%s", secret, out)
			}
		}
	}
}

// written is a report in all its forms.
func written(t interface{ Fatal(...any) }, r *Report) []string {
	var text, json, csv, html bytes.Buffer
	for _, err := range []error{
		r.WriteText(&text, func(s string, _ int) []string { return []string{s} }),
		r.WriteJSON(&json), r.WriteCSV(&csv), r.WriteHTML(&html),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return []string{text.String(), json.String(), csv.String(), html.String()}
}

// TestAnyOrder: the flags in any order, and anything repeated, give the same report; and it adds
// up.
func TestAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stories := rapid.SliceOfN(rapid.Custom(anyStory), 1, 6).Draw(t, "stories")
		for i, s := range stories {
			for j := range s.told {
				s.told[j].ID = fmt.Sprint(i)
			}
		}
		answers := rapid.SliceOfN(rapid.Custom(anyAnswer), 0, 6).Draw(t, "answers")
		straight, mixed := New(november()), New(november())
		for _, a := range answers {
			straight.AddAnswer(a)
		}
		for _, s := range stories {
			for i := range s.told {
				straight.Add(&s.told[i])
			}
		}
		at := make([]int, len(stories))
		for range 200 {
			i := rapid.IntRange(0, len(stories)-1).Draw(t, "flag")
			if at[i] < len(stories[i].told) {
				at[i]++
			}
			mixed.Add(&stories[i].told[rapid.IntRange(max(at[i]-2, 0), at[i]-1).Draw(t, "again")%at[i]])
			if at[i] > 1 {
				mixed.Add(&stories[i].told[at[i]-1])
			}
		}
		for i, s := range stories {
			for j := max(at[i]-1, 0); j < len(s.told); j++ {
				mixed.Add(&s.told[j])
			}
		}
		for _, a := range rapid.Permutation(slices.Concat(answers, answers)).Draw(t, "answers again") {
			mixed.AddAnswer(a)
		}
		want, got := straight.Report(), mixed.Report()
		if diff := cmp.Diff(written(t, want), written(t, got)); diff != "" {
			t.Fatal(diff)
		}
		for _, r := range want.everything() {
			if r.OpenBefore+r.Opened != r.Advised+r.Perhaps+r.Otherwise+r.Open || r.ActedUpon > r.Settled {
				t.Fatalf("%+v does not add up", r)
			}
		}
	})
}

func anyStory(t *rapid.T) *story {
	s := about("", rapid.SampledFrom([]string{"rls-ssri", "iron-low", "rls-iron-unchecked"}).Draw(t, "check"),
		fmt.Sprint(rapid.IntRange(1, 3).Draw(t, "patient")))
	at, open := time.Date(2026, 10, 25, 0, 0, 0, 0, time.UTC), false
	for range rapid.IntRange(1, 12).Draw(t, "transitions") {
		at = at.AddDate(0, 0, rapid.IntRange(0, 6).Draw(t, "days"))
		if !open {
			named := rapid.SliceOf(rapid.SampledFrom([]clears.Change{orderEnd, wanted, refuted}))
			s.opened(at, named.Draw(t, "clears")...)
			open = true
			continue
		}
		switch rapid.IntRange(0, 4).Draw(t, "what") {
		case 0:
			s.updated(at, result)
		case 1:
			s.overridden(at, rapid.SampledFrom([]string{"will-monitor", "other"}).Draw(t, "why"))
		case 2:
			s.then(checks.ChangeMoved, checks.Resolved, at, nil)
			s.flag.Severity = rapid.SampledFrom([]checks.Severity{checks.Low, checks.High}).Draw(t, "severity")
			s.updated(at)
		case 3:
			s.resolved(at, rapid.SampledFrom(checks.Reasons()).Draw(t, "reason"))
			open = false
		default:
			s.then(checks.ChangeAcknowledged, checks.Acknowledged, at, nil)
		}
	}
	if s.told[0].Number == 1 && rapid.Bool().Draw(t, "the first is not kept") && len(s.told) > 1 {
		s.told = s.told[1:]
	}
	return s
}

func anyAnswer(t *rapid.T) Answer {
	return Answer{
		Card: fmt.Sprint(rapid.IntRange(0, 3).Draw(t, "card")), Flag: fmt.Sprint(rapid.IntRange(0, 3).Draw(t, "of")),
		Check: "rls-ssri", Severity: checks.Moderate, Accepted: rapid.Bool().Draw(t, "accepted"),
		At: day(rapid.IntRange(1, 29).Draw(t, "day")),
	}
}
