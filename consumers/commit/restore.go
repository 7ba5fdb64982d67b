package commit

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/codec"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// OpenFlags are the ids of all open flags, with their patients.
func (c *Committer) OpenFlags() (map[string]facts.Ref, error) {
	c.copy.mu.RLock()
	slots := slices.Collect(maps.Keys(c.copy.open.bySlot))
	c.copy.mu.RUnlock()
	ids := map[string]facts.Ref{}
	for _, slot := range slots {
		st, err := c.copy.patient(slot)
		if err != nil {
			return nil, err
		}
		for i := 0; st != nil && i < len(st.Flags); i++ {
			if f := &st.Flags[i]; f.Severity != checks.None {
				ids[checks.FlagID(c.engine.Key, st.Patient, f.Check, f.Ingredient)] = st.Patient
			}
		}
	}
	return ids, nil
}

// Restore stores missing states again as they are in memory. have is the record of the site, nil
// for none: it is written first, so that everything is decided anew at the next start, which also
// sets the timers. untold are flags nobody can read any more, with their patients: they are
// resolved in the states, so that they are opened again. It may run beside the other methods.
func (c *Committer) Restore(
	ctx context.Context,
	have *layout.SiteRecord,
	m *Missing,
	untold map[string]facts.Ref,
) error {
	again, seq := c.wantedSite(), uint64(0)
	if again.Rearm = true; have != nil {
		seq = have.Seq
	}
	if _, err := jet.WriteSite(ctx, c.store.to, again, seq); err != nil {
		return err
	}
	for _, ref := range untold {
		m.rows[layout.SubjectPatient][c.copy.tokens.Of(ref)] = struct{}{}
	}
	for _, kind := range kinds {
		for part := range slices.Chunk(slices.Collect(maps.Keys(m.rows[kind])), chunk) {
			p, err := c.restored(kind, part, untold)
			if err != nil {
				return err
			}
			if err := c.store.commit(ctx, p); err != nil {
				return fmt.Errorf("storing states again: %w", err)
			}
		}
	}
	return nil
}

// restored are states as they are in memory, with the untold flags resolved.
func (c *Committer) restored(kind string, tokens []layout.Token, untold map[string]facts.Ref) (*piece, error) {
	p := &piece{view: c.copy.snapshot()}
	for _, tok := range tokens {
		seq, data := c.copy.lookUp(kind, tok)
		if data == nil {
			continue
		}
		st, err := codec.Decode(data)
		if err != nil {
			return nil, fmt.Errorf("%w: in memory: %w", layout.ErrState, err)
		}
		row := stateRow{kind: kind, token: tok, data: data, state: st, expect: seq}
		if kind != layout.SubjectPatient && len(st.Facts) == 1 {
			row.ref = st.Facts[0].Ref
		}
		for i := range st.Flags {
			f := &st.Flags[i]
			if _, is := untold[checks.FlagID(c.engine.Key, st.Patient, f.Check, f.Ingredient)]; is {
				f.Severity, row.data = checks.None, nil
			}
		}
		if row.data == nil {
			row.data = codec.Append(nil, st)
		}
		p.rows = append(p.rows, row)
	}
	return p, nil
}

// lookUp gives a state as it is known, and the sequence that it has in the stream.
func (c *WorkingCopy) lookUp(kind string, tok layout.Token) (seq uint64, data []byte) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	t := c.table(kind)
	r := t.find(tok)
	if r == nil {
		return 0, nil
	}
	return r.seq, slices.Clone(t.data(r))
}
