package cdshooks

import (
	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/ordercheck"
)

// Response is what a service answers.
type Response struct {
	Cards []Card `json:"cards"`
}

// Card is one piece of advice (CDS Hooks 2.0, "Card Attributes").
type Card struct {
	UUID              string         `json:"uuid,omitempty"`
	Summary           string         `json:"summary"`
	Detail            string         `json:"detail,omitempty"`
	Indicator         string         `json:"indicator"`
	Source            Source         `json:"source"`
	Suggestions       []Suggestion   `json:"suggestions,omitempty"`
	SelectionBehavior string         `json:"selectionBehavior,omitempty"`
	OverrideReasons   []Coding       `json:"overrideReasons,omitempty"`
	Links             []Link         `json:"links,omitempty"`
	Extension         map[string]any `json:"extension,omitempty"`
}

// Coding of CDS Hooks.
type Coding struct {
	Code    string `json:"code"`
	System  string `json:"system"`
	Display string `json:"display,omitempty"`
}

// Source of a card.
type Source struct {
	Label string  `json:"label"`
	URL   string  `json:"url,omitempty"`
	Topic *Coding `json:"topic,omitempty"`
}

// Suggestion is what a user may take over with one click.
type Suggestion struct {
	Label         string   `json:"label"`
	UUID          string   `json:"uuid,omitempty"`
	IsRecommended bool     `json:"isRecommended,omitempty"`
	Actions       []Action `json:"actions,omitempty"`
}

// Action of a suggestion.
type Action struct {
	Type        string         `json:"type"`
	Description string         `json:"description"`
	Resource    map[string]any `json:"resource,omitempty"`
	ResourceID  string         `json:"resourceId,omitempty"`
}

// Link leads on.
type Link struct {
	Label string `json:"label"`
	URL   string `json:"url"`
	Type  string `json:"type"`
}

// Indicators of urgency.
const (
	info     = "info"
	warning  = "warning"
	critical = "critical"
)

// extensionFlag is the name of the extension of a card with the flag that it shows, for programs.
const extensionFlag = "io.github.rlsguard.flag"

// flagExtension is its value.
type flagExtension struct {
	ordercheck.Line
	Because bool `json:"because"` // of a draft; else it is open without
}

// summaryLimit is the most characters of a summary: fewer than 140.
const summaryLimit = 139

// indicatorOf is the urgency of a flag. One that has been answered only informs.
func indicatorOf(f *checks.Flag) string {
	switch {
	case f.State != checks.Open || f.Severity == checks.Low:
		return info
	case f.Severity == checks.High:
		return critical
	default:
		return warning
	}
}
