package unread

// Parts says which parts of a version were present but unreadable. They read as in the table
// "Partly read" of the contract; the rest of the version counts.
type Parts uint16

// Parts that flags have to mention. They are part of the stored form: append, never move.
const (
	Status   Parts = 1 << iota // the status: unknown
	Intent                     // the intent: order
	Negation                   // doNotPerform: false
	AsNeeded                   // asNeeded: false
	Date                       // a date: absent
	Supply                     // the stated supply
	Dose                       // dosage, quantity or timing: unknown
	Drug                       // the medication
	Modifier                   // an unknown modifierExtension
	Version                    // meta.lastUpdated or versionId, so the version is the lowest
	Other                      // anything else
	// Newer: a version of this resource with Version unread lost to this one, but may be newer.
	Newer

	// All is all of them.
	All Parts = 1<<iota - 1
)
