package fhir

import (
	"bytes"
	"strings"
)

// name is a property name known to this reader. unknown is any other: such a property is checked as
// JSON and skipped.
type name uint8

const (
	unknown name = iota
	nAbatementAge
	nAbatementBoolean
	nAbatementDateTime
	nAbatementPeriod
	nAbatementRange
	nAbatementString
	nAction
	nAgent
	nAnimal
	nAsNeededBoolean
	nAsNeededCodeableConcept
	nAsNeededFor
	nAssertedDate
	nAsserter
	nAuthor
	nAuthoredOn
	nBirthDate
	nBoundsDuration
	nBoundsPeriod
	nBoundsRange
	nCategory
	nClinicalStatus
	nCode
	nCoding
	nComment
	nComments
	nComparator
	nComponent
	nContained
	nContext
	nCount
	nCountMax
	nData
	nDataAbsentReason
	nDataBase64
	nDate
	nDateAsserted
	nDateRecorded
	nDateWritten
	nDayOfWeek
	nDaysSupply
	nDeceasedBoolean
	nDeceasedDateTime
	nDefinition
	nDenominator
	nDispenseRequest
	nDisplay
	nDoNotPerform
	nDosage
	nDosageInstruction
	nDoseAndRate
	nDoseQuantity
	nDoseRange
	nEffectiveDateTime
	nEffectiveInstant
	nEffectivePeriod
	nEffectiveTiming
	nEnd
	nEntry
	nETag
	nEvent
	nExpectedSupplyDuration
	nExtension
	nForm
	nFrequency
	nFrequencyMax
	nFullURL
	nGender
	nHasMember
	nHigh
	nHook
	nID
	nIdentifier
	nIdentifiedDateTime
	nIngredient
	nIntent
	nInterpretation
	nIsBrand
	nIssued
	nItem
	nItemCodeableConcept
	nItemReference
	nLastModified
	nLastUpdated
	nLink
	nLow
	nMaxDosePerPeriod
	nMedication
	nMedicationCodeableConcept
	nMedicationReference
	nMeta
	nMethod
	nMitigation
	nModifierExtension
	nNotDone
	nNumberOfRepeatsAllowed
	nNumerator
	nOnsetDateTime
	nOnsetPeriod
	nPackage
	nParameter
	nPart
	nPatient
	nPerformer
	nPeriod
	nPeriodUnit
	nProduct
	nQuantity
	nReason
	nReasonCode
	nReasonForUseCodeableConcept
	nReasonForUseReference
	nReasonNotTaken
	nReasonReference
	nRecordedDate
	nReference
	nRelated
	nRepeat
	nReported
	nReportedBoolean
	nReportedReference
	nRequest
	nRequester
	nResource
	nResourceType
	nResponse
	nRoute
	nSequence
	nSpecVersion
	nSpecimen
	nStart
	nStatus
	nStrength
	nSubject
	nSystem
	nTaken
	nText
	nTimeOfDay
	nTiming
	nType
	nUnit
	nURL
	nValidityPeriod
	nValue
	nValueBoolean
	nValueCode
	nValueCodeableConcept
	nValueCoding
	nValueDateTime
	nValueInteger
	nValuePeriod
	nValueQuantity
	nValueRange
	nValueRatio
	nValueSampledData
	nValueString
	nValueTime
	nVerificationStatus
	nVersionID
	nWasNotTaken
	nWhen
	nWhenHandedOver
	nWhenPrepared
	nUnderCode // _code, for a data-absent-reason in place of the code
	nUnderMedicationCodeableConcept
	nUnderMedicationReference
	nUnderText
	nUnderValue
	nameCount
)

var nameText = [nameCount]string{
	nAbatementAge: "abatementAge", nAbatementBoolean: "abatementBoolean", nAbatementDateTime: "abatementDateTime",
	nAbatementPeriod: "abatementPeriod", nAbatementRange: "abatementRange", nAbatementString: "abatementString",
	nAction: "action", nAgent: "agent", nAnimal: "animal", nAsNeededBoolean: "asNeededBoolean",
	nAsNeededCodeableConcept: "asNeededCodeableConcept", nAsNeededFor: "asNeededFor", nAssertedDate: "assertedDate",
	nAsserter: "asserter", nAuthor: "author", nAuthoredOn: "authoredOn", nBirthDate: "birthDate",
	nBoundsDuration: "boundsDuration", nBoundsPeriod: "boundsPeriod", nBoundsRange: "boundsRange",
	nCategory:       "category",
	nClinicalStatus: "clinicalStatus", nCode: "code", nCoding: "coding", nComment: "comment", nComments: "comments",
	nComparator: "comparator", nComponent: "component", nContained: "contained", nContext: "context", nCount: "count",
	nCountMax: "countMax", nData: "data", nDataAbsentReason: "dataAbsentReason", nDataBase64: "data_base64",
	nDate:         "date",
	nDateAsserted: "dateAsserted", nDateRecorded: "dateRecorded", nDateWritten: "dateWritten", nDayOfWeek: "dayOfWeek",
	nDaysSupply: "daysSupply", nDeceasedBoolean: "deceasedBoolean", nDeceasedDateTime: "deceasedDateTime",
	nDefinition: "definition", nDenominator: "denominator", nDispenseRequest: "dispenseRequest", nDisplay: "display",
	nDoNotPerform: "doNotPerform", nDosage: "dosage", nDosageInstruction: "dosageInstruction",
	nDoseAndRate:  "doseAndRate",
	nDoseQuantity: "doseQuantity", nDoseRange: "doseRange", nEffectiveDateTime: "effectiveDateTime",
	nEffectiveInstant: "effectiveInstant", nEffectivePeriod: "effectivePeriod", nEffectiveTiming: "effectiveTiming",
	nEnd: "end", nEntry: "entry", nEvent: "event", nExpectedSupplyDuration: "expectedSupplyDuration",
	nExtension: "extension", nForm: "form", nFrequency: "frequency", nFrequencyMax: "frequencyMax", nFullURL: "fullUrl",
	nGender: "gender", nHasMember: "hasMember", nHigh: "high", nHook: "hook", nID: "id", nIdentifier: "identifier",
	nIdentifiedDateTime: "identifiedDateTime", nIngredient: "ingredient", nIntent: "intent",
	nInterpretation: "interpretation", nIsBrand: "isBrand", nIssued: "issued", nItem: "item",
	nItemCodeableConcept: "itemCodeableConcept", nItemReference: "itemReference", nLastModified: "lastModified",
	nLastUpdated: "lastUpdated", nLink: "link", nLow: "low", nMaxDosePerPeriod: "maxDosePerPeriod",
	nMedication: "medication", nMedicationCodeableConcept: "medicationCodeableConcept",
	nMedicationReference: "medicationReference", nMeta: "meta", nMethod: "method", nMitigation: "mitigation",
	nNotDone: "notDone", nNumberOfRepeatsAllowed: "numberOfRepeatsAllowed", nNumerator: "numerator",
	nOnsetDateTime: "onsetDateTime", nOnsetPeriod: "onsetPeriod", nPackage: "package", nParameter: "parameter",
	nPart: "part", nPatient: "patient", nPerformer: "performer", nPeriod: "period", nPeriodUnit: "periodUnit",
	nProduct: "product", nQuantity: "quantity", nReason: "reason", nReasonCode: "reasonCode",
	nReasonForUseCodeableConcept: "reasonForUseCodeableConcept", nReasonForUseReference: "reasonForUseReference",
	nReasonNotTaken: "reasonNotTaken", nReasonReference: "reasonReference", nRecordedDate: "recordedDate",
	nReference: "reference", nRelated: "related", nRepeat: "repeat", nReported: "reported",
	nReportedBoolean: "reportedBoolean", nReportedReference: "reportedReference", nRequest: "request",
	nRequester: "requester", nResource: "resource", nResourceType: "resourceType", nResponse: "response",
	nRoute:    "route",
	nSequence: "sequence", nSpecVersion: "specversion", nSpecimen: "specimen", nStart: "start", nStatus: "status",
	nStrength: "strength", nSubject: "subject", nSystem: "system", nTaken: "taken", nText: "text",
	nTimeOfDay: "timeOfDay", nTiming: "timing", nType: "type", nUnit: "unit", nURL: "url",
	nValidityPeriod: "validityPeriod", nValue: "value", nValueBoolean: "valueBoolean", nValueCode: "valueCode",
	nValueCodeableConcept: "valueCodeableConcept", nValueDateTime: "valueDateTime", nValueInteger: "valueInteger",
	nValuePeriod: "valuePeriod", nValueQuantity: "valueQuantity", nValueRange: "valueRange", nValueRatio: "valueRatio",
	nValueSampledData: "valueSampledData", nValueString: "valueString", nValueTime: "valueTime",
	nVerificationStatus: "verificationStatus", nVersionID: "versionId", nWasNotTaken: "wasNotTaken", nWhen: "when",
	nWhenHandedOver: "whenHandedOver", nWhenPrepared: "whenPrepared", nUnderCode: "_code",
	nUnderMedicationCodeableConcept: "_medicationCodeableConcept", nUnderMedicationReference: "_medicationReference",
	nModifierExtension: "modifierExtension",
	nValueCoding:       "valueCoding",
	nETag:              "etag",
	nUnderText:         "_text", nUnderValue: "_value",
}

// nameHash ignores case, so that "Status" meets "status": two spellings of one name in one object
// are a duplicate.
func nameHash(k []byte) uint {
	n := len(k)
	return (uint(k[0]|0x20)*31 + uint(k[n-1]|0x20)*7 + uint(k[n>>1]|0x20)*131 + uint(n)*37) & (nameSlots - 1)
}

const nameSlots = 1024

// nameTable holds, at each hash, the first name with it; nameNext links the others.
var nameTable, nameNext = buildNames()

func buildNames() (table [nameSlots]name, next [nameCount]name) {
	for n := unknown + 1; n < nameCount; n++ {
		h := nameHash([]byte(nameText[n]))
		next[n], table[h] = table[h], n
	}
	return table, next
}

// lookup finds the name spelled k in any case; exact reports the correct spelling. k has at least
// one byte.
func lookup(k []byte) (n name, exact bool) {
	for n = nameTable[nameHash(k)]; n != unknown; n = nameNext[n] {
		if len(nameText[n]) != len(k) {
			continue
		}
		if string(k) == nameText[n] {
			return n, true
		}
		if bytes.EqualFold(k, []byte(nameText[n])) {
			return n, false
		}
	}
	return unknown, false
}

// lookupOdd is lookup for a key with escapes or non-ASCII letters, which may fold to the letters of
// a name.
func lookupOdd(k []byte) (name, bool) {
	for n := unknown + 1; n < nameCount; n++ {
		if strings.EqualFold(nameText[n], string(k)) {
			return n, nameText[n] == string(k)
		}
	}
	return unknown, false
}

type nameSet [(int(nameCount) + 63) / 64]uint64

func (s *nameSet) add(n name) bool {
	w, bit := &s[n>>6], uint64(1)<<(n&63)
	seen := *w&bit != 0
	*w |= bit
	return seen
}
