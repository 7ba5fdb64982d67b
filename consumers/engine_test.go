package consumers

import (
	"fmt"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/fold"
)

var asOf = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

var drugNames = []string{"sertraline", "gabapentin", "diphenhydramine", "mirtazapine"}

// engine is one with a key and ruleset of tests.
func engine() *fold.Engine {
	return &fold.Engine{Settings: checks.DefaultSettings(), Key: []byte("key of the tests, not secret"), Ruleset: "r1"}
}

// open are the flags that are open in the end, without what depends on the way to them.
func open(e *fold.Engine, m *fold.Memory) []checks.Flag {
	var all []checks.Flag
	for _, ref := range m.Patients() {
		all = append(all, checks.OpenFlags(m.State(ref), e.Settings, e.Key, e.Ruleset, asOf)...)
	}
	for i := range all {
		all[i].Number, all[i].Change = 0, ""
	}
	return all
}

// consistent tells what is wrong with a history: numbers count up from 1 for each flag, and a flag
// opens before it is resolved.
func consistent(history []checks.Flag) error {
	number, isOpen := map[string]uint64{}, map[string]bool{}
	for _, f := range history {
		if number[f.ID]++; f.Number != number[f.ID] {
			return fmt.Errorf("%s %s: number %d after %d", f.Check, f.Change, f.Number, number[f.ID]-1)
		}
		switch f.Change {
		case checks.ChangeOpened:
			if isOpen[f.ID] {
				return fmt.Errorf("%s opened twice", f.Check)
			}
			isOpen[f.ID] = true
		case checks.ChangeResolved:
			if !isOpen[f.ID] {
				return fmt.Errorf("%s resolved but not open", f.Check)
			}
			isOpen[f.ID] = false
		}
	}
	return nil
}
