package checks

import (
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/silence"
)

// Silence says why one check raised no flag for one order, or for the patient if Order is "".
type Silence struct {
	Patient    facts.Ref      `json:"patient"`
	Order      facts.Ref      `json:"order,omitempty"`
	Check      string         `json:"check,omitempty"` // "" for every check
	Ingredient string         `json:"ingredient,omitempty"`
	Reason     silence.Reason `json:"reason"`
	Detail     string         `json:"detail,omitempty"`
}

// quiet records why a check stayed silent, if explanations are wanted.
func (ev *evaluation) quiet(o *orderView, check, ingredient string, why silence.Reason, detail string) {
	if !ev.explain {
		return
	}
	s := Silence{Patient: ev.st.Patient, Check: check, Ingredient: ingredient, Reason: why, Detail: detail}
	if o != nil {
		s.Order = o.ref
	}
	ev.silences = append(ev.silences, s)
}
