package hook

import (
	"fmt"
	"strings"
)

// Hooks that are answered.
const (
	OrderSelect = "order-select"
	OrderSign   = "order-sign"
	PatientView = "patient-view"
)

// Service is one entry of the discovery.
type Service struct {
	Hook              string            `json:"hook"`
	Title             string            `json:"title"`
	Description       string            `json:"description"`
	ID                string            `json:"id"`
	Prefetch          map[string]string `json:"prefetch"`
	UsageRequirements string            `json:"usageRequirements,omitempty"`
}

// Keys of the prefetch templates.
const (
	KeyPatient     = "patient"
	KeyConditions  = "conditions"
	KeyMedications = "medications"
	KeyFerritin    = "ferritin"
	KeyTSAT        = "tsat"
	KeyIron        = "iron"
	KeyTIBC        = "tibc"
	KeyCreatinine  = "creatinine"
	KeyWeight      = "weight"
	KeyStatements  = "statements"
)

// PrefetchKeys in the order in which they are told as missing.
var PrefetchKeys = []string{
	KeyPatient,
	KeyConditions,
	KeyMedications,
	KeyFerritin,
	KeyTSAT,
	KeyIron,
	KeyTIBC,
	KeyCreatinine,
	KeyWeight,
	KeyStatements,
}

// newerKeys were added to the templates later. A client that sends none of them has the older
// templates, and is not told about them.
var newerKeys = []string{KeyWeight, KeyStatements}

// Prefetch asks for what the checks look at, within the subset of FHIR searches that CDS Hooks
// recommends. The codes are the usual ones of each analyte in the tables.
var Prefetch = map[string]string{
	KeyPatient:    "Patient/{{context.patientId}}",
	KeyConditions: "Condition?patient={{context.patientId}}",
	KeyMedications: "MedicationRequest?patient={{context.patientId}}&status=active" +
		"&_include=MedicationRequest:medication",
	KeyFerritin:   newest("2276-4", "20567-4", "14723-1"),
	KeyTSAT:       newest("2502-3", "14801-5", "2505-6"),
	KeyIron:       newest("2498-4", "14798-3"),
	KeyTIBC:       newest("2500-7", "14800-7"),
	KeyCreatinine: newest("2160-0", "14682-9", "98979-8", "62238-1", "33914-3"),
	KeyWeight:     newest("29463-7"),
	KeyStatements: "MedicationStatement?patient={{context.patientId}}&status=active" +
		"&_include=MedicationStatement:medication",
}

// NewestResults is how many results of an analyte are asked for.
const NewestResults = 5

// asksFor is how many resources a template asks for where that is not all: so many that came are
// complete, whatever else there is.
var asksFor = map[string]int{
	KeyFerritin: NewestResults, KeyTSAT: NewestResults, KeyIron: NewestResults, KeyTIBC: NewestResults,
	KeyCreatinine: NewestResults, KeyWeight: NewestResults,
}

func newest(loincs ...string) string {
	for i := range loincs {
		loincs[i] = "http://loinc.org|" + loincs[i]
	}
	return "Observation?patient={{context.patientId}}&code=" + strings.Join(
		loincs,
		",",
	) + fmt.Sprintf(
		"&_sort=-date&_count=%d",
		NewestResults,
	)
}

// ServicePrefix of the services: each has an id of its own, since clients know them by it.
const ServicePrefix = "rlsguard-"

// Services are all that are offered.
func Services(open bool) []Service {
	note := "FHIR R4. Nothing is fetched: data comes by prefetch, or is known from the events of this site."
	if open {
		note = "OPEN DEVELOPMENT MODE: clients are not verified. " + note
	}
	service := func(hook, title, description string) Service {
		return Service{
			Hook:              hook,
			Title:             title,
			Description:       description,
			ID:                ServicePrefix + hook,
			Prefetch:          Prefetch,
			UsageRequirements: note,
		}
	}
	return []Service{
		service(
			OrderSelect,
			"RLS: selected medicines",
			"Flags medicines that commonly worsen restless legs syndrome, and missing or low iron results, while an "+
				"order is selected.",
		),
		service(
			OrderSign,
			"RLS: medicines before signing",
			"Flags medicines that commonly worsen restless legs syndrome, and missing or low iron results, before "+
				"orders are signed.",
		),
		service(
			PatientView,
			"RLS: open flags of a patient",
			"Shows what is flagged for a patient with restless legs syndrome.",
		),
	}
}
