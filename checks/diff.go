package checks

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/unread"
	"github.com/rlsguard/rlsguard/checks/words"
)

// decide evaluates st at asOf, updates st.Flags and returns the transitions, sorted by check and
// ingredient. A change of severity gives two: moved, the last word under the old severity, then
// updated. A later asOf alone gives none. key is the site key, ruleset the hash of tables, rules
// and settings.
func decide(st *State, set *Settings, key []byte, ruleset string, asOf time.Time) []Flag {
	transitions, _ := DecideUntil(st, set, key, ruleset, asOf)
	return transitions
}

// DecideUntil is Decide and NextChange in one evaluation: next is zero if time alone changes
// nothing.
func DecideUntil(
	st *State,
	set *Settings,
	key []byte,
	ruleset string,
	asOf time.Time,
) (transitions []Flag, next time.Time) {
	transitions, c := decideCourse(st, set, key, ruleset, asOf)
	return transitions, c.next.at
}

// DecideAhead is DecideUntil, with what happens next added to the flags it opens or changes.
func DecideAhead(
	st *State,
	set *Settings,
	key []byte,
	ruleset string,
	asOf time.Time,
) (transitions []Flag, next time.Time) {
	transitions, c := decideCourse(st, set, key, ruleset, asOf)
	next = c.next.at
	c.foresee(foreseen(transitions))
	return transitions, next
}

func decideCourse(st *State, set *Settings, key []byte, ruleset string, asOf time.Time) ([]Flag, *course) {
	ev := evaluate(st, set, asOf, false)
	c := newCourse(st, set, key, ruleset, ev)
	d := c.differ
	d.was, d.rls = st.Ruleset, ev.rls.status
	d.decide(c.now)
	return d.out, c
}

func (d *differ) decide(now []Flag) {
	st := d.st
	kept := st.Flags
	st.Flags, st.Ruleset = nil, d.ruleset
	i, j := 0, 0
	for i < len(kept) || j < len(now) {
		switch order := compareFlag(kept, i, now, j); {
		case order < 0: // no longer found
			st.Flags = append(st.Flags, d.gone(kept[i]))
			i++
		case order > 0: // found for the first time
			st.Flags = append(st.Flags, d.found(OpenFlag{Check: now[j].Check, Ingredient: now[j].Ingredient}, now[j]))
			j++
		default:
			st.Flags = append(st.Flags, d.found(kept[i], now[j]))
			i, j = i+1, j+1
		}
	}
}

// OpenFlags returns the flags of st that are open at asOf, sorted by check and ingredient, numbered
// as Decide last left them.
func OpenFlags(st *State, set *Settings, key []byte, ruleset string, asOf time.Time) []Flag {
	return Assess(st, set, key, ruleset, asOf).Flags
}

func compareFlag(kept []OpenFlag, i int, now []Flag, j int) int {
	switch {
	case i == len(kept):
		return 1
	case j == len(now):
		return -1
	}
	return cmp.Or(cmp.Compare(kept[i].Check, now[j].Check), cmp.Compare(kept[i].Ingredient, now[j].Ingredient))
}

// differ turns findings into transitions.
type differ struct {
	st      *State
	set     *Settings
	key     []byte
	ruleset string
	asOf    time.Time
	out     []Flag
	was     string               // ruleset of the last decision
	rls     RLSStatus            // current RLS status; a resolved flag states it too
	run     *evaluation          // with explanations; run when a flag is resolved
	over    map[facts.Ref]Reason // what run says about orders; see overOf
}

// flags gives findings their identities and the answers to them.
func (d *differ) flags(findings []Finding) []Flag {
	out := make([]Flag, len(findings))
	for i, f := range findings {
		out[i] = Flag{
			Finding: f,
			ID:      FlagID(d.key, f.Patient, f.Check, f.Ingredient),
			State:   Open,
			AsOf:    d.asOf,
			Ruleset: d.ruleset,
		}
		if a := d.acknowledgement(&out[i]); a != nil {
			out[i].Ack, out[i].State = a, Acknowledged
			if a.Override {
				out[i].State = Overridden
			}
		}
	}
	return out
}

// acknowledgement is the newest answer that still holds: it has the flag's basis and has not
// expired.
func (d *differ) acknowledgement(f *Flag) *facts.Acknowledgement {
	var best *facts.Fact
	for i := range d.st.Facts {
		c := &d.st.Facts[i]
		if c.Kind != facts.KindAcknowledgement || c.Acknowledgement.FlagID != f.ID ||
			c.Acknowledgement.Basis != f.Basis {
			continue
		}
		a := c.Acknowledgement
		if c.Unread&unread.Date != 0 {
			continue // it expires, but the date cannot be read
		}
		if !a.Until.IsZero() && !a.Until.End(d.set.zone()).After(d.asOf) ||
			!a.Date.IsZero() && a.Date.Start(d.set.zone()).After(d.asOf) {
			continue
		}
		if best == nil || best.Version.Compare(c.Version) < 0 {
			best = c
		}
	}
	if best == nil {
		return nil
	}
	return best.Acknowledgement
}

// found updates a flag that is open.
func (d *differ) found(kept OpenFlag, f Flag) OpenFlag {
	digest := f.Digest()
	if kept.Severity == f.Severity && kept.Digest == digest {
		return kept
	}
	switch {
	case kept.Severity == None:
		f.Change = ChangeOpened
	case kept.Severity != f.Severity:
		d.moved(&kept, f)
		f.Change = ChangeUpdated
	case f.State == Overridden && kept.Acked != Overridden:
		f.Change = ChangeOverridden
	case f.State == Acknowledged && kept.Acked != Acknowledged:
		f.Change = ChangeAcknowledged
	default:
		f.Change = ChangeUpdated
	}
	kept.Number++
	f.Number = kept.Number
	d.out = append(d.out, f)
	kept.Severity, kept.Digest, kept.Acked, kept.Implicated = f.Severity, digest, f.State, f.Implicated
	return kept
}

// moved emits the last word on the subject of the old severity.
func (d *differ) moved(kept *OpenFlag, f Flag) {
	kept.Number++
	f.Change, f.Severity, f.Number, f.State = ChangeMoved, kept.Severity, kept.Number, Resolved
	d.out = append(d.out, f)
}

// gone resolves an open flag that is no longer found.
func (d *differ) gone(kept OpenFlag) OpenFlag {
	if kept.Severity == None {
		return kept
	}
	return d.resolve(kept, d.reason(kept))
}

func (d *differ) resolve(kept OpenFlag, reason Reason) OpenFlag {
	kept.Number++
	f := Flag{
		Finding: Finding{
			Check: kept.Check, Ingredient: kept.Ingredient, Patient: d.st.Patient, Severity: kept.Severity,
			Implicated: kept.Implicated, RLS: d.rls,
			Summary: d.st.tellCut(d.set, words.Say("resolved.summary", "why", words.Say("resolved."+string(reason)))),
			Action:  words.Say("resolved.action"),
		},
		ID: FlagID(d.key, d.st.Patient, kept.Check, kept.Ingredient), Number: kept.Number, State: Resolved,
		Change: ChangeResolved, Reason: reason, AsOf: d.asOf, Ruleset: d.ruleset,
	}
	for _, c := range Catalogue() {
		if c.ID == kept.Check {
			f.Citations = c.Citations
		}
	}
	d.out = append(d.out, f)
	return OpenFlag{Check: kept.Check, Ingredient: kept.Ingredient, Number: kept.Number}
}

// Digest hashes all that f says except its as-of time and number; OpenFlag keeps that of the last
// transition.
func (f *Flag) Digest() uint64 {
	h := sha256.New()
	fmt.Fprintf(
		h,
		"%d|%s|%d|%q|%q|%q|%q|%q|%q|%q|%q|",
		f.Severity,
		f.State,
		f.RLS,
		f.Implicated,
		f.Evidence,
		f.Basis,
		f.Summary,
		f.Action,
		f.Alternatives,
		f.Orders,
		f.Counsel,
	)
	if f.Ack != nil {
		fmt.Fprintf(h, "%q|%q|%q|%d|%d", f.Ack.Reason, f.Ack.Author, f.Ack.Basis, f.Ack.Date.Nanos, f.Ack.Until.Nanos)
		if f.Ack.Comment != "" {
			fmt.Fprintf(h, "|%q", f.Ack.Comment)
		}
	}
	return binary.BigEndian.Uint64(h.Sum(nil))
}

// basis is a short hash of what an acknowledgement rests on: severity, ingredient, RLS status, and
// what the check adds (iron values, dose band, partners). Renewing the same drug and dose keeps it.
func basis(f Finding) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s|%s|%d|%d|%s", f.Check, f.Ingredient, f.Severity, f.RLS, f.Basis))
	return hex.EncodeToString(sum[:6])
}
