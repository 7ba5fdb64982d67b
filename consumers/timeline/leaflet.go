package timeline

import (
	"slices"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/fold"
)

// Leaflet is what a patient is told about the open flags, in plain words: no severity, source or
// reference.
type Leaflet struct {
	Texts   []string `json:"texts,omitempty"` // one per flag, worst first
	Counsel []string `json:"counsel,omitempty"`
}

// leafletOf evaluates again for the patient audience.
func leafletOf(e *fold.Engine, st *checks.State, asOf time.Time) Leaflet {
	set := *e.Settings
	set.Audience = checks.ForPatients
	flags := checks.OpenFlags(st, &set, e.Key, e.Ruleset, asOf)
	slices.SortStableFunc(flags, func(a, b checks.Flag) int { return int(b.Severity) - int(a.Severity) })
	var l Leaflet
	for i := range flags {
		if text := flags[i].Summary + " " + flags[i].Action; !slices.Contains(l.Texts, text) {
			l.Texts = append(l.Texts, text)
		}
		for _, c := range flags[i].Counsel {
			if !slices.Contains(l.Counsel, c) {
				l.Counsel = append(l.Counsel, c)
			}
		}
	}
	return l
}
