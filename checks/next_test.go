package checks

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rlsguard/rlsguard/checks/ahead"
)

var nextKey = []byte("key of a site")

// flagsAt are the flags of st, by facts and time alone.
func flagsAt(st *State, set *Settings, at time.Time) []Flag {
	d := differ{st: st, set: set, key: nextKey, asOf: at}
	flags := d.flags(Evaluate(st, set, at))
	for i := range flags {
		flags[i].AsOf = time.Time{}
	}
	return flags
}

// stands is the part of flags that counts as a change.
func stands(flags []Flag) map[string]string {
	all := map[string]string{}
	for _, f := range flags {
		all[f.Check+"|"+f.Ingredient] = fmt.Sprintf("%s %s %s", f.Severity, f.State, f.Basis)
	}
	return all
}

// said checks that turns lead from the flags before to those after.
func said(t rapid.TB, before, after []Flag, turns []Turn) {
	t.Helper()
	was, is := stands(before), stands(after)
	for _, turn := range turns {
		key := turn.Check + "|" + turn.Ingredient
		find := func(flags []Flag) *Flag {
			i := slices.IndexFunc(flags, func(f Flag) bool { return f.Check+"|"+f.Ingredient == key })
			if i < 0 {
				return nil
			}
			return &flags[i]
		}
		b, a := find(before), find(after)
		holds := map[ahead.Becoming]bool{
			ahead.Open:         a != nil && (b == nil || b.State != Open && a.State == Open),
			ahead.Worse:        a != nil && b != nil && a.Severity > b.Severity,
			ahead.Milder:       a != nil && b != nil && a.Severity < b.Severity,
			ahead.Changed:      a != nil && b != nil && a.Severity == b.Severity && a.Basis != b.Basis,
			ahead.Resolved:     a == nil && b != nil,
			ahead.Acknowledged: a != nil && b != nil && a.State == Acknowledged && b.State != Acknowledged,
			ahead.Overridden:   a != nil && b != nil && a.State == Overridden && b.State != Overridden,
		}[turn.To]
		if !holds {
			t.Errorf("%s: %s is said to become %q; it was %q and is %q", turn.Instant, key, turn.To, was[key], is[key])
		}
		if len(turn.Because) == 0 {
			t.Errorf("%s: %s becomes %q, and nothing says why", turn.Instant, key, turn.To)
		}
		if a != nil {
			was[key] = is[key]
		} else {
			delete(was, key)
		}
	}
	if d := cmp.Diff(is, was); d != "" {
		t.Errorf("not all was said (-is +said):\n%s", d)
	}
}

// holdTurns checks a patient's turns against evaluations at their moments, right before them, and
// between them.
func holdTurns(t rapid.TB, st *State, set *Settings, asOf, until time.Time, random *rand.Rand) {
	t.Helper()
	turns := Turns(st, set, nextKey, "rules", asOf, until)
	from, standing := asOf, flagsAt(st, set, asOf)
	same := func(at time.Time) {
		if d := cmp.Diff(stands(standing), stands(flagsAt(st, set, at))); d != "" && at.Before(until) {
			t.Errorf("from %s on nothing was said to change before %s; at %s:\n%s", asOf, from, at, d)
		}
	}
	for len(turns) > 0 {
		at := turns[0].Instant
		n := slices.IndexFunc(turns, func(x Turn) bool { return !x.Instant.Equal(at) })
		if n < 0 {
			n = len(turns)
		}
		if !at.After(from) || at.After(until) {
			t.Fatalf("%s is not after %s, or after %s", at, from, until)
		}
		for range 3 {
			same(from.Add(time.Duration(random.Int64N(int64(at.Sub(from))))))
		}
		same(at.Add(-1))
		now := flagsAt(st, set, at)
		said(t, standing, now, turns[:n])
		if got := turns[0].At; !got.Start(set.zone()).Equal(at) {
			t.Errorf("%s is told as %s", at, got.Date(set.zone()))
		}
		from, standing, turns = at, now, turns[n:]
	}
	for range 6 {
		same(from.Add(time.Duration(random.Int64N(max(int64(until.Sub(from)), 1)))))
	}
}

// holdNext checks the Next of each open flag against the turns.
func holdNext(t rapid.TB, st *State, set *Settings, asOf time.Time) {
	t.Helper()
	turns := Turns(st, set, nextKey, "rules", asOf, asOf.AddDate(200, 0, 0))
	for _, f := range OpenFlags(st, set, nextKey, "rules", asOf) {
		var want ahead.Next
		i := slices.IndexFunc(turns, func(x Turn) bool { return x.FlagID == f.ID })
		if i >= 0 {
			want = turns[i].Next
		}
		if f.Next != want {
			t.Errorf("%s %s: next is %+v, by the turns %+v", f.Check, f.Ingredient, f.Next, want)
		}
	}
}

// holdChange checks that between two moments of NextChange a flag keeps all its words.
func holdChange(t rapid.TB, st *State, set *Settings, asOf time.Time, random *rand.Rand) {
	t.Helper()
	digests := func(at time.Time) (all []string) {
		for _, f := range flagsAt(st, set, at) {
			all = append(all, fmt.Sprintf("%s %s %x %s", f.Check, f.Ingredient, f.Digest(), f.Summary))
		}
		return all
	}
	for range 40 {
		next, some := NextChange(st, set, asOf)
		if !some {
			next = asOf.AddDate(30, 0, 0)
		}
		now := digests(asOf)
		for _, at := range []time.Time{next.Add(-1), asOf.Add(time.Duration(random.Int64N(int64(next.Sub(asOf)))))} {
			if d := cmp.Diff(now, digests(at)); d != "" {
				t.Errorf("at %s, before %s, it says something else than at %s:\n%s", at, next, asOf, d)
			}
		}
		if !some {
			return
		}
		asOf = next
	}
}

func TestTurnsOfScenarios(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	berlin := DefaultSettings()
	berlin.Zone = zoneOf(t, "Europe/Berlin")
	eachScenario(t, func(s *scenario) {
		t.Run(s.Name(), func(t *testing.T) {
			for _, set := range []*Settings{DefaultSettings(), berlin} {
				holdTurns(t, &s.st, set, s.AsOf, s.AsOf.AddDate(6, 0, 0), random)
				holdNext(t, &s.st, set, s.AsOf)
				holdChange(t, &s.st, set, s.AsOf, random)
			}
		})
	})
}

func zoneOf(t testing.TB, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func TestTurnsOfRandomPatients(t *testing.T) {
	zones := []*time.Location{time.UTC, zoneOf(t, "America/Sao_Paulo"), zoneOf(t, "Australia/Lord_Howe")}
	rapid.Check(t, func(r *rapid.T) {
		s := randomPatient(r)
		set := DefaultSettings()
		set.Zone = rapid.SampledFrom(zones).Draw(r, "zone")
		set.Everyone = rapid.IntRange(0, 5).Draw(r, "everyone") == 0
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(r, "seed"), 1))
		answer(r, &s.st, set, s.AsOf)
		holdTurns(r, &s.st, set, s.AsOf, s.AsOf.AddDate(3, 0, 0), random)
		holdNext(r, &s.st, set, s.AsOf)
		holdChange(r, &s.st, set, s.AsOf, random)
	})
}

// The words for an order name the dose in force, which changes with its steps: each step is a
// moment to look again, even if nothing else of the order counts any more.
func TestTheDoseInForceIsLookedAtAgain(t *testing.T) {
	s := parseScenarios(t, "# one\nrls confirmed\n"+
		"request stopped fluoxetine 2026-11-01 bounds:2026-11-01..2026-11-30 dose:20mg daily:1")[0]
	holdChange(t, &s.st, DefaultSettings(), s.AsOf, rand.New(rand.NewPCG(1, 2)))
}

// Each kind of date a scenario can have is reported, with what happens.
func TestTurnsSayWhatHappens(t *testing.T) {
	text, err := os.ReadFile("testdata/next.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range parseScenarios(t, string(text)) {
		var got []string
		for _, turn := range Turns(&s.st, DefaultSettings(), nextKey, "", s.AsOf, s.AsOf.AddDate(0, 9, 0)) {
			words := []string{turn.At.Date(time.UTC), string(turn.To), turn.Check, turn.Ingredient, turn.Is.String()}
			for _, c := range turn.Because {
				words = append(words, string(c.Kind))
			}
			got = append(got, strings.Join(strings.Fields(strings.Join(words, " ")), " "))
		}
		if d := cmp.Diff(s.Want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", s.Name(), d)
		}
	}
}

// Looking ahead costs one evaluation per moment, and for a flag's next change no more than a fixed
// number.
func TestLookingAheadIsBounded(t *testing.T) {
	lines := "# one\nrls confirmed\n"
	for i := range 200 {
		at := time.Date(2026, 12, 1+i, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
		lines += "request active lisinopril 2026-10-14 bounds:2026-10-14.." + at + "\n"
	}
	s := parseScenarios(t, lines+"request active rx:312938 2026-10-14\n")[0]
	set := DefaultSettings()
	c := newCourse(&s.st, set, nextKey, "", evaluate(&s.st, set, s.AsOf, false))
	c.foresee(foreseen(slices.Clone(c.now)))
	if c.evaluated != mostMoments {
		t.Errorf("%d evaluations for the next of a flag, want %d", c.evaluated, mostMoments)
	}
	c = newCourse(&s.st, set, nextKey, "", evaluate(&s.st, set, s.AsOf, false))
	for c.goOn(s.AsOf.AddDate(0, 0, 60)) {
	}
	if c.evaluated > 60 {
		t.Errorf("%d evaluations for 60 days with a moment each", c.evaluated)
	}
	plain := parseScenarios(t, "# one\nrls confirmed\nrequest completed rx:312938 2026-11-01 supply:30\n")[0]
	c = newCourse(&plain.st, set, nextKey, "", evaluate(&plain.st, set, plain.AsOf, false))
	var some []*Flag
	for i := range c.now {
		if c.now[i].Check == "rls-ssri" {
			some = append(some, &c.now[i])
		}
	}
	c.foresee(some)
	if c.evaluated != 1 {
		t.Errorf("%d evaluations up to the end of a supply, want 1", c.evaluated)
	}
}

// Every cause has words, and a scenario or a random patient reaches it.
func TestCausesHaveWords(t *testing.T) {
	for _, k := range ahead.Kinds() {
		if k.Words() == "" {
			t.Errorf("no words for %s", k)
		}
	}
}
