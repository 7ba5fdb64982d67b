package checks

import (
	"strconv"

	"github.com/rlsguard/rlsguard/checks/silence"
	"github.com/rlsguard/rlsguard/checks/words"
)

func unclassifiedCheck() Check {
	return Check{
		ID: "medication-unclassified", Title: "Medication that cannot be identified", Severity: "low",
		Trigger:   "a counted order with nothing to identify its drug by",
		Citations: []Citation{{Source: "rlsguard: absence of data is not safety", Review: rulePending}},
		Rule:      pending(2),
		run:       (*evaluation).unclassified,
	}
}

// unclassified flags orders that count but whose drug cannot be looked up, so that silence is not
// taken for safety.
func (ev *evaluation) unclassified(c Check) {
	var f Finding
	why := ""
	for i := range ev.orders {
		o := &ev.orders[i]
		if !o.counts || o.drug.identified {
			continue
		}
		f.Implicated = append(f.Implicated, o.ref)
		if why == "" {
			why = unidentified(o)
		}
	}
	if len(f.Implicated) == 0 {
		ev.quiet(nil, c.ID, "", silence.Identified, "")
		return
	}
	key := "unclassified.one"
	if len(f.Implicated) > 1 {
		key = "unclassified.many"
	}
	f.Summary = joinSentences(words.Say(key, "count", strconv.Itoa(len(f.Implicated)), "why", why), ev.rlsWords())
	f.Action = words.Say("unclassified.action")
	ev.flag(c, Low, f, leaflet{About: "unclassified", Do: []string{"unclassified.do"}})
}

func unidentified(o *orderView) string {
	switch {
	case o.drug.pending:
		return words.Say("unclassified.pending", "ref", string(o.MedicationRef))
	case o.NoMedication:
		return words.Say("unclassified.none")
	case o.Drug.Absent:
		return words.Say("unclassified.absent")
	case o.drug.match.NotKnown != "":
		return words.Say("unclassified.code", "why", o.drug.match.NotKnown)
	default:
		return words.Say("unclassified.nameless")
	}
}
