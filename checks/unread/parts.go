package unread

// Parts says which parts of a version were there and could not be read. The part reads as the
// table "Partly read" of the contract says; the rest of the version counts.
type Parts uint16

// Parts that flags have to speak of. They are a part of the stored form: append, never move.
const (
	Status   Parts = 1 << iota // the status: unknown
	Intent                     // the intent: order
	Negation                   // doNotPerform: false
	AsNeeded                   // asNeeded: false
	Date                       // a date: absent
	Supply                     // the stated supply
	Dose                       // dosage, quantity or timing: unknown
	Drug                       // the medication
	Modifier                   // a modifierExtension that is not known here
	Version                    // meta.lastUpdated or versionId, so that the version is the lowest
	Other                      // anything else
	// Newer: a version of the same resource that has Version unread lost to this one. It may be the
	// newer of the two.
	Newer

	// All are all of them.
	All Parts = 1<<iota - 1
)
