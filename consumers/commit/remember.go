package commit

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/codec"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// Remember takes in transitions whose states were lost: later decisions continue their numbers, and
// resolve those that are no longer flags.
func (c *Committer) Remember(ctx context.Context, newest []checks.Flag) error {
	byPatient := map[facts.Ref][]checks.Flag{}
	for _, f := range newest {
		byPatient[f.Patient] = append(byPatient[f.Patient], f)
	}
	for part := range slices.Chunk(slices.Sorted(maps.Keys(byPatient)), chunk) {
		p := &piece{view: c.copy.snapshot()}
		for _, ref := range part {
			seen := c.copy.lookUp(layout.SubjectPatient, c.copy.tokens.Of(ref))
			st := &checks.State{Patient: ref}
			if seen.data != nil {
				var err error
				if st, err = codec.Decode(seen.data); err != nil {
					return err
				}
			}
			if remember(st, byPatient[ref]) {
				row := stateRow{kind: layout.SubjectPatient, data: codec.Append(nil, st), state: st}
				p.rows = append(p.rows, row.replaces(seen.seenRow))
			}
		}
		if err := c.store.commit(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// remember updates the flags of a state from what was published; it reports whether that is news.
func remember(st *checks.State, newest []checks.Flag) (news bool) {
	for i := range newest {
		f := &newest[i]
		at := slices.IndexFunc(st.Flags, func(k checks.OpenFlag) bool {
			return k.Check == f.Check && k.Ingredient == f.Ingredient
		})
		if at < 0 {
			st.Flags = append(st.Flags, checks.OpenFlag{Check: f.Check, Ingredient: f.Ingredient})
			at = len(st.Flags) - 1
		}
		k := &st.Flags[at]
		if k.Number >= f.Number {
			continue
		}
		news = true
		k.Number, k.Digest, k.Implicated = f.Number, 0, f.Implicated
		if k.Severity = f.Severity; f.State == checks.Resolved || f.Change == checks.ChangeMoved {
			k.Severity = checks.None
		}
	}
	slices.SortFunc(st.Flags, func(a, b checks.OpenFlag) int {
		return cmp.Or(cmp.Compare(a.Check, b.Check), cmp.Compare(a.Ingredient, b.Ingredient))
	})
	return news
}
