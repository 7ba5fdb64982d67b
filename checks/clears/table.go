package clears

// Of lists the kinds of changes to look for when a flag of a check is open; nil for an unknown
// check.
func Of(check string) []Kind {
	if kinds, ok := kindsOf[check]; ok {
		return kinds
	}
	return nil
}

var (
	ofDrug = []Kind{OrderEnd, Route, Diagnosis}
	ofIron = []Kind{Lab, Unit, OrderEnd, Route, Diagnosis}

	// kindsOf is the table: a scenario shows each kind of each check clearing a flag.
	kindsOf = map[string][]Kind{
		"rls-ssri":                ofDrug,
		"rls-tricyclic":           ofDrug,
		"rls-lithium":             ofDrug,
		"rls-antipsychotic":       ofDrug,
		"rls-antihistamine":       ofDrug,
		"rls-snri":                ofDrug,
		"rls-tetracyclic":         ofDrug,
		"rls-dopamine-antagonist": ofDrug,
		"rls-contraindicated":     ofDrug,

		"iron-labs-missing":  {Lab, OrderEnd, Route, Diagnosis},
		"iron-labs-stale":    {Lab, OrderEnd, Route, Diagnosis},
		"iron-labs-unusable": ofIron,
		"iron-low":           {Lab, Unit, Diagnosis},
		"rls-iron-unchecked": {Lab, Unit, Diagnosis},

		"dopamine-agonist-augmentation":        {Reason, OrderEnd, Route, Diagnosis},
		"dopamine-agonist-antagonist":          {Reason, OrderEnd, Route, Diagnosis},
		"gabapentinoid-respiratory-depression": ofDrug,
		"gabapentinoid-duplicate":              ofDrug,
		"gabapentinoid-renal-dose":             {Lab, Unit, Dose, Reason, OrderEnd, Route, Diagnosis},
		"medication-unclassified":              {Medication, OrderEnd, Route, Diagnosis},
	}
)
