package commit

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/codec"
	"github.com/rlsguard/rlsguard/checks/facts"
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

// Restore stores missing states again from memory. have is the record of the site, nil for none: it
// is written first, so that the next start decides everything anew and sets the timers. untold are
// flags nobody can read any more, with their patients: they are resolved in the states, so that
// they open again. It may run beside the other methods.
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
	w := c.beside()
	for slot := range m.tallies {
		if err := w.storeTally(ctx, slot, layout.Tally{}); err != nil {
			return fmt.Errorf("storing states again: %w", err)
		}
	}
	if _, err := w.writeSite(ctx, again, seq); err != nil {
		return err
	}
	for _, ref := range untold {
		m.rows[layout.SubjectPatient][c.copy.tokens.Of(ref)] = struct{}{}
	}
	for _, kind := range layout.StateKinds {
		for part := range slices.Chunk(slices.Collect(maps.Keys(m.rows[kind])), chunk) {
			p, err := c.restored(kind, part, untold)
			if err != nil {
				return err
			}
			if err := w.commit(ctx, p); err != nil {
				return fmt.Errorf("storing states again: %w", err)
			}
		}
	}
	return nil
}

// restored are states from memory, with the untold flags resolved.
func (c *Committer) restored(kind string, tokens []layout.Token, untold map[string]facts.Ref) (*piece, error) {
	p := &piece{view: c.copy.snapshot()}
	for _, tok := range tokens {
		seen := c.copy.lookUp(kind, tok)
		data := seen.data
		if data == nil {
			continue
		}
		st, err := codec.Decode(data)
		if err != nil {
			return nil, fmt.Errorf("%w: in memory: %w", layout.ErrState, err)
		}
		row := stateRow{kind: kind, data: data, state: st}
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
		p.rows = append(p.rows, row.replaces(seen.seenRow))
	}
	return p, nil
}

// knownRow is a known state; data is nil if there is none.
type knownRow struct {
	seenRow
	data []byte
}

func (c *WorkingCopy) lookUp(kind string, tok layout.Token) knownRow {
	c.mu.RLock()
	defer c.mu.RUnlock()
	t := c.table(kind)
	known := knownRow{seenRow: seenRow{token: tok}}
	if r := t.find(tok); r != nil {
		known.seq, known.left, known.sum, known.data = r.seq, r.left, r.sum, slices.Clone(t.data(r))
	}
	return known
}
