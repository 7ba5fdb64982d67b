package ordercheck

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/fhir"
)

// Every order of every scenario is taken for the draft once, with the rest stored or brought with
// the request: the flags have to be those of a replay of all.
func TestSameFlagsAsReplay(t *testing.T) {
	n := testSameFlags(t, filepath.Join("..", "..", "cmd", "rlsguard", "testdata", "scenarios"))
	if n < 50 {
		t.Errorf("only %d orders were tried", n)
	}
}

func TestSameFlagsAsReplayOfSamples(t *testing.T) {
	for _, folder := range []string{"us-core", "hl7-r4-examples", "hl7-r4-bundles", "vendor-cerner",
		"ecqm-cms128-antidepressant", "de-mii"} {
		testSameFlags(t, filepath.Join(corpus(t), folder))
	}
}

func testSameFlags(t *testing.T, root string) (tried int) {
	t.Helper()
	folders := map[string][]fhir.Resource{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) == ".tsv" {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		dir := filepath.Dir(path)
		return fhir.NewReader(fhir.DefaultOptions()).Stream(f, path, func(_ int, res fhir.Resource) bool {
			res.Entry = uint32(len(folders[dir]))
			folders[dir] = append(folders[dir], res)
			return true
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	for dir, all := range folders {
		for i := range all {
			if r := &all[i]; r.Rejection == nil && r.Relevant && isRequest(r) && r.Patient != "" && newest(all, r) &&
				plainDraft(r) &&
				tried < 400 {
				tried++
				sameFlags(t, dir, all, i)
			}
		}
	}
	return tried
}

// newest tells that r is the only version of its resource.
func newest(all []fhir.Resource, r *fhir.Resource) bool {
	n := 0
	for i := range all {
		if all[i].Fact.Ref == r.Fact.Ref {
			n++
		}
	}
	return n == 1
}

// plainDraft leaves out what an order check changes on purpose: an unknown status, and a date
// ahead.
func plainDraft(r *fhir.Resource) bool {
	o := r.Fact.Order
	return o.Status != facts.StatusUnknown &&
		(o.Authored.IsZero() || !o.Authored.Start(zoneOf(engine().Settings)).After(asOf))
}

func sameFlags(t *testing.T, name string, all []fhir.Resource, i int) {
	t.Helper()
	e := engine()
	draft := all[i]
	rest := slices.Delete(slices.Clone(all), i, i+1)
	replayed := fold.NewReplay(e)
	replayed.Fold(fold.Input{Resources: rest, AllowAck: true})
	replayed.Fold(fold.Input{Arrival: facts.Arrival{Sequence: 1}, Resources: []fhir.Resource{draft}})
	known := replayed.Finish(asOf).State(draft.Patient)
	want := checks.OpenFlags(known, e.Settings, e.Key, e.Ruleset, asOf)
	checks.AddClears(known, e.Settings, asOf, want)
	before := fold.NewReplay(e)
	before.Fold(fold.Input{Resources: rest, AllowAck: true})
	q := Question{Patient: draft.Patient, Drafts: []fhir.Resource{draft}}
	brought := q
	for _, r := range rest {
		if r.Rejection == nil && r.Relevant && (r.Patient == draft.Patient || r.Patient == "") {
			brought.Facts = append(brought.Facts, r)
		}
	}
	for from, a := range map[string]Advice{
		"stored": advise(t, e, before.Finish(asOf), &q), "brought": advise(t, e, fold.NewMemory(), &brought),
	} {
		got := append(slices.Clone(a.Because), a.Open...)
		if diff := cmp.Diff(byID(want), byID(got)); diff != "" {
			t.Errorf(
				"%s, %s, %s: flags of the replay (-) and of the order check (+)\n%s",
				name,
				draft.Fact.Ref,
				from,
				diff,
			)
		}
	}
}

func byID(flags []checks.Flag) map[string]checks.Flag {
	m := map[string]checks.Flag{}
	for _, f := range flags {
		f.Number = 0 // of what was committed
		m[f.ID] = f
	}
	return m
}

func advise(t *testing.T, e *fold.Engine, view fold.View, q *Question) Advice {
	t.Helper()
	a, err := answer(t.Context(), e, view, q, asOf)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
