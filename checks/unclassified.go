package checks

import "fmt"

func unclassifiedCheck() Check {
	return Check{
		ID: "medication-unclassified", Title: "Medication that cannot be identified", Severity: "low",
		Trigger:   "a counted order with nothing to identify its drug by",
		Citations: []Citation{{Source: "rlsguard: absence of data is not safety", Review: Pending}},
		Rule:      pending(1),
		run:       (*evaluation).unclassified,
	}
}

// unclassified flags orders that count and name no drug that could be looked up, so that silence is not taken for safety.
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
		ev.quiet(nil, c.ID, "", SilentIdentified, "")
		return
	}
	f.Summary = fmt.Sprintf("%s in a patient with RLS cannot be checked: %s. %s", plural(len(f.Implicated), "An order", "%d orders"), why, ev.rlsWords())
	f.Action = "Look up the drug and enter it with a code or a name; until then nothing is known about it here." + reviewNote(c)
	ev.flag(c, Low, f)
}

// unidentified says why the drug of an order is not known.
func unidentified(o *orderView) string {
	switch {
	case o.drug.pending:
		return "the medication that it refers to (" + string(o.MedicationRef) + ") has not been received"
	case o.NoMedication:
		return "it names no medication"
	case o.Drug.Absent:
		return "its drug is given as absent or unknown"
	case o.drug.match.NotKnown != "":
		return "its drug has no name, and " + o.drug.match.NotKnown
	default:
		return "its drug has no name, and no code of a system that is known here"
	}
}
