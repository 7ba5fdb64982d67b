package checks

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rlsguard/rlsguard/checks/facts"
)

// drawLab is a result of any kind, in every state a feed sends.
func drawLab(t *rapid.T, name string) string {
	kind := rapid.SampledFrom(
		[]string{
			"2276-4 ng/mL",
			"2276-4 -",
			"14723-1 pmol/L",
			"2502-3 %",
			"14801-5 1",
			"2498-4 ug/dL",
			"2500-7 ug/dL",
			"2501-5 ug/dL",
			"3034-6 mg/dL",
			"1988-5 mg/L",
		},
	).Draw(
		t,
		name,
	)
	loinc, unit, _ := strings.Cut(kind, " ")
	value := rapid.SampledFrom(
		[]string{
			"5",
			"19.99",
			"20",
			"31",
			"0.18",
			"75",
			"75.1",
			"152",
			"168.5",
			"170",
			"300",
			"<50",
			"<100",
			">80",
			"absent",
			"text",
			"1e400",
		},
	).Draw(
		t,
		name+" value",
	)
	date := rapid.SampledFrom(
		[]string{
			"-",
			"2026",
			"2026-11",
			"2026-11-22",
			"2026-11-22T08:00:00Z",
			"2026-11-21T20:00:00Z",
			"2026-05-01",
			"2024-05-01",
			"2026-12-01",
		},
	).Draw(
		t,
		name+" date",
	)
	status := rapid.SampledFrom(
		[]string{"", "", "", " preliminary", " registered", " cancelled", " unknown"},
	).Draw(
		t,
		name+" status",
	)
	specimen := rapid.SampledFrom([]string{"", "", " specimen:a", " specimen:b"}).Draw(t, name+" specimen")
	return fmt.Sprintf("%s %s %s %s%s%s", loinc, value, unit, date, status, specimen)
}

// Neither order nor repetition of facts matters, and the texts always follow the wording rules.
func TestIronDoesNotDependOnOrder(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var given []facts.Fact
		for i := range rapid.IntRange(0, 8).Draw(r, "n") {
			given = append(given, labFact(t, string(rune('a'+i)), drawLab(r, "lab")))
		}
		shuffled := rapid.Permutation(given).Draw(r, "order")
		alpha := func(in *ironInput) {
			in.Alpha2Delta = rapid.Bool().Draw(r,
				"alpha2delta")
			in.Treated = in.Alpha2Delta
		}
		plain := func(given []facts.Fact, change func(*ironInput)) ironDecision {
			return ironOf(&State{Facts: given}, labAsOf, change)
		}
		taken := ironInput{}
		alpha(&taken)
		same := func(in *ironInput) { in.Alpha2Delta = taken.Alpha2Delta }
		a, b := plain(given, same), plain(shuffled, same)
		if diff := cmp.Diff(a, b); diff != "" {
			r.Fatal(diff)
		}
		checkIronTexts(t, a)
	})
}

// Whatever older result arrives, a low ferritin stays low, and time alone never clears it.
func TestALowValueNeverTurnsNormal(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		st := labState(t, "2276-4 60 ng/mL 2026-11-22T08:00:00Z", okTSAT)
		for i := range rapid.IntRange(0, 6).Draw(r, "n") {
			older := labFact(t, string(rune('m'+i)), drawLab(r, "older"))
			if older.Lab.Effective.Start.Start(time.UTC).After(labTime(t, "2026-11-22T08:00:00Z").Start(time.UTC)) ||
				!older.Lab.Effective.Start.IsZero() &&
					older.Lab.Effective.Start.Start(
						time.UTC,
					).Equal(
						labTime(t, "2026-11-22T08:00:00Z").Start(time.UTC),
					) {
				continue
			}
			st.Merge(older)
		}
		for _, years := range []int{0, 1, 9} {
			if d := ironOf(st, labAsOf.AddDate(years, 0, 0), nil); d.Check != checkIronLow {
				r.Fatalf("after %d years: %q %s", years, d.Check, d.Known)
			}
		}
	})
}

// Nothing changes between now and the instant in Next.
func TestNothingChangesBeforeNext(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var lines []string
		for range rapid.IntRange(0, 5).Draw(r, "n") {
			lines = append(lines, drawLab(r, "lab"))
		}
		st := labState(t, lines...)
		asOf := labAsOf.AddDate(0, 0, rapid.IntRange(-400, 400).Draw(r, "days"))
		now := ironOf(st, asOf, nil)
		until := asOf.AddDate(3, 0, 0)
		if !now.Next.IsZero() {
			until = now.Next.Add(-1)
		}
		if !now.Next.IsZero() && !now.Next.After(asOf) {
			r.Fatalf("next %s is not after %s", now.Next, asOf)
		}
		later := ironOf(st, until, nil)
		now.Next, later.Next = time.Time{}, time.Time{}
		now.Causes, later.Causes = nil, nil
		if diff := cmp.Diff(now, later); diff != "" {
			r.Fatalf("from %s to %s: %s", asOf, until, diff)
		}
	})
}
