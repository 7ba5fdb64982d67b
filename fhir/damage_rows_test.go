package fhir_test

import (
	"regexp"
	"strings"
)

// row says how a damaged element reads: what its resource would be if that reading were written
// out.
type row struct {
	types, path string // regular expressions over the whole type and the whole path
	read        func(doc object, at path)
	rejected    bool // the whole resource is rejected
}

type object = map[string]any

// rows are the table "Partly read" of the contract, element by element; the first match counts. An
// element without a row is not read: damaging it changes nothing at all.
var rows = []row{
	{types: ".*", path: "id|resourceType", rejected: true},
	{types: "DetectedIssue", path: "patient|patient/reference", rejected: true},
	{types: ".*", path: "subject|subject/reference", rejected: true},
	{types: ".*", path: "subject/(display|type)|patient/(display|type)", read: remove},
	{types: ".*", path: "meta|meta/(lastUpdated|versionId)", read: remove},
	{types: ".*", path: "(.*/)?modifierExtension.*", read: nothing}, // the samples have none that is known

	{types: order + "|Observation|DiagnosticReport", path: "status", read: set("unknown")},
	{types: "Medication|DetectedIssue", path: "status", read: remove},
	{types: "MedicationRequest", path: "intent|doNotPerform|authoredOn", read: remove},
	{types: "MedicationRequest", path: "reported(Boolean|Reference).*", read: remove},
	{types: order, path: concept("medicationCodeableConcept"), read: remove},
	{types: order, path: reference("medicationReference"), read: remove},
	{types: order, path: "_medication(CodeableConcept|Reference).*", read: nothing},
	{types: order, path: concept("reasonCode(/\\d+)?"), read: remove},
	{types: order, path: reference("reasonReference(/\\d+)?"), read: remove},
	{
		types: order,
		path:  "when(Prepared|HandedOver)|dateAsserted|effective(DateTime|Period(/(start|end))?)",
		read:  remove,
	},
	{types: order, path: "(dosageInstruction|dosage)/\\d+", read: unknownDosage},
	{types: order, path: "dosageInstruction|dosage", read: remove},
	{
		types: order,
		path: dosage + "asNeededBoolean|" + dosage + concept(
			"asNeededCodeableConcept",
		) + "|" + dosage + concept(
			"route",
		),
		read: remove,
	},
	{types: order, path: dosage + "timing/repeat/boundsPeriod(/(start|end))?", read: remove},
	{
		types: order,
		path: dosage + "timing/repeat/bounds(Duration|Range)(/(high/)?(" + quantity + "))?|" + dosage +
			"timing/repeat/boundsRange/high",
		read: removeFrom("boundsDuration", "boundsRange"),
	},
	{
		types: order,
		path: dosage + "(sequence|timing|doseAndRate|doseAndRate/\\d+|timing/(event|event/\\d+|repeat)|" + concept(
			"timing/code",
		) + ")",
		read: unknownDose,
	},
	{
		types: order,
		path:  dosage + "timing/repeat/(frequency|frequencyMax|period|periodUnit|when|timeOfDay|dayOfWeek|count)",
		read:  unknownDose,
	},
	{
		types: order,
		path: dosage + "doseAndRate/\\d+/(doseQuantity|doseRange/high)(/(" + quantity + "))?|" + dosage +
			"doseAndRate/\\d+/doseRange",
		read: unknownDose,
	},
	{
		types: order,
		path:  dosage + "maxDosePerPeriod(/(numerator|denominator)(/(" + quantity + "))?)?",
		read:  unknownDose,
	},
	{
		types: "MedicationRequest",
		path:  "dispenseRequest|dispenseRequest/(expectedSupplyDuration(/(" + quantity + "))?|numberOfRepeatsAllowed)",
		read:  unreadSupply,
	},
	{types: "MedicationRequest", path: "dispenseRequest/validityPeriod(/(start|end))?", read: remove},
	{types: "MedicationRequest", path: "dispenseRequest/quantity(/(" + quantity + "))?", read: removeFrom("quantity")},
	{types: "MedicationDispense", path: "daysSupply(/(" + quantity + "))?", read: unreadSupply},
	{types: "MedicationDispense", path: "quantity(/(" + quantity + "))?", read: removeFrom("quantity")},

	{types: "Medication", path: concept("code") + "|" + concept("form") + "|_code.*", read: remove},
	{
		types: "Medication",
		path: "ingredient|ingredient/\\d+|ingredient/\\d+/" + concept(
			"itemCodeableConcept",
		) + "|ingredient/\\d+/" + reference(
			"itemReference",
		),
		read: remove,
	},
	{
		types: "Medication",
		path:  "ingredient/\\d+/strength(/(numerator|denominator)(/(" + quantity + "))?)?",
		read:  removeFrom("strength"),
	},

	{types: "Observation", path: "effective(DateTime|Instant|Period|Timing).*", read: unreadTime},
	// its results have their own times
	{types: "DiagnosticReport", path: "effective(DateTime|Period).*", read: nothing},
	{types: "Observation|DiagnosticReport", path: "issued", read: remove},
	{types: "Observation", path: concept("code") + "|component/\\d+/" + concept("code"), read: remove},
	{types: "Observation", path: "(component/\\d+/)?value(Quantity|String|CodeableConcept)(/.*)?", read: unreadValue},
	{
		types: "Observation",
		path:  "(component/\\d+/)?" + concept("dataAbsentReason"),
		read:  set(object{"text": "unknown"}),
	},
	{types: "Observation", path: "component|component/\\d+", read: unreadComponent},
	{
		types: "Observation",
		path: reference(
			"specimen",
		) + "|" + reference(
			"performer(/\\d+)?",
		) + "|" + reference(
			"hasMember(/\\d+)?",
		) + "|" + concept(
			"method",
		),
		read: remove,
	},

	{types: "Condition", path: concept("clinicalStatus") + "|" + concept("verificationStatus"), read: unreadStatus},
	{types: "Condition", path: concept("code") + "|" + reference("asserter"), read: remove},
	{
		types: "Condition",
		path: "onset(DateTime|Period(/(start|end))?)|recordedDate|" +
			"abatement(DateTime|String|Boolean|Age|Range|Period(/(start|end))?)",
		read: remove,
	},

	{types: "Patient", path: "birthDate|gender|deceased(Boolean|DateTime)|link", read: remove},
	{types: "DetectedIssue", path: "(identifier|mitigation|extension).*", read: remove},
	{types: ".*", path: "contained.*", read: remove},
}

const (
	order    = "MedicationRequest|MedicationDispense|MedicationStatement"
	quantity = "value|unit|code|system|comparator"
	dosage   = "(dosageInstruction|dosage)/\\d+/"
)

// concept are the parts of a CodeableConcept that are read.
func concept(name string) string {
	return "(" + name + "|" + name +
		"/(text|_text.*|extension.*|coding|coding/\\d+|coding/\\d+/(system|code|display|_code.*|extension.*)))"
}

// reference are the parts of a Reference that are read.
func reference(name string) string {
	return "(" + name + "|" + name + "/(reference|type|display))"
}

// rowOf finds the row of an element; nil if it is not read.
func rowOf(typ string, at path) *row {
	for i := range rows {
		if fits(rows[i].types, typ) && fits(rows[i].path, at.String()) {
			return &rows[i]
		}
	}
	return nil
}

var compiled = map[string]*regexp.Regexp{}

func fits(pattern, s string) bool {
	re := compiled[pattern]
	if re == nil {
		re = regexp.MustCompile("^(" + pattern + ")$")
		compiled[pattern] = re
	}
	return re.MatchString(s)
}

func nothing(object, path) {}

func remove(doc object, at path) { at.remove(doc) }

func set(value any) func(object, path) {
	return func(doc object, at path) { at.put(doc, value) }
}

// removeFrom removes the element with one of these names that contains at.
func removeFrom(names ...string) func(object, path) {
	return func(doc object, at path) {
		for i := range at {
			for _, name := range names {
				if at[i] == name {
					at[:i+1].remove(doc)
					return
				}
			}
		}
	}
}

func unknownDosage(doc object, at path) { at.put(doc, object{}) }

// unknownDose leaves only the parts of a dosage that say nothing about amounts.
func unknownDose(doc object, at path) {
	g := at[:2].get(doc).(object)
	delete(g, "doseAndRate")
	delete(g, "maxDosePerPeriod")
	delete(g, "sequence")
	timing, _ := g["timing"].(object)
	repeat, _ := timing["repeat"].(object)
	delete(g, "timing")
	if len(at) > 3 || at[len(at)-1] != "timing" {
		kept := object{}
		for name, v := range repeat {
			if strings.HasPrefix(name, "bounds") {
				kept[name] = v
			}
		}
		if at[len(at)-1] != "repeat" {
			g["timing"] = object{"repeat": kept}
		}
	}
}

// unreadSupply counts for 180 days, including the days of grace.
func unreadSupply(doc object, at path) {
	days := object{"value": 173, "code": "d", "system": "http://unitsofmeasure.org"}
	if at[0] == "daysSupply" {
		doc["daysSupply"], doc["status"] = days, "unknown" // at most moderate
		return
	}
	doc["dispenseRequest"] = object{"expectedSupplyDuration": days}
}

// unreadTime is as late as issued; a value that is not low then cannot be evaluated.
func unreadTime(doc object, at path) {
	if period, ok := doc["effectivePeriod"].(object); ok && len(at) > 1 && len(period) > 1 {
		at.remove(doc) // the other end is known
		return
	}
	for name := range doc {
		if strings.HasPrefix(name, "effective") {
			delete(doc, name)
		}
	}
	when, _ := doc["issued"].(string)
	if meta, ok := doc["meta"].(object); ok {
		if updated, ok := meta["lastUpdated"].(string); ok && (when == "" || updated < when) {
			when = updated
		}
	}
	if when == "" {
		when = asOf.Format("2006-01-02T15:04:05Z07:00")
	}
	doc["effectiveDateTime"] = when
	parts, _ := doc["component"].([]any)
	for _, part := range append([]any{doc}, parts...) {
		if o, _ := part.(object); o["valueQuantity"] != nil && !low(o) {
			unreadValue(o, path{"valueQuantity"})
		}
	}
}

// unreadValue is a text, which no analyte of the tables has.
func unreadValue(doc object, at path) {
	holder := doc
	if at[0] == "component" {
		holder = at[:2].get(doc).(object)
	}
	for name := range holder {
		if strings.HasPrefix(name, "value") {
			delete(holder, name)
		}
	}
	holder["valueString"] = "x"
}

// unreadComponent of an iron panel may be its saturation; of anything else, no analyte.
func unreadComponent(doc object, at path) {
	at.remove(doc)
	if !strings.Contains(encoded(doc["code"]), `"50190-8"`) ||
		strings.Contains(encoded(doc), `"valueQuantity":{"ours"`) {
		return
	}
	list, _ := doc["component"].([]any)
	doc["component"] = append(list, object{"valueString": "x",
		"code": object{"coding": []any{object{"system": "http://loinc.org", "code": "2502-3"}}}})
}

// unreadStatus goes by what is left; if that is nothing, the diagnosis is possible at most.
func unreadStatus(doc object, at path) {
	at.remove(doc)
	rest, _ := doc[at[0].(string)].(object)
	codings, _ := rest["coding"].([]any)
	left := rest["text"] != nil
	for _, c := range codings {
		o, _ := c.(object)
		left = left || o["code"] != nil || o["display"] != nil
	}
	if left {
		return
	}
	delete(doc, at[0].(string))
	if verification := encoded(doc["verificationStatus"]); strings.Contains(verification, "refuted") ||
		strings.Contains(verification, "entered-in-error") {
		return
	}
	doc["verificationStatus"] = object{"coding": []any{object{
		"system": "http://terminology.hl7.org/CodeSystem/condition-ver-status", "code": "unconfirmed"}}}
}
