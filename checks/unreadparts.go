package checks

// Unread says which parts of a version were there and could not be read. The part reads as the
// table "Partly read" of the contract says; the rest of the version counts.
type Unread uint16

// Parts that flags have to speak of. They are a part of the stored form: append, never move.
const (
	UnreadStatus   Unread = 1 << iota // the status: unknown
	UnreadIntent                      // the intent: order
	UnreadNegation                    // doNotPerform: false
	UnreadAsNeeded                    // asNeeded: false
	UnreadDate                        // a date: absent
	UnreadSupply                      // the stated supply
	UnreadDose                        // dosage, quantity or timing: unknown
	UnreadDrug                        // the medication
	UnreadModifier                    // a modifierExtension that is not known here
	UnreadVersion                     // meta.lastUpdated or versionId, so that the version is the lowest
	UnreadOther                       // anything else
	// NewerUnread: an UnreadVersion of the same resource lost to this one. It may be the newer of
	// the two.
	NewerUnread

	// UnreadAll are all of them.
	UnreadAll Unread = 1<<iota - 1
)
