package commit

import (
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// overlay is what a commit in flight will have changed about patients. A step that sees it decides
// as if it were stored.
type overlay struct {
	rows      map[layout.Token]*stateRow
	holders   fold.Index
	referrers fold.Index
}

// newOverlay is that of a piece; nil if there is none.
func newOverlay(p *piece) *overlay {
	if p == nil {
		return nil
	}
	o := &overlay{rows: make(map[layout.Token]*stateRow, len(p.rows))}
	for i := range p.rows {
		r := &p.rows[i]
		o.rows[r.token] = r
		fold.References(
			r.state,
			func(f *facts.Fact) { o.holders.Add(f.Ref, r.state.Patient) },
			func(m facts.Ref) { o.referrers.Add(m, r.state.Patient) },
		)
	}
	return o
}

func (o *overlay) find(tok layout.Token) *stateRow {
	if o == nil {
		return nil
	}
	return o.rows[tok]
}

// withHolders adds the patients who will hold a resource to those who do.
func (o *overlay) withHolders(ref facts.Ref, now []facts.Ref) []facts.Ref {
	if o == nil {
		return now
	}
	return o.holders.With(ref, now)
}

// withReferrers adds the patients who will refer to a Medication to those who do.
func (o *overlay) withReferrers(medication facts.Ref, now []facts.Ref) []facts.Ref {
	if o == nil {
		return now
	}
	return o.referrers.With(medication, now)
}
