package checks

import (
	"time"

	"github.com/rlsguard/rlsguard/checks/terms"
)

// Settings are the thresholds, windows and switches of the checks. DefaultSettings has the contract's values; a site's file changes
// them (yaml keys). Validate tells what is out of range.
type Settings struct {
	Terms *terms.Terms   `yaml:"-"` // nil: the embedded tables
	Zone  *time.Location `yaml:"-"` // nil: UTC
	// MaxFacts a patient; the newest stay.
	MaxFacts int `yaml:"max_facts"`
}

// DefaultSettings are those of the contract.
func DefaultSettings() *Settings { return &Settings{Zone: time.UTC, MaxFacts: 5000} }
