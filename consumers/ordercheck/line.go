package ordercheck

import (
	"fmt"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/ahead"
	"github.com/rlsguard/rlsguard/checks/clears"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/fhir/datetime"
)

// Line is a flag as JSON: what the commands print with --format json.
type Line struct {
	ID           string              `json:"id,omitempty"`
	Check        string              `json:"check,omitempty"`
	Severity     string              `json:"severity,omitempty"`
	State        checks.FlagState    `json:"state,omitempty"`
	Patient      facts.Ref           `json:"patient,omitempty"`
	Ingredient   string              `json:"ingredient,omitempty"`
	Implicated   []facts.Ref         `json:"implicated,omitempty"`
	Evidence     []facts.Ref         `json:"evidence,omitempty"`
	Orders       []checks.OrderWords `json:"orders,omitempty"`
	RLS          string              `json:"rls,omitempty"`
	Basis        string              `json:"basis,omitempty"`
	Summary      string              `json:"summary,omitempty"`
	Action       string              `json:"action,omitempty"`
	Counsel      []string            `json:"counsel,omitempty"`
	Alternatives []string            `json:"alternatives,omitempty"`
	Citations    []checks.Citation   `json:"citations,omitempty"`
	Audience     string              `json:"audience,omitempty"` // patient, where the texts are plain words
	// Clears are single changes after which the flag would not be open; ClearsCut: more were there
	// to try.
	Clears    []clears.Change `json:"clears,omitempty"`
	ClearsCut bool            `json:"clearsCut,omitempty"`
	Next      *Next           `json:"next,omitempty"`
	AsOf      string          `json:"asOf,omitempty"`
}

// Next is what time alone changes first: at a date, on which the day begins in the zone of the
// site, or at a time with an offset.
type Next struct {
	At string         `json:"at"`
	To ahead.Becoming `json:"to"`
}

// LineOf writes f.
func LineOf(f *checks.Flag) Line {
	l := Line{
		ID: f.ID, Check: f.Check, Severity: f.Severity.String(), State: f.State, Patient: f.Patient,
		Ingredient: f.Ingredient,
		Implicated: f.Implicated, Evidence: f.Evidence, RLS: f.RLS.String(), Basis: f.Basis, Summary: f.Summary,
		Action:       f.Action,
		Alternatives: f.Alternatives, Citations: f.Citations, Orders: f.Orders, Counsel: f.Counsel,
		Audience: f.Audience,
		Clears:   f.Clears, ClearsCut: f.ClearsCut,
	}
	if !f.Next.IsZero() {
		l.Next = &Next{At: datetime.Text(f.Next.At), To: f.Next.To}
	}
	if !f.AsOf.IsZero() {
		l.AsOf = f.AsOf.UTC().Format(time.RFC3339Nano)
	}
	return l
}

// Flag reads a line back. Who answered the flag, and when, is not in a line.
func (l *Line) Flag() (checks.Flag, error) {
	f := checks.Flag{
		Finding: checks.Finding{
			Check: l.Check, Ingredient: l.Ingredient, Patient: l.Patient, Implicated: l.Implicated,
			Evidence: l.Evidence, Basis: l.Basis,
			Summary: l.Summary, Action: l.Action, Alternatives: l.Alternatives, Citations: l.Citations,
			Orders: l.Orders, Counsel: l.Counsel, Audience: l.Audience,
		},
		ID: l.ID, State: l.State, Clears: l.Clears, ClearsCut: l.ClearsCut,
	}
	var err error
	if f.Severity, err = checks.ParseSeverity(l.Severity); err != nil {
		return f, err
	}
	if f.RLS, err = checks.ParseRLSStatus(l.RLS); err != nil {
		return f, err
	}
	if l.Next != nil {
		at, ok := datetime.Parse(l.Next.At)
		if !ok || !l.Next.To.Known() {
			return f, fmt.Errorf("next: %q is not a date, or %q is not a known word", l.Next.At, l.Next.To)
		}
		f.Next = ahead.Next{At: at, To: l.Next.To}
	}
	if l.AsOf != "" {
		if f.AsOf, err = time.Parse(time.RFC3339Nano, l.AsOf); err != nil {
			return f, fmt.Errorf("asOf: %w", err)
		}
	}
	return f, nil
}
