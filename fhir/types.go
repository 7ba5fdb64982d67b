package fhir

import "strings"

// kind says what this reader does with a resource type.
type kind uint8

const (
	kindUnknown kind = iota // no resource type of FHIR R4
	kindOther               // an R4 resource that is never relevant
	kindForeign             // a resource of DSTU2, STU3 or R5 only
	kindBundle
	kindParameters
	kindRequest
	kindDispense
	kindStatement
	kindMedication
	kindObservation
	kindReport
	kindCondition
	kindPatient
	kindDetectedIssue
)

func (k kind) kept() bool { return k >= kindRequest }

var used = map[string]kind{
	"Bundle": kindBundle, "Parameters": kindParameters,
	"MedicationRequest": kindRequest, "MedicationDispense": kindDispense, "MedicationStatement": kindStatement,
	"Medication": kindMedication, "Observation": kindObservation, "DiagnosticReport": kindReport,
	"Condition": kindCondition,
	"Patient":   kindPatient, "DetectedIssue": kindDetectedIssue,
}

// others are the remaining resource types of R4 (hl7.org/fhir/R4/resourcelist.html).
const others = `Account ActivityDefinition AdverseEvent AllergyIntolerance Appointment AppointmentResponse AuditEvent Basic
Binary BiologicallyDerivedProduct BodyStructure CapabilityStatement CarePlan CareTeam CatalogEntry ChargeItem
ChargeItemDefinition Claim ClaimResponse ClinicalImpression CodeSystem Communication CommunicationRequest
CompartmentDefinition Composition ConceptMap Consent Contract Coverage CoverageEligibilityRequest
CoverageEligibilityResponse Device DeviceDefinition DeviceMetric DeviceRequest DeviceUseStatement
DocumentManifest DocumentReference EffectEvidenceSynthesis Encounter Endpoint EnrollmentRequest EnrollmentResponse
EpisodeOfCare EventDefinition Evidence EvidenceVariable ExampleScenario ExplanationOfBenefit FamilyMemberHistory Flag
Goal GraphDefinition Group GuidanceResponse HealthcareService ImagingStudy Immunization ImmunizationEvaluation
ImmunizationRecommendation ImplementationGuide InsurancePlan Invoice Library Linkage List Location Measure
MeasureReport Media MedicationAdministration MedicationKnowledge MedicinalProduct MedicinalProductAuthorization
MedicinalProductContraindication MedicinalProductIndication MedicinalProductIngredient MedicinalProductInteraction
MedicinalProductManufactured MedicinalProductPackaged MedicinalProductPharmaceutical
MedicinalProductUndesirableEffect MessageDefinition MessageHeader MolecularSequence NamingSystem NutritionOrder
ObservationDefinition OperationDefinition OperationOutcome Organization OrganizationAffiliation PaymentNotice
PaymentReconciliation Person PlanDefinition Practitioner PractitionerRole Procedure Provenance Questionnaire
QuestionnaireResponse RelatedPerson RequestGroup ResearchDefinition ResearchElementDefinition ResearchStudy
ResearchSubject RiskAssessment RiskEvidenceSynthesis Schedule SearchParameter ServiceRequest Slot Specimen
SpecimenDefinition StructureDefinition StructureMap Subscription Substance SubstanceNucleicAcid SubstancePolymer
SubstanceProtein SubstanceReferenceInformation SubstanceSourceMaterial SubstanceSpecification SupplyDelivery
SupplyRequest Task TerminologyCapabilities TestReport TestScript ValueSet VerificationResult VisionPrescription`

// foreign are resource types of DSTU2, STU3, R4B or R5 that are not in R4 (the version histories of
// hl7.org/fhir).
const foreign = `BodySite Conformance DataElement DeviceComponent DeviceUseRequest DiagnosticOrder EligibilityRequest
EligibilityResponse ExpansionProfile ImagingManifest ImagingObjectSelection MedicationOrder Order OrderResponse
ProcedureRequest ProcessRequest ProcessResponse ReferralRequest Sequence ServiceDefinition MedicationPrescription
ActorDefinition AdministrableProductDefinition ArtifactAssessment BiologicallyDerivedProductDispense Citation
ClinicalUseDefinition ConditionDefinition DeviceAssociation DeviceDispense DeviceUsage EncounterHistory
EvidenceReport FormularyItem GenomicStudy ImagingSelection Ingredient InventoryItem InventoryReport
ManufacturedItemDefinition MedicinalProductDefinition NutritionIntake NutritionProduct PackagedProductDefinition
Permission RegulatedAuthorization RequestOrchestration Requirements SubscriptionStatus SubscriptionTopic
SubstanceDefinition TestPlan Transport`

// resourceType is a resource type by name.
type resourceType struct {
	kind kind
	name string
}

// IsType reports whether a name is a resource type of any version of FHIR up to R5.
func IsType(name string) bool { return types[name].kind != kindUnknown }

var types = buildTypes()

func buildTypes() map[string]resourceType {
	all := make(map[string]resourceType, 256)
	for t := range strings.FieldsSeq(foreign) {
		all[t] = resourceType{kindForeign, t}
	}
	for t := range strings.FieldsSeq(others) {
		all[t] = resourceType{kindOther, t}
	}
	for t, k := range used {
		all[t] = resourceType{k, t}
	}
	return all
}

// kindOf is the kind of the resource type spelled t, and its name; "" for an unknown one.
func kindOf(t []byte) (kind, string) {
	r := types[string(t)]
	return r.kind, r.name
}

// bundleType reports whether t is an R4 Bundle.type (hl7.org/fhir/R4/valueset-bundle-type.html).
func bundleType(t []byte) bool {
	switch string(t) {
	case "document",
		"message",
		"transaction",
		"transaction-response",
		"batch",
		"batch-response",
		"history",
		"searchset",
		"collection":
		return true
	}
	return false
}
