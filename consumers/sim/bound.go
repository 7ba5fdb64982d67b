package sim

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/rlsguard/rlsguard/checks"
)

// withinBound holds what is promised where facts are cut and resources move between patients: those facts stay that would be the newest if
// nothing had ever been cut, none of them is a mark that would not be one then, and the flags follow from them. full is of a replay that
// cuts nothing.
func (w *world) withinBound(full, got *checks.State) error {
	newest := slices.DeleteFunc(slices.Clone(full.Facts), func(f checks.Fact) bool { return f.Ref.Type() == "Medication" })
	slices.SortFunc(newest, func(a, b checks.Fact) int { return cmp.Or(b.Version.Compare(a.Version), cmp.Compare(b.Ref, a.Ref)) })
	newest = newest[:min(len(newest), w.engine.Settings.MaxFacts)]
	slices.SortFunc(newest, func(a, b checks.Fact) int { return cmp.Compare(a.Ref, b.Ref) })
	if err := same("versions", versions(newest), versions(got.Facts)); err != nil {
		return err
	}
	for i := range newest {
		if f := got.Find(newest[i].Ref); f.Kind == checks.KindMark && newest[i].Kind != checks.KindMark {
			return fmt.Errorf("%s does not count, but would if nothing had been cut", f.Ref)
		}
	}
	st := *got
	st.Facts, st.Flags = slices.Clone(st.Facts), slices.Clone(st.Flags)
	if n := len(checks.Decide(&st, w.engine.Settings, w.engine.Key, w.engine.Ruleset, w.asOf())); n > 0 {
		return fmt.Errorf("%d transitions are missing", n)
	}
	return nil
}

// versions are facts without what they say, Medications aside.
func versions(facts []checks.Fact) []checks.Fact {
	var all []checks.Fact
	for _, f := range facts {
		if f.Ref.Type() != "Medication" {
			all = append(all, checks.Fact{Ref: f.Ref, Version: f.Version})
		}
	}
	return all
}
