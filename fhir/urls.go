package fhir

// The addresses that this package gives to its own identifiers, code systems and extensions. Whoever reads flags may rely on them.
const (
	// BaseURL is where all of them begin.
	BaseURL = "https://rlsguard.github.io/fhir"
	// FlagIDSystem is the system of the identifier of a flag.
	FlagIDSystem = BaseURL + "/flag-id"
	// ExtBasis is the extension with the basis of a flag: who acknowledges it sends it back.
	ExtBasis = BaseURL + "/StructureDefinition/basis"
)
